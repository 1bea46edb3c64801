"""The fuzzer beside Foundry's invariant runner, one process beside two, and the mutation score.

Both engines run the same byte code of the staking hub with the same actions and oracles (see
audit/second_engines/speed.py), in turn, and count calls by the same rule: done and refused, waits included.
"""

from __future__ import annotations

import multiprocessing as mp
from statistics import median

from audit.mutation_scores import CONTRACTS
from audit.second_engines.speed import engine_rate, figures
from evmstorm.mutation import mutate

__all__ = ["run"]

ROUNDS = 3
SECONDS = 6.0  # an engine and round
SAMPLE = 30  # mutants a contract


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
    found = figures(SECONDS)
    found["ratio.fuzz_two"] = median(_two(seed) / engine_rate(SECONDS, seed) for seed in range(1, ROUNDS + 1))
    found["rate.mutants"], found["score.mutation"] = _mutation()
    return found


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:24} {value:,.2f}")
