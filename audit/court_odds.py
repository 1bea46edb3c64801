"""How often the court is wrong, by exact binomials: every seat is drawn by itself, which spreads juries most.

`convicted` and `freed` say it for one situation; `audit.court_rules` checks bars, `docs/parameters.md` has the table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["FIRST", "SECOND", "Jury", "Situation", "convicted", "drawn_above", "freed", "hearing"]

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Jury:
    """Seats expected, votes without which there is no verdict, and the part of them that convicts: at least
    `numerator / denominator`, or more than that when `strict`."""

    seats: int
    quorum: int
    numerator: int
    denominator: int
    strict: bool


FIRST = Jury(11, 5, 2, 3, strict=False)
SECOND = Jury(151, 51, 1, 2, strict=True)


@dataclass(frozen=True)
class Situation:
    """`attacker` is its share of the seats. The other switches are what it does beside voting."""

    seats: int = 400
    attacker: float = 1 / 3
    wrong: float = 0.05
    absent: float = 0.03
    silent: bool = False  # the attacker's seats stay away from the re-hearing
    bribed: bool = False  # the first jury says what the attacker wants
    draws: int = 1  # seeds among which the attacker chooses, for each jury
    asleep: bool = False  # nobody calls the re-hearing for the accused
    merged: bool = False  # the attacker's seats lie in one account: its share is drawn without luck


def _binomial(n: int, p: float) -> Vector:
    """Probabilities of 0 … n."""
    if p <= 0 or p >= 1:
        out = np.zeros(n + 1)
        out[n if p >= 1 else 0] = 1.0
        return out
    k = np.arange(n + 1)
    logs = np.array([math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in range(n + 1)])
    return np.asarray(np.exp(logs + k * math.log(p) + (n - k) * math.log1p(-p)), dtype=np.float64)


def _drawn(seats: int, chance: float, merged: bool) -> Vector:
    if not merged:
        return _binomial(seats, chance)
    whole = int(seats * chance)
    out = np.zeros(whole + 2)
    out[whole], out[whole + 1] = 1 - (seats * chance - whole), seats * chance - whole
    return out


def _cut(vector: Vector, least: float = 1e-16) -> Vector:
    """Without the tail that no double can see."""
    return vector[: int(np.nonzero(vector > least)[0][-1]) + 1]


@cache
def hearing(jury: Jury, situation: Situation, *, attacker_says_guilty: bool, silent: bool) -> tuple[float, float]:
    """Chances that a jury convicts and that it has no quorum; the honest say the contrary of the attacker, or err."""
    chance = jury.seats / situation.seats
    bad = round(situation.seats * situation.attacker)
    attackers = np.ones(1) if silent else _cut(_drawn(bad, chance, situation.merged))
    present = _cut(_binomial(situation.seats - bad, chance * (1 - situation.absent)))
    guilty_chance = situation.wrong if attacker_says_guilty else 1 - situation.wrong
    convicts = no_quorum = 0.0
    with_attackers = np.arange(len(attackers))
    for honest, weight in enumerate(present):
        votes = _binomial(honest, guilty_chance)
        guilty = np.arange(honest + 1)[:, None] + (with_attackers[None, :] if attacker_says_guilty else 0)
        revealed = honest + with_attackers[None, :]
        chances = weight * votes[:, None] * attackers[None, :]
        share, bar = guilty * jury.denominator, revealed * jury.numerator
        found = (share > bar) if jury.strict else (share >= bar)
        convicts += float(chances[found & (revealed >= jury.quorum)].sum())
        no_quorum += float((weight * attackers)[with_attackers + honest < jury.quorum].sum())
    return convicts, no_quorum


def _best(chance: float, draws: int) -> float:
    return float(1 - (1 - chance) ** draws)


def convicted(situation: Situation) -> float:
    """An innocent operator is convicted in the end; whoever gains by it calls the re-hearing."""
    plain = replace(situation, silent=False, bribed=False, draws=1, asleep=False)
    first, _ = hearing(FIRST, plain, attacker_says_guilty=True, silent=False)
    first = 1.0 if situation.bribed else _best(first, situation.draws)
    second, none = hearing(SECOND, plain, attacker_says_guilty=True, silent=situation.silent)
    upheld, second = _best(second + none, situation.draws), _best(second, situation.draws)
    if situation.asleep:
        upheld = 1.0
    return first * upheld + (1 - first) * second


def freed(situation: Situation) -> float:
    """A guilty operator goes free in the end."""
    plain = replace(situation, silent=False, bribed=False, draws=1, asleep=False)
    first, _ = hearing(FIRST, plain, attacker_says_guilty=False, silent=False)
    second, none = hearing(SECOND, plain, attacker_says_guilty=False, silent=situation.silent)
    acquits = 1.0 if situation.bribed else _best(1 - first, situation.draws)
    saved, upheld = _best(1 - second - none, situation.draws), _best(1 - second, situation.draws)
    if situation.asleep:  # here the accuser
        upheld = 1.0
    return acquits * upheld + (1 - acquits) * saved


def drawn_above(jury: Jury, seats: int, most: int) -> float:
    """Chance that more than `most` seats are drawn."""
    return float(_binomial(seats, jury.seats / seats)[most + 1 :].sum())
