"""Two engines on the same work: `python -m formal.speed`.

HubBooks in keifu's engine and HubInvariants in forge: same byte code, actions and oracles, 64 calls a sequence, one
process, in turn. A call is one that succeeded or was refused, or a wait, on both sides.
"""

from __future__ import annotations

import statistics
import sys
import time

import click

from formal._stage import outcome
from formal.forge import run
from formal.twin import HubBooks
from keifu.errors import CheckFailed
from keifu.fuzz.engine import STEPS, Engine
from keifu.fuzz.search import Search

__all__ = ["engine_rate", "figures", "forge_rate"]

SUITE = "HubInvariants"
ROUNDS = 3


def engine_rate(seconds: float, seed: int) -> float:
    """Calls a second of keifu's engine, oracles after every call that changed something."""
    engine = Engine(HubBooks)
    search = Search(engine, seed, guided=False)
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        if (finding := search.step()) is not None:
            raise CheckFailed(f"{finding.id}: {finding.message}")
    return (engine.calls + engine.waits) / (time.perf_counter() - began)


def forge_rate(seconds: float, seed: int, check_every: int = 1) -> float:
    """Calls a second of forge's invariant runner, oracles each so many calls."""
    result = run(SUITE, seconds=seconds, seed=seed, check_every=check_every)
    if result.failures:
        raise CheckFailed(f"{SUITE}: {result.failures[0]}")
    return result.calls_per_second


def figures(seconds: float = 6.0, seed: int = 1) -> dict[str, float]:
    """Medians of the ratios of back-to-back runs, and of the rates, by id of the benchmark table."""
    ours, every, end = [], [], []
    for number in range(ROUNDS):
        ours.append(engine_rate(seconds, seed + number))
        every.append(forge_rate(seconds, seed + number))
        end.append(forge_rate(seconds, seed + number, check_every=STEPS))
    return {
        "ratio.fuzz_forge": statistics.median(a / b for a, b in zip(ours, every, strict=True)),
        "ratio.fuzz_forge_end": statistics.median(a / b for a, b in zip(ours, end, strict=True)),
        "rate.fuzz": statistics.median(ours),
        "rate.forge": statistics.median(every),
        "rate.forge_end": statistics.median(end),
    }


@click.command()
@click.option("--seconds", type=float, default=6.0, show_default=True, help="A run; there are nine.")
@click.option("--seed", type=int, default=1, show_default=True)
def main(seconds: float, seed: int) -> int:
    """Print the rates and their ratios."""
    for name, figure in figures(seconds, seed).items():
        click.echo(f"{name:<22} {figure:>12,.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(outcome(main))
