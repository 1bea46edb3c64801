"""The cost report: whether each figure of it rests on its inputs, and on nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from benchmarks import _results
from benchmarks._lab import Lab
from benchmarks._rows import Row
from keifu.cost.inputs import ASSUMPTION, PRICE, Figure, Inputs, read_prices, read_results
from keifu.cost.report import rows_of
from keifu.cost.sheet import format_inputs

__all__ = ["ROWS", "accounted", "figures_of", "moved", "usual_inputs"]

NUDGE = Fraction(101, 100)


def usual_inputs() -> Inputs:
    """Our own prices, and what the benchmarks have kept."""
    return Inputs.of([*read_prices(), *read_results(_results.FILE).inputs(), *format_inputs()])


def figures_of(inputs: Inputs) -> dict[str, Figure]:
    return dict(figure for row in rows_of(inputs) for figure in row.figures())


def moved(inputs: Inputs, name: str, before: Mapping[str, Figure]) -> set[str]:
    """Which of the figures another value of one input changes."""
    after = figures_of(inputs.scaled({name: NUDGE}))
    return {key for key, figure in before.items() if key not in after or after[key].value != figure.value}


def accounted(inputs: Inputs) -> set[str]:
    """The figures that move with each of their inputs and with no other one, all of which are measured, or say their
    day and source. A figure without a value has to name the measurement that it waits for."""
    figures = figures_of(inputs)
    moves = {name: moved(inputs, name, figures) for name in inputs.known}
    good = set()
    for key, figure in figures.items():
        known = {name for name in figure.inputs if name in inputs.known}
        rest = figure.inputs - known
        moving = {name for name, changed in moves.items() if key in changed}
        wanted = set() if figure.value is None else known
        if rest == figure.missing and moving == wanted and all(_is_sourced(inputs, name) for name in known):
            good.add(key)
    return good


def _is_sourced(inputs: Inputs, name: str) -> bool:
    item = inputs.known[name]
    if name.startswith(PRICE):
        return bool(item.as_of and item.source and item.address)
    return bool(item.source) and (name.startswith(ASSUMPTION) or item.as_of == "")


def _score(_: Lab) -> float:
    inputs = usual_inputs()
    return len(accounted(inputs)) / len(figures_of(inputs))


ROWS = (
    Row(
        "score.cost_inputs",
        _score,
        "every figure of `keifu cost`: each input moved by a hundredth, once",
    ),
)
