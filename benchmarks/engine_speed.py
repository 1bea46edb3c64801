"""The fuzzer beside Foundry's invariant runner, one process beside two, and the mutation score.

Both engines run the same byte code of the staking hub with the same actions and oracles (see
audit/second_engines/speed.py), in turn, and count calls by the same rule: done and refused, waits included. Ours is
the one of the wheel, installed into an empty environment: what anybody else has.
"""

from __future__ import annotations

import multiprocessing as mp
import tempfile
from pathlib import Path
from statistics import median

from audit.mutation_scores import CONTRACTS
from audit.second_engines.speed import engine_rate, figures
from benchmarks._installed import ROOT, Installed, gather
from evmstorm.mutation import mutate
from keifu.errors import CheckFailed

__all__ = ["run"]

ROUNDS = 3
SECONDS = 6.0  # an engine and round
SAMPLE = 30  # mutants a contract
# The description lies in the tree, whose folder is the working directory; the engine does not.
RATE = """
import sys, time, evmstorm
from audit.second_engines.speed import engine_rate
print(evmstorm.__file__, engine_rate(float(sys.argv[1]), int(sys.argv[2]), time.process_time))
"""


def _wheel_rate(installed: Installed, seconds: float, seed: int) -> float:
    """Calls a processor second of the engine that is installed."""
    done = installed.run(ROOT, "python", "-c", RATE, str(seconds), str(seed))
    if done.returncode:
        raise CheckFailed(f"the installed engine does not search: {done.stderr.strip()[-300:]}")
    place, rate = done.stdout.split()
    if not Path(place).is_relative_to(installed.tools.parent):
        raise CheckFailed(f"the engine in {place} was measured, not the installed one")
    return float(rate)


def _two(seed: int) -> float:
    with mp.get_context("spawn").Pool(2) as pool:
        return sum(pool.starmap(engine_rate, [(SECONDS, seed), (SECONDS, seed + 1)]))


def _mutation() -> tuple[float, float]:
    """(mutants a minute, score) over equal random samples of the contracts that hold value."""
    scores = [mutate.score(name, sample=SAMPLE, seed=1) for name in CONTRACTS]
    killed, survived = (sum(item.count(fate) for item in scores) for fate in ("killed", "survived"))
    minutes = sum(item.seconds for item in scores) / 60
    return sum(len(item.outcomes) for item in scores) / minutes, killed / (killed + survived)


def run() -> dict[str, float]:
    """Every figure by id."""
    gather()
    with tempfile.TemporaryDirectory() as name:
        installed = Installed(Path(name))
        found = figures(SECONDS, ours=lambda seconds, seed: _wheel_rate(installed, seconds, seed))
    found["ratio.fuzz_two"] = median(_two(seed) / engine_rate(SECONDS, seed) for seed in range(1, ROUNDS + 1))
    found["rate.mutants"], found["score.mutation"] = _mutation()
    return found


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:24} {value:,.2f}")
