"""How probable the loss of a file is, and how soon a provider that dropped data is caught.

Providers fail one by one, each at the same rate, and what fails is built again elsewhere, all missing shards at a time.
Then each shard is missing for a share of the time that depends on the mean of the repair times and on nothing else
about them, and the shards that are missing at a moment are binomial. A file is lost when one more fails while as many
are missing as the code can bear. What strikes many providers at once, a region or a fault of one program, is not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, expm1

from keifu.errors import UsageError
from keifu.storage.sequence import DRAWS

__all__ = [
    "FLOOR",
    "Code",
    "caught_within",
    "epochs_until",
    "loss_probability",
    "mean_repair",
    "miss_probability",
    "shown",
]

FLOOR = 1e-9  # below it, what the model leaves out decides


@dataclass(frozen=True)
class Code:
    """Any k of n shards give the file."""

    k: int
    n: int

    def __post_init__(self) -> None:
        if not 1 <= self.k <= self.n:
            raise UsageError(f"no file has {self.k} of {self.n} shards", remedy="take k from 1 to n")


def loss_probability(code: Code, failures: float, repair: float, span: float) -> float:
    """Of losing a file within `span`.

    `failures` is how often a provider fails for good in a unit of time, `repair` the mean time from there until its
    shard is stored elsewhere; all three in the same unit.
    """
    if failures < 0 or repair < 0 or span < 0:
        raise UsageError("rates and times are not negative", remedy="measure them again")
    missing = failures * repair / (1 + failures * repair)
    spare = code.n - code.k
    at_the_edge = _binomial(code.n, spare, missing)
    not_lost = sum(_binomial(code.n, gone, missing) for gone in range(spare + 1))
    return -expm1(-span * failures * code.k * at_the_edge / not_lost)


def shown(probability: float) -> str:
    """For people, who should not read more out of it than is in it."""
    if probability < FLOOR:
        return f"less than 1 in {1 / FLOOR:,.0f}, if providers fail one by one"
    return f"1 in {1 / probability:,.0f}, if providers fail one by one"


def _binomial(among: int, hits: int, chance: float) -> float:
    return comb(among, hits) * chance**hits * (1.0 - chance) ** (among - hits)


def mean_repair(measured: Sequence[float], assumed: float) -> float:
    """Of measured repairs; what was assumed before counts as one more, so that few measurements say little."""
    return (sum(measured) + assumed) / (len(measured) + 1)


def miss_probability(dropped: float, draws: int = DRAWS) -> float:
    """That a provider which has lost this share of its leaves, and has nobody to ask, misses an epoch."""
    return 1.0 - (1.0 - dropped) ** draws


def epochs_until(dropped: float, in_a_row: int = 1) -> float:
    """How many epochs pass on average until so many are missed in a row."""
    chance = miss_probability(dropped)
    if chance <= 0.0:
        return float("inf")
    passed = 1.0 - chance
    return float(in_a_row) if passed == 0.0 else (chance**-in_a_row - 1.0) / passed


def caught_within(epochs: int, dropped: float, in_a_row: int = 1) -> float:
    """The probability that so many are missed in a row within so many epochs."""
    chance = miss_probability(dropped)
    running = [1.0] + [0.0] * (in_a_row - 1)  # by how many were missed last
    caught = 0.0
    for _ in range(epochs):
        caught += running[-1] * chance
        running = [sum(running) * (1.0 - chance), *(share * chance for share in running[:-1])]
    return caught
