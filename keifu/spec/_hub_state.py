"""What the staking hub remembers, as plain objects. Amounts are wei, times unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from keifu.units import COIN

__all__ = ["Bond", "Bucket", "Commitment", "Operator", "Position", "Refused", "Service", "Terms"]

PRECISION = 2**84
MAX_INDEX = 2**120 - 1
MAX_AMOUNT = 2**96 - 1
SPENT_BITS = 32
LAST_GENERATION = 255
BPS = 10_000
OPEN_BUCKETS = 3
HISTORY_EPOCHS = 2


class Refused(Exception):
    """The hub would revert, for this reason."""


def check(holds: bool, reason: str) -> None:
    if not holds:
        raise Refused(reason)


def cut(taken: int, part: int, whole: int) -> int:
    return -(-taken * part // whole)


@dataclass(frozen=True)
class Terms:
    """Constants of the contract and arguments of its constructor."""

    unbonding: int
    epoch_length: int
    genesis: int
    min_stake: int = COIN
    min_bond: int = 1_000 * COIN
    bond_multiple: int = 10
    max_payout: int = 8_000
    commission_notice: int = 14
    jail_epochs: int = 2


@dataclass
class Bond:
    active: int = 0
    leaving: int = 0
    unlock: int = 0
    jailed: int = 0


@dataclass
class Bucket:
    """A bucket of tickets, or a ticket of it."""

    tokens: int = 0
    shares: int = 0
    generation: int = 0

    @property
    def is_nothing(self) -> bool:
        """A ticket for less than a wei: to the hub it is no ticket until a slash has wiped its bucket."""
        return self.shares == 0 and self.generation == 0


@dataclass
class Position:
    shares: int = 0
    index: int = 0
    generation: int = 0


@dataclass
class Commitment:
    current: int = 0
    next: int = 0
    since: int = 0

    def at(self, time: int) -> int:
        return self.next if time >= self.since else self.current

    @property
    def counted(self) -> int:
        return max(self.current, self.next)


@dataclass
class Service:
    horizon: int
    victim: int
    prover: int
    arbiter: str = ""
    removed: int = 0


@dataclass
class Operator:
    """One operator; the pool of its delegators is `active` wei in `shares` shares."""

    epoch: int
    commission: int
    next_commission: int
    commission_from: int = 0
    bond: Bond = field(default_factory=Bond)
    active: int = 0
    shares: int = 0
    generation: int = 0
    start: int = 0
    previous_start: int = 0
    index: int = 0
    increment: int = 0
    fees: int = 0
    closed: dict[int, int] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    buckets: dict[int, Bucket] = field(default_factory=dict)
    commitments: dict[str, Commitment] = field(default_factory=dict)

    @property
    def stake(self) -> int:
        return self.active + self.bond.active

    @property
    def committed(self) -> int:
        return sum(commitment.counted for commitment in self.commitments.values())
