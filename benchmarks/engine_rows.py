"""The rows of area `fuzz`; benchmarks/engine_speed.py measures their figures."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from benchmarks._lab import Lab
from benchmarks._rows import Row
from keifu.errors import EnvironmentFault

__all__ = ["ROWS"]

MODULE = "benchmarks.engine_speed"


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


def _row(id_: str, how: str, also: tuple[tuple[str, str], ...] = ()) -> Row:
    further = tuple((name, _figure(of)) for name, of in also)
    return Row(id_, _figure(id_), how, also=further, heavy=True)


def _first_finding(_: Lab) -> float:
    return float(importlib.import_module("benchmarks.first_finding").seconds())


def _machine(figure: str) -> Callable[[Lab], float]:
    def measured(_: Lab) -> float:
        value: float = getattr(importlib.import_module("benchmarks.machine"), figure)()
        return value

    return measured


ROWS = (
    Row(
        "ratio.precompile",
        _machine("precompile_ratio"),
        "revm; a loop over sha256, recovery (each signature another) and identity in one call, same process",
        also=(("the slowest of the three alone:", _machine("slowest_precompile")),),
    ),
    Row("memory.undone", _machine("undone_megabytes"), "MB more after 20,000 undone deployments of 4 KB that differ"),
    Row(
        "time.first_finding",
        _first_finding,
        "s; an empty environment, wheels from a folder, no compiler, to the known bug of @openzeppelin/contracts 4.8.0",
        heavy=True,
    ),
    Row(
        "score.state_tests",
        _machine("state_score"),
        "official subtests below $STATE_TESTS, the lowest of the forks; the executable specification's random programs "
        "without that folder",
    ),
    _row(
        "ratio.fuzz_forge",
        "Foundry's invariant runner; same byte code, actions and oracles after every call, a processor second",
        (("ours, calls/s:", "rate.fuzz"), ("Foundry, calls/s:", "rate.forge")),
    ),
    _row(
        "ratio.fuzz_forge_end",
        "the same, where Foundry asks its oracles only at the end of a sequence",
        (("Foundry, calls/s:", "rate.forge_end"),),
    ),
    _row("ratio.fuzz_two", "two processes beside one; needs two free cores"),
    _row("rate.mutants", "mutants a minute, two processes"),
    _row("score.mutation", "mutants killed by the campaigns; a random sample of each contract that holds value"),
)
