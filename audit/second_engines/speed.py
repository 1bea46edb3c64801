"""Two engines on the same work: `python -m audit.second_engines.speed`.

HubMirror in our engine and HubInvariants in forge: same byte code, actions and oracles, 64 calls a sequence, one
process, in turn. A call is one that succeeded or was refused, or a wait, on both sides. Both engines run on one core
at a time, and their rates are per second of that core, so that what else the machine does changes little. Forge's
start is taken off, as the difference of a long and a short run.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import click

from audit.second_engines.forge import run
from audit.second_engines.forge_mirror import HubMirror
from ethwire.commands import exit_status
from evmstorm.fuzz.engine import STEPS, Engine
from evmstorm.fuzz.search import Search
from keifu.errors import CheckFailed

__all__ = ["engine_rate", "figures", "forge_rate"]

SUITE = "HubInvariants"
ROUNDS = 5


def engine_rate(seconds: float, seed: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Calls a second of our engine by `clock`, oracles after every call that changed something."""
    engine = Engine(HubMirror)
    search = Search(engine, seed, guided=False)
    began = clock()
    while clock() - began < seconds:
        if (finding := search.step()) is not None:
            raise CheckFailed(f"{finding.id}: {finding.message}")
    return (engine.calls + engine.waits) / (clock() - began)


def forge_rate(seconds: float, seed: int, check_every: int = 1) -> float:
    """Calls a second of a core of forge's invariant runner, oracles each so many calls."""
    short, long = (run(SUITE, seconds=length, seed=seed, check_every=check_every) for length in (1.0, 1.0 + seconds))
    for result in (short, long):
        if result.failures:
            raise CheckFailed(f"{SUITE}: {result.failures[0]}")
    return (long.calls - short.calls) / (long.cpu_seconds - short.cpu_seconds)


def _own_rate(seconds: float, seed: int) -> float:
    return engine_rate(seconds, seed, time.process_time)


def figures(seconds: float = 6.0, seed: int = 1, ours: Callable[[float, int], float] = _own_rate) -> dict[str, float]:
    """Medians of the ratios of back-to-back runs, and of the rates, by id of the benchmark table. `ours` gives the
    calls a processor second of our engine, for so long and from such a seed: this process's, or another's."""
    own, every, end = [], [], []
    for number in range(ROUNDS):
        own.append(ours(seconds, seed + number))
        every.append(forge_rate(seconds, seed + number))
        end.append(forge_rate(seconds, seed + number, check_every=STEPS))
    return {
        "ratio.fuzz_forge": statistics.median(a / b for a, b in zip(own, every, strict=True)),
        "ratio.fuzz_forge_end": statistics.median(a / b for a, b in zip(own, end, strict=True)),
        "rate.fuzz": statistics.median(own),
        "rate.forge": statistics.median(every),
        "rate.forge_end": statistics.median(end),
    }


@click.command()
@click.option(
    "--seconds", type=float, default=6.0, show_default=True, help="Of one run of our engine; there are 25 runs."
)
@click.option("--seed", type=int, default=1, show_default=True)
def main(seconds: float, seed: int) -> int:
    """Print the rates and their ratios."""
    for name, figure in figures(seconds, seed).items():
        click.echo(f"{name:<22} {figure:>12,.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main, program="speed"))
