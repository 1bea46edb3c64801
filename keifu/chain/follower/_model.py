"""What the follower reads, hands to its sinks, and says to its owner."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

__all__ = ["ANYWHERE", "Block", "Event", "Notice", "Receipt", "Sink", "Source", "Step", "Unproved"]

ANYWHERE = "*"  # in the place of an address


class Event(msgspec.Struct, rename="camel", gc=False):
    """One log, in lower-case hex; `number`, `index` and `block_time` (unix seconds, of its header) are integers."""

    address: str
    topics: list[str]
    data: str
    block_number: str
    block_hash: str
    transaction_hash: str
    transaction_index: str
    log_index: str
    removed: bool = False
    block_time: int = 0

    @property
    def number(self) -> int:
        return int(self.block_number, 16)

    @property
    def index(self) -> int:
        return int(self.log_index, 16)


class Receipt(msgspec.Struct, rename="camel", gc=False):
    """What the receipts root commits to, with the logs as the node gives them."""

    cumulative_gas_used: str
    logs_bloom: str
    logs: list[Event]
    type: str = "0x0"
    status: str | None = None
    root: str | None = None  # before Byzantium, in the place of the status


class Block(msgspec.Struct, frozen=True, gc=False):
    """A header that hashes to the block's hash. `transactions` are hashes, in order, as JSON; None where it makes no
    difference which."""

    number: int
    hash: str
    parent: str
    timestamp: int
    bloom: int
    receipts_root: str
    transactions: bytes | None


@dataclass(frozen=True)
class Source:
    """A contract whose logs are followed, from the block in which it was made (the deployment record has it).

    `topics` are the first topics that are wanted; all of them when it is empty. With ANYWHERE as its address it is of
    every contract that logs one of these topics, strangers' too: a sink chooses whom it believes. One that follows so
    asks a node no more questions for ten thousand contracts than for one. Added later, it brings what contracts
    that are followed already have logged of these topics once more.
    """

    address: str
    first_block: int = 0
    topics: frozenset[str] = field(default=frozenset())


class Sink(Protocol):
    """What becomes of the events. Both are called inside the transaction that also moves the checkpoint."""

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Take in new events, in chain order. Those of a contract that is added later come when its past is read."""

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        """Undo everything from blocks `first_block` and above."""


@dataclass(frozen=True)
class Step:
    """What one step did. `head` is the node's newest block, `reached` the newest that is now accounted for, `pending`
    how many blocks with events still wait for their proof; `more` says that the next step may have something to do."""

    reached: int
    head: int
    events: int = 0
    reverted_to: int | None = None
    pending: int = 0
    more: bool = False

    @property
    def caught_up(self) -> bool:
        """A node that was asked again has nothing newer, and everything is proved as far as the endpoints allow."""
        return not self.more and self.reached >= self.head and not self.pending


@dataclass(frozen=True)
class Notice:
    """Something that the owner should know: `kind` is `silent` (an endpoint fails), `lie` (it gave what cannot be
    true), `reorganised`, or `unproved` (events that no endpoint can prove)."""

    kind: str
    message: str
    url: str = ""


@dataclass(frozen=True)
class Unproved:
    """A block with events that nothing covers but one endpoint's word; `why` is empty while the proof is to come."""

    number: int
    url: str
    why: str
