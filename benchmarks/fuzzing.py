"""The fuzzing rows. The campaigns and Foundry's side of them are in benchmarks/fuzz.py, which returns figures by id."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from benchmarks._lab import Lab
from benchmarks._rows import Row
from keifu.errors import EnvironmentFault

__all__ = ["ROWS"]

MODULE = "benchmarks.fuzz"


def _figures(_: Lab) -> dict[str, float]:
    """All figures of one run of the module, by id. Raises ModuleNotFoundError while there is none."""
    run: Callable[[], dict[str, float]] = importlib.import_module(MODULE).run
    return run()


def _figure(id_: str) -> Callable[[Lab], float]:
    def figure(lab: Lab) -> float:
        figures = lab.shared(_figures)
        if id_ not in figures:
            raise EnvironmentFault(f"{MODULE} gave no figure for it")
        return figures[id_]

    return figure


ROWS = tuple(
    Row(id_, _figure(id_), how, heavy=True)
    for id_, how in (
        ("ratio.fuzz_forge", "same actions, oracles after every call, both engines in turn"),
        ("ratio.fuzz_forge_end", "Foundry checks only at the end of a sequence"),
        ("ratio.fuzz_two", "two processes beside one"),
        ("rate.mutants", "two processes"),
        ("score.mutation", "contracts that hold value; equivalent mutants argued one by one"),
    )
)
