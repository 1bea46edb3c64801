"""A storage provider's core: `handle` takes one event and gives the commands that follow from it.

It is the same object in a node and in the simulation of `audit.storage_world`. What has to outlive a crash is either
on the chain, in the store (which shards there are), or in the journal (which transactions were sent).
"""

from __future__ import annotations

from collections.abc import Iterable

from keifu.storage.provider.commands import Command
from keifu.storage.provider.desk import Desk, Policy
from keifu.storage.provider.keeping import Shelf
from keifu.storage.provider.messages import (
    Arrived,
    Event,
    Fetched,
    FetchFailed,
    Found,
    Head,
    KeepFailed,
    Kept,
    Opened,
    OpenFailed,
    Rebuilt,
    Record,
    Settled,
    ShardId,
)
from keifu.storage.provider.proving import Proofs
from keifu.storage.provider.repairing import Repairs

__all__ = ["Provider"]


class Provider:
    """`records` are those of the journal, `kept` the shards that the store has for good."""

    def __init__(self, me: str, policy: Policy, records: Iterable[Record] = (), kept: Iterable[ShardId] = ()) -> None:
        self._desk = Desk(me, policy, records, kept)
        self._shelf = Shelf(self._desk)
        self._repairs = Repairs(self._desk)
        self._proofs = Proofs(self._desk, self._repairs.lost)

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Intents of which the end is not known: after a start the driver brings `Settled` for those that have one."""
        return tuple(intent.id for intent in self._desk.intents)

    @property
    def known_operations(self) -> int:
        """On the sequence: what `Head.kept` may be at most."""
        return len(self._desk.book)

    @property
    def sequence_root(self) -> bytes:
        return self._desk.book.basis

    @property
    def kept(self) -> frozenset[ShardId]:
        return frozenset(self._desk.kept)

    def records(self) -> list[Record]:
        """A journal that says the same in the fewest words."""
        return self._desk.intents.records()

    def handle(self, now: float, event: Event) -> list[Command]:
        """`now` only grows, in seconds; deadlines are those of the chain's own time."""
        desk = self._desk
        desk.now, desk.commands = now, []
        self._take(event)
        if desk.head.number:
            self._proofs.step()
            self._shelf.step()
            self._repairs.step()
        return desk.commands

    def _take(self, event: Event) -> None:
        match event:
            case Head():
                self._desk.follow(event)
            case Settled():
                self._desk.settled(event)
            case Arrived():
                self._shelf.arrived(event)
            case Kept():
                self._shelf.kept(event)
                self._repairs.kept(event)
            case KeepFailed():
                self._shelf.keep_failed(event)
                self._repairs.keep_failed(event)
            case Opened():
                self._proofs.opened(event)
                self._repairs.opened(event)
            case OpenFailed():
                self._proofs.open_failed(event)
                self._repairs.open_failed(event)
            case Found():
                self._repairs.found(event)
            case Fetched() | FetchFailed():
                self._repairs.fetched(event)
            case Rebuilt():
                self._repairs.rebuilt(event)
