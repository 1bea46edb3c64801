"""What a provider's core is given to know: blocks, and what disk, peers and the sender of transactions say.

Events may come late, twice, in another order or never.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Appended",
    "Arrived",
    "Challenge",
    "Cleared",
    "Deal",
    "Demand",
    "Event",
    "FetchFailed",
    "Fetched",
    "Found",
    "Head",
    "KeepFailed",
    "Kept",
    "Leaf",
    "Offer",
    "OpenFailed",
    "Opened",
    "Operation",
    "Rebuilt",
    "Record",
    "Settled",
    "ShardId",
    "Vacancy",
    "Wake",
]

Record = Mapping[str, Any]  # of a journal, as JSON has it


@dataclass(frozen=True, order=True, slots=True)
class ShardId:
    """One shard of one deal."""

    deal: bytes
    index: int

    def __str__(self) -> str:
        return f"{self.deal.hex()}/{self.index}"

    @classmethod
    def parse(cls, text: str) -> ShardId:
        deal, _, index = text.partition("/")
        return cls(bytes.fromhex(deal), int(index))


# What a block of the chain says.


@dataclass(frozen=True, slots=True)
class Appended:
    """The market took a shard into this provider's sequence."""

    block: int
    shard: ShardId
    root: bytes
    leaves: int


@dataclass(frozen=True, slots=True)
class Cleared:
    """The shard at this place of the sequence is not stored any more."""

    block: int
    ordinal: int


Operation = Appended | Cleared


@dataclass(frozen=True, slots=True)
class Offer:
    """A deal that names this provider, and waits for it until chain time `accept_by`. Up to `signed_until` somebody may
    bring the provider's signature instead."""

    shard: ShardId
    root: bytes
    leaves: int
    accept_by: int
    signed_until: int = 0


@dataclass(frozen=True, slots=True)
class Challenge:
    """An epoch that this provider owes a proof of, over the leaves that it stored when the epoch began."""

    epoch: int
    seed: bytes
    total: int
    opened: int  # chain times: of the seed, and the last at which a proof counts
    deadline: int


@dataclass(frozen=True, slots=True)
class Demand:
    """Somebody paid for this leaf to be shown on the chain."""

    number: int
    shard: ShardId
    leaf: int
    deadline: int


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A shard whose provider failed: whoever reserves it may rebuild it and take it over."""

    shard: ShardId
    root: bytes
    leaves: int
    masked: bool
    repairer: str  # empty when nobody has reserved it
    until: int
    seed: bytes  # of the draws that end it; empty before a reservation, and until there is one


@dataclass(frozen=True, slots=True)
class Deal:
    """Who holds what of a deal, in the order of the shards."""

    id: bytes
    k: int
    holders: tuple[str, ...]
    roots: tuple[bytes, ...]
    leaves: int
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """All that a block says to one provider.

    Of the operations on its sequence that were known before, the first `kept` still stand; `operations` follow them.
    """

    number: int
    time: int
    final: int  # the highest block that is never undone
    kept: int = 0
    operations: tuple[Operation, ...] = ()
    offers: tuple[Offer, ...] = ()
    owed: tuple[Challenge, ...] = ()
    demands: tuple[Demand, ...] = ()
    ended: tuple[int, ...] = ()  # ordinals whose deal is over or goes on elsewhere, not cleared yet
    vacancies: tuple[Vacancy, ...] = ()


# What disk, peers and the sender of transactions say.


@dataclass(frozen=True, slots=True)
class Arrived:
    """A peer has sent a shard, which lies under `handle`; root and number of leaves are counted from its bytes."""

    peer: str
    handle: str
    shard: ShardId
    root: bytes
    leaves: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The shard is on the disk and survives a crash."""

    shard: ShardId


@dataclass(frozen=True, slots=True)
class KeepFailed:
    shard: ShardId
    reason: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf that was read, with its path in the shard."""

    data: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    job: str
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class OpenFailed:
    """The store does not have, or cannot read, this shard."""

    job: str
    shard: ShardId


@dataclass(frozen=True, slots=True)
class Found:
    """What the market says about a deal, asked for by `Lookup`."""

    deal: Deal


@dataclass(frozen=True, slots=True)
class Fetched:
    """A shard that agrees with the root in its deal lies here for the job."""

    job: str
    index: int


@dataclass(frozen=True, slots=True)
class FetchFailed:
    job: str
    index: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What k others gave lies under `handle`."""

    job: str
    handle: str
    root: bytes
    leaves: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an intent for good: done in `block`, a final one, or refused, failed, or never heard of."""

    intent: str
    done: bool
    block: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wake:
    """The time that was asked for has come."""


Event = (
    Head | Arrived | Kept | KeepFailed | Opened | OpenFailed | Found | Fetched | FetchFailed | Rebuilt | Settled | Wake
)
