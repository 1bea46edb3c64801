"""What a provider's core asks to be done, in this order, each command finished before the next one begins.

After a crash whoever drives the core makes a new one from the journal and the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keifu.storage.provider.messages import Leaf, Record, ShardId

__all__ = [
    "Accept",
    "Alert",
    "Answer",
    "Call",
    "ClearShard",
    "Command",
    "Complete",
    "Delete",
    "Discard",
    "Fetch",
    "Keep",
    "Lookup",
    "Open",
    "Prove",
    "Rebuild",
    "Reply",
    "Reserve",
    "Submit",
    "WakeAt",
    "Write",
]

# Calls of the market.


@dataclass(frozen=True, slots=True)
class Accept:
    shard: ShardId


@dataclass(frozen=True, slots=True)
class ClearShard:
    ordinal: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Prove:
    epoch: int
    data: tuple[bytes, ...]
    words: tuple[tuple[bytes, ...], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """To a demand."""

    number: int
    leaf: Leaf


@dataclass(frozen=True, slots=True)
class Reserve:
    shard: ShardId


@dataclass(frozen=True, slots=True)
class Complete:
    """Ends a repair: the drawn leaves of the shard that was rebuilt."""

    shard: ShardId
    leaves: tuple[Leaf, ...]


Call = Accept | ClearShard | Prove | Reply | Reserve | Complete


# Commands.


@dataclass(frozen=True, slots=True)
class Write:
    """Into the journal, and onto the disk before the next command."""

    record: Record


@dataclass(frozen=True, slots=True)
class Submit:
    """To the durable sender of transactions. The same intent is the same call, and takes effect once."""

    intent: str
    call: Any  # a Call, or one of the client's or watcher's own


@dataclass(frozen=True, slots=True)
class Keep:
    """Make what lies under `handle` this shard, for good."""

    handle: str
    shard: ShardId


@dataclass(frozen=True, slots=True)
class Discard:
    handle: str


@dataclass(frozen=True, slots=True)
class Delete:
    shard: ShardId


@dataclass(frozen=True, slots=True)
class Answer:
    """To a peer that has sent a shard: kept for good, or why not."""

    peer: str
    shard: ShardId
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """Read these leaves, each by shard and index, with their paths in the shards."""

    job: str
    leaves: tuple[tuple[ShardId, int], ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    deal: bytes


@dataclass(frozen=True, slots=True)
class Fetch:
    """Get a shard from a peer for a job, and compare it with the root in its deal."""

    job: str
    peer: str
    shard: ShardId


@dataclass(frozen=True, slots=True)
class Rebuild:
    """One shard from the others that the job has fetched."""

    job: str
    shard: ShardId


@dataclass(frozen=True, slots=True)
class WakeAt:
    time: float


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that the operator should look at."""

    text: str


Command = Write | Submit | Keep | Discard | Delete | Answer | Open | Lookup | Fetch | Rebuild | WakeAt | Alert
