"""A watcher's core: it asks for a leaf of each shard now and then, and pays for a demand where none comes.

A demand is answered on the chain, or it opens the repair of the shard. So a provider that only refuses to answer this
watcher proves in public that it has the leaf, and one that has lost it is replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from keifu.storage.provider.commands import Alert, Submit, WakeAt, Write
from keifu.storage.provider.intents import Intents
from keifu.storage.provider.messages import Deal, Leaf, Record, Settled, ShardId
from keifu.storage.provider.retries import Backoff, Pauses, spread
from keifu.storage.sequence import leaf_root

__all__ = ["DemandLeaf", "Sample", "Sampled", "Watch", "Watcher", "WatcherHead"]

Draw = Callable[[int], int]  # a number below this one that nobody can foresee


@dataclass(frozen=True)
class Watch:
    """Seconds between two samples of a shard and for an answer; failures in a row before a demand is paid for."""

    every: float = 60.0
    patience: float = 20.0
    failures: int = 3
    spare: int = 1  # shards beyond k below which the operator is called
    backoff: Backoff = field(default_factory=lambda: Backoff(300.0, 3_600.0))  # between demands on one shard


@dataclass(frozen=True, slots=True)
class WatcherHead:
    """Active deals that are watched, and which of their shards have an open demand or wait for repair."""

    number: int
    deals: tuple[Deal, ...]
    demanded: frozenset[ShardId]
    vacant: frozenset[ShardId]


@dataclass(frozen=True, slots=True)
class Sample:
    job: str
    peer: str
    shard: ShardId
    leaf: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """What came back for a job; None when the peer says that it has nothing."""

    job: str
    leaf: Leaf | None


@dataclass(frozen=True, slots=True)
class DemandLeaf:
    shard: ShardId
    leaf: int


WatcherCommand = Write | Submit | Sample | WakeAt | Alert


@dataclass
class _State:
    """Of a shard in the hands of one holder."""

    holder: str
    next: float
    failures: int = 0


@dataclass(frozen=True)
class _Asked:
    shard: ShardId
    holder: str
    leaf: int
    until: float


class Watcher:
    def __init__(self, me: str, watch: Watch, draw: Draw, records: Iterable[Record] = ()) -> None:
        self._me, self._watch, self._draw = me, watch, draw
        self._intents = Intents(records)
        self._pauses = Pauses(me, watch.backoff)
        self._head = WatcherHead(0, (), frozenset(), frozenset())
        self._states: dict[ShardId, _State] = {}
        self._asked: dict[str, _Asked] = {}
        self._number = 0
        self._low: set[bytes] = set()  # deals of which the operator was called
        self._commands: list[WatcherCommand] = []

    @property
    def unsettled(self) -> tuple[str, ...]:
        return tuple(intent.id for intent in self._intents)

    def alive(self, deal: Deal) -> int:
        """Shards that answer, as far as this watcher knows."""
        shards = (ShardId(deal.id, index) for index in range(len(deal.holders)))
        return sum(shard not in self._head.vacant and not self._is_silent(shard) for shard in shards)

    def _is_silent(self, shard: ShardId) -> bool:
        return shard in self._states and self._states[shard].failures >= self._watch.failures

    def handle(self, now: float, event: Any) -> list[WatcherCommand]:
        self._now, self._commands = now, []
        match event:
            case WatcherHead():
                self._head = event
                known = {deal.id for deal in event.deals}
                self._states = {shard: state for shard, state in self._states.items() if shard.deal in known}
                self._intents.seen(event.number)
            case Sampled():
                self._sampled(event)
            case Settled():
                if found := self._intents.settle(event):
                    self._commands.append(Write(found[1]))
        for job, asked in list(self._asked.items()):
            if asked.until <= now:
                self._sampled(Sampled(job, None))
        if not isinstance(event, Sampled | Settled):
            self._look_round()
        return self._commands

    def _look_round(self) -> None:
        """Everything that is due; then when something will be."""
        for deal in self._head.deals:
            self._look(deal)
        waiting = [state.next for shard, state in self._states.items() if shard not in self._head.vacant]
        if waiting:
            self._commands.append(WakeAt(max(min(waiting), self._now + 1.0)))

    def _look(self, deal: Deal) -> None:
        for index, holder in enumerate(deal.holders):
            shard = ShardId(deal.id, index)
            state = self._states.get(shard)
            if state is None or state.holder != holder:
                begin = self._now + self._watch.every * spread(self._me, shard)
                state = self._states[shard] = _State(holder, begin)
            if state.next <= self._now and shard not in self._head.vacant:
                self._sample(deal, shard, state)
            if self._is_silent(shard):
                self._demand(deal, shard)
        self._call(deal)

    def _sample(self, deal: Deal, shard: ShardId, state: _State) -> None:
        self._number += 1
        until = self._now + self._watch.patience
        job, leaf = f"sample {self._number}", self._draw(deal.leaves)
        self._asked[job] = _Asked(shard, state.holder, leaf, until)
        state.next = self._now + self._watch.every
        self._commands += [Sample(job, state.holder, shard, leaf), WakeAt(until)]

    def _sampled(self, event: Sampled) -> None:
        asked = self._asked.pop(event.job, None)
        deal = next((deal for deal in self._head.deals if asked and deal.id == asked.shard.deal), None)
        if asked is None or deal is None:
            return
        state = self._states.get(asked.shard)
        if state is None or state.holder != asked.holder:
            return  # the shard has a new provider by now
        root, leaf = deal.roots[asked.shard.index], event.leaf
        good = leaf is not None and leaf_root(leaf.data, asked.leaf, deal.leaves, leaf.path) == root
        state.failures = 0 if good else state.failures + 1
        if good:
            self._pauses.over(f"demand {asked.shard}")

    def _demand(self, deal: Deal, shard: ShardId) -> None:
        """One at a time for a shard, and seldom: each costs a fee."""
        key = f"demand {shard}"
        known = shard in self._head.demanded or shard in self._head.vacant or self._intents.busy(key)
        if known or self._pauses.until(key) > self._now:
            return
        self._pauses.failed(key, self._now)
        intent, record = self._intents.new("demand", str(shard))
        self._commands += [Write(record), Submit(intent.id, DemandLeaf(shard, self._draw(deal.leaves)))]

    def _call(self, deal: Deal) -> None:
        low = self.alive(deal) < deal.k + self._watch.spare
        if low and deal.id not in self._low:
            self._commands.append(Alert(f"{self.alive(deal)} shards of deal {deal.id.hex()} answer, {deal.k} give it"))
        (self._low.add if low else self._low.discard)(deal.id)
