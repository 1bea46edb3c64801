"""Shards that come and go: what is taken from clients, accepted on the chain, cleared and deleted.

A client hears that its shard is kept when it survives a crash, and the chain hears of it after that. Bytes are deleted
when a final block says that nobody has a right to them.
"""

from __future__ import annotations

from keifu.storage.provider.commands import Accept, Alert, Answer, ClearShard, Delete, Discard, Keep
from keifu.storage.provider.desk import Desk
from keifu.storage.provider.messages import Arrived, KeepFailed, Kept, Offer, ShardId, Vacancy

__all__ = ["Shelf"]


class Shelf:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._offers: dict[ShardId, Offer] = {}
        self._vacant: dict[ShardId, Vacancy] = {}  # that this provider may take over
        self._coming: dict[ShardId, str] = {}  # on their way to the disk, and from whom
        self._loose: dict[ShardId, int] = {}  # since which block nobody has a right to them
        self._highest = 0  # block that was seen, also if it was undone: a deal may come again up to there

    def step(self) -> None:
        desk = self._desk
        self._offers = {offer.shard: offer for offer in desk.head.offers}
        self._vacant = {
            vacancy.shard: vacancy
            for vacancy in desk.head.vacancies
            if desk.policy.repairs and vacancy.repairer in ("", desk.me)
        }
        self._accept()
        self._clear()
        self._delete()

    def arrived(self, event: Arrived) -> None:
        desk, shard = self._desk, event.shard
        if shard in desk.kept:
            desk.do(Discard(event.handle))
            desk.do(Answer(event.peer, shard))
        elif refusal := self._refusal(event):
            desk.do(Discard(event.handle))
            desk.do(Answer(event.peer, shard, refusal))
        else:
            self._coming[shard] = event.peer
            desk.do(Keep(event.handle, shard))

    def _refusal(self, event: Arrived) -> str:
        known = self._known(event.shard)
        if known is None:
            return "no deal names it for me"
        if (event.root, event.leaves) != known:
            return "it is not the shard that the deal names"
        if event.shard in self._coming:
            return "it is being written"
        if event.shard not in self._desk.book.where and self._room() < event.leaves:
            return "there is no room"
        return ""

    def _known(self, shard: ShardId) -> tuple[bytes, int] | None:
        """Root and leaves of a shard that is offered, vacant, or this provider's own and lost; None for another."""
        desk = self._desk
        if (ordinal := desk.book.where.get(shard)) is not None:
            return desk.book.shards[ordinal].root, desk.book.shards[ordinal].leaves
        found = self._offers.get(shard) or self._vacant.get(shard)
        return (found.root, found.leaves) if found is not None else None

    def _room(self) -> int:
        here = self._desk.kept | self._coming.keys()
        named: list[Offer | Vacancy] = [*self._offers.values(), *self._vacant.values()]
        waiting = sum(item.leaves for item in named if item.shard in here and item.shard not in self._desk.book.where)
        return self._desk.policy.capacity - self._desk.book.sequence.total - waiting

    def kept(self, event: Kept) -> None:
        self._desk.kept.add(event.shard)
        self._desk.spoiled.discard(event.shard)
        peer = self._coming.pop(event.shard, None)
        if peer is not None:
            self._desk.do(Answer(peer, event.shard))

    def keep_failed(self, event: KeepFailed) -> None:
        peer = self._coming.pop(event.shard, None)
        if peer is not None:
            self._desk.do(Answer(peer, event.shard, "the disk refused it"))
            self._desk.do(Alert(f"shard {event.shard} could not be kept: {event.reason}"))

    def _accept(self) -> None:
        desk = self._desk
        if not desk.quiet or desk.changes_ahead("clear"):
            return
        for shard, offer in self._offers.items():
            late = desk.head.time + desk.policy.margin > offer.accept_by
            waits = desk.head.time <= offer.signed_until
            if shard not in desk.kept or shard in desk.book.where or late or waits:
                continue
            if desk.may(f"accept {shard}"):
                desk.submit("accept", str(shard), Accept(shard))

    def _clear(self) -> None:
        """One at a time: its path leads to a peak that every change moves."""
        desk = self._desk
        if not desk.quiet or desk.changes_ahead():
            return
        for ordinal in desk.head.ended:
            if ordinal not in desk.book.cleared and desk.may(f"clear {ordinal}"):
                desk.submit("clear", str(ordinal), ClearShard(ordinal, tuple(desk.book.sequence.path(ordinal))))
                return

    def _delete(self) -> None:
        desk = self._desk
        loose = (desk.kept | desk.spoiled) - desk.book.where.keys() - self._wanted()
        self._highest = max(self._highest, desk.head.number)
        self._loose = {shard: self._loose.get(shard, self._highest) for shard in loose}
        may_return = desk.book.cleared_since(desk.head.final)
        for shard in sorted(loose - may_return):
            if self._loose[shard] <= desk.head.final:
                desk.kept.discard(shard)
                desk.spoiled.discard(shard)
                desk.do(Delete(shard))

    def _wanted(self) -> set[ShardId]:
        """What is not in the sequence and may still come into it."""
        desk = self._desk
        sent = {
            ShardId.parse(intent.subject) for intent in desk.intents if intent.kind in ("accept", "complete", "reserve")
        }
        return self._offers.keys() | self._vacant.keys() | sent
