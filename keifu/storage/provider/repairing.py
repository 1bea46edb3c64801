"""Shards that are missing: those of others, for a bounty, and this provider's own after a disk has failed.

Both are built again from k others. For an own shard that is all. One of another provider is reserved on the chain
before, and taken over after: the repairer opens leaves that were drawn for it alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from keifu.storage.provider.commands import Alert, Complete, Discard, Fetch, Keep, Lookup, Open, Rebuild, Reserve
from keifu.storage.provider.desk import Desk
from keifu.storage.provider.gathering import Gathering
from keifu.storage.provider.messages import (
    Deal,
    Fetched,
    FetchFailed,
    Found,
    KeepFailed,
    Kept,
    Opened,
    OpenFailed,
    Rebuilt,
    ShardId,
    Vacancy,
)
from keifu.storage.provider.retries import NEVER, spread
from keifu.storage.sequence import leaf_root, repair_draws

__all__ = ["Repairs"]

PREFIX = "rescue "


@dataclass
class _Rescue:
    """A shard that is being built again. It waits for one answer at a time, until `until`."""

    shard: ShardId
    root: bytes
    leaves: int
    until: float = NEVER
    deal: Deal | None = None
    gathering: Gathering | None = None
    have: frozenset[int] = frozenset()  # what earlier rounds have fetched

    @property
    def job(self) -> str:
        return f"{PREFIX}{self.shard}"


class Repairs:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rescues: dict[ShardId, _Rescue] = {}
        self._opening: dict[str, tuple[Vacancy, float]] = {}  # job -> and until when the disk is waited for
        self._first_seen: dict[ShardId, float] = {}
        self._number = 0

    def step(self) -> None:
        desk = self._desk
        self._opening = {job: found for job, found in self._opening.items() if found[1] > desk.now}
        mine = {vacancy.shard: vacancy for vacancy in desk.head.vacancies if vacancy.repairer == desk.me}
        for shard in self._rescues.keys() - mine.keys() - desk.book.where.keys():
            del self._rescues[shard]
        for vacancy in desk.head.vacancies:
            if not vacancy.repairer:
                self._reserve(vacancy)
        for vacancy in mine.values():
            if vacancy.shard in desk.kept:
                self._complete(vacancy)
            else:
                self._rescue(vacancy.shard, vacancy.root, vacancy.leaves)
        for shard in desk.book.where.keys() - desk.kept:
            self.lost(shard)
        for rescue in list(self._rescues.values()):
            self._advance(rescue)

    # Taking over

    def _reserve(self, vacancy: Vacancy) -> None:
        """Not all at once: each waits for a time of its own after it first saw the vacancy. Whoever was given the bytes
        does it now: those of a masked shard come from its client, or from whom that gave the mask key."""
        desk, shard = self._desk, vacancy.shard
        begun, is_here = self._first_seen.setdefault(shard, desk.now), shard in desk.kept
        can = is_here or desk.policy.masks or not vacancy.masked
        if not (desk.policy.repairs and can) or self._holds_of(shard.deal):
            return
        at = begun if is_here else begun + desk.policy.stagger * spread(desk.me, shard)
        desk.wake(at)
        room = desk.policy.capacity - desk.book.sequence.total
        if at <= desk.now and vacancy.leaves <= room and desk.may(f"reserve {shard}"):
            desk.submit("reserve", str(shard), Reserve(shard))

    def _holds_of(self, deal: bytes) -> bool:
        """Never two shards of a deal with one provider."""
        desk = self._desk
        flying = (ShardId.parse(intent.subject) for intent in desk.intents if intent.kind in ("accept", "reserve"))
        taken = (vacancy.shard for vacancy in desk.head.vacancies if vacancy.repairer == desk.me)
        offered = (offer.shard for offer in desk.head.offers)
        return any(shard.deal == deal for shards in (desk.book.where, flying, taken, offered) for shard in shards)

    def _complete(self, vacancy: Vacancy) -> None:
        desk, shard = self._desk, vacancy.shard
        if not vacancy.seed or not desk.quiet or desk.changes_ahead("clear") or not desk.may(f"complete {shard}"):
            return
        if any(found.shard == shard for found, _ in self._opening.values()):
            return
        self._number += 1
        until = desk.now + desk.policy.patience
        self._opening[job := f"complete {shard} {self._number}"] = vacancy, until
        desk.do(Open(job, tuple((shard, leaf) for leaf in self._drawn(vacancy))))
        desk.wake(until)

    def opened(self, event: Opened) -> None:
        vacancy, _ = self._opening.pop(event.job, (None, NEVER))
        if vacancy is None or vacancy not in self._desk.head.vacancies or not self._desk.quiet:
            return
        drawn = zip(self._drawn(vacancy), event.leaves, strict=True)
        if all(leaf_root(leaf.data, index, vacancy.leaves, leaf.path) == vacancy.root for index, leaf in drawn):
            self._desk.submit("complete", str(vacancy.shard), Complete(vacancy.shard, event.leaves))
        else:
            self._desk.spoil(vacancy.shard)  # it is built once more

    def _drawn(self, vacancy: Vacancy) -> list[int]:
        shard = vacancy.shard
        return repair_draws(vacancy.seed, shard.deal, shard.index, self._desk.me, vacancy.leaves)

    def open_failed(self, event: OpenFailed) -> None:
        if self._opening.pop(event.job, None):
            self._desk.spoil(event.shard)

    # Building again

    def lost(self, shard: ShardId) -> None:
        """One of our own is not on the disk as it should be."""
        ordinal = self._desk.book.where.get(shard)
        if ordinal is not None:
            self._desk.spoil(shard)
            taken = self._desk.book.shards[ordinal]
            self._rescue(shard, taken.root, taken.leaves)

    def _rescue(self, shard: ShardId, root: bytes, leaves: int) -> None:
        if shard not in self._rescues:
            self._rescues[shard] = _Rescue(shard, root, leaves)

    def _advance(self, rescue: _Rescue) -> None:
        """Ask for the deal, then for shards; whatever does not answer in time begins again after a pause."""
        desk = self._desk
        if rescue.gathering is not None and not rescue.gathering.done:
            self._ask(rescue, rescue.gathering)
            return
        if rescue.until > desk.now:
            return
        if rescue.until > NEVER:
            self._again(rescue)
        if (pause := desk.pauses.until(rescue.job)) > desk.now:
            desk.wake(pause)
            return
        self._wait(rescue)
        desk.do(Lookup(rescue.shard.deal))

    def _ask(self, rescue: _Rescue, gathering: Gathering) -> None:
        assert rescue.deal is not None
        for index in gathering.due(self._desk.now):
            self._desk.do(Fetch(rescue.job, rescue.deal.holders[index], ShardId(rescue.shard.deal, index)))
        if gathering.rounds:
            self._again(rescue)  # who holds what may have changed meanwhile
        else:
            self._desk.wake(gathering.next_time)

    def found(self, event: Found) -> None:
        for rescue in self._rescues.values():
            if rescue.shard.deal == event.deal.id and rescue.gathering is None:
                self._gather(rescue, event.deal)

    def _gather(self, rescue: _Rescue, deal: Deal) -> None:
        desk = self._desk
        if deal.masked and not desk.policy.masks:
            desk.do(Alert(f"shard {rescue.shard} is lost, and only its client can build it again: it is masked"))
            self._again(rescue)
            return
        others = (index for index, holder in enumerate(deal.holders) if holder != desk.me)
        sources = tuple(index for index in others if index != rescue.shard.index)
        policy = desk.policy
        rescue.deal = deal
        rescue.gathering = Gathering(
            deal.k, sources, policy.patience, policy.backoff, policy.extra, f"{desk.me} {rescue.shard}"
        )
        for index in rescue.have:
            rescue.gathering.got(index)
        self._go_on(rescue, rescue.gathering)

    def fetched(self, event: Fetched | FetchFailed) -> None:
        rescue = self._rescues.get(ShardId.parse(event.job.removeprefix(PREFIX)))
        if rescue is None or rescue.gathering is None or rescue.gathering.done:
            return
        if isinstance(event, FetchFailed):
            rescue.gathering.failed(event.index)
        else:
            rescue.gathering.got(event.index)
        self._go_on(rescue, rescue.gathering)

    def _go_on(self, rescue: _Rescue, gathering: Gathering) -> None:
        if not gathering.done:
            self._ask(rescue, gathering)
            return
        self._wait(rescue)
        self._desk.do(Rebuild(rescue.job, rescue.shard))

    def rebuilt(self, event: Rebuilt) -> None:
        rescue = self._rescues.get(ShardId.parse(event.job.removeprefix(PREFIX)))
        if rescue is None or rescue.gathering is None:
            self._desk.do(Discard(event.handle))
        elif (event.root, event.leaves) != (rescue.root, rescue.leaves):
            self._desk.do(Discard(event.handle))
            self._desk.do(Alert(f"the others of shard {rescue.shard} do not give it back: no codeword was stored"))
            self._again(rescue)
            rescue.have = frozenset()
        else:
            self._wait(rescue)
            self._desk.do(Keep(event.handle, rescue.shard))

    def kept(self, event: Kept) -> None:
        if rescue := self._rescues.pop(event.shard, None):
            self._desk.pauses.over(rescue.job)

    def keep_failed(self, event: KeepFailed) -> None:
        if rescue := self._rescues.get(event.shard):
            self._again(rescue)

    def _wait(self, rescue: _Rescue) -> None:
        rescue.until = self._desk.now + self._desk.policy.patience
        self._desk.wake(rescue.until)

    def _again(self, rescue: _Rescue) -> None:
        """From the beginning, after a pause."""
        self._desk.pauses.failed(rescue.job, self._desk.now)
        rescue.have |= rescue.gathering.have if rescue.gathering else frozenset()
        rescue.until, rescue.deal, rescue.gathering = NEVER, None, None
        self._desk.wake(self._desk.pauses.until(rescue.job))
