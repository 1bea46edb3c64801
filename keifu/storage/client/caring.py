"""A watcher's rounds: leaves are asked of each provider, demanded on the chain where none comes, and what is lost is
made again elsewhere. `keifu/storage/watching.py` decides; here it is done.

A demand costs a fee, so it is written down before it is sent, and never sent beyond what may be spent.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from keifu.chain.suite import STORAGE_REPAIRS
from keifu.errors import KeifuError, Revert, UsageError
from keifu.storage.client.fetching import holders_of
from keifu.storage.client.ledger import Holder
from keifu.storage.client.offers import providers
from keifu.storage.client.peers import READ_SECONDS, Peers
from keifu.storage.client.repairing import Mended, Target, mend
from keifu.storage.client.storing import Storing
from keifu.storage.provider.commands import Alert, Submit, Write
from keifu.storage.provider.messages import Deal, Leaf, Settled, ShardId
from keifu.storage.states import State, shown
from keifu.storage.watching import DemandLeaf, Sample, Sampled, Watch, Watcher, WatcherHead

__all__ = ["Care", "Round"]

ASKED_AT_ONCE = 16
_OPEN = "repairs: demand is open"


@dataclass
class Round:
    """What one round saw and did."""

    sampled: int = 0
    failed: int = 0
    demanded: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    mended: list[Mended] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        mended = [{"shard": item.index, "provider": item.provider, "fault": item.fault} for item in self.mended]
        return {
            "sampled": self.sampled, "failed": self.failed, "demanded": self.demanded, "ended": self.ended,
            "mended": mended, "alerts": self.alerts,
        }  # fmt: skip


class Care:
    """Cares for some files, round by round. `most` wei may be spent on demands."""

    def __init__(
        self, targets: Sequence[Target], watch: Watch, most: int, draw: Callable[[int], int] = secrets.randbelow
    ) -> None:
        self._targets = {target.deal: target for target in targets}
        self._watch, self._left, self._draw = watch, most, draw
        self._core: Watcher | None = None

    def round(self, storing: Storing, now: float) -> Round:
        """Look at everything once, at the time `now`. Raises what the chain raises."""
        self._now = now
        if self._core is None:
            self._core = Watcher(storing.signer.address.lower(), self._watch, self._draw, storing.ledger.notes())
        for intent in self._core.unsettled:  # its process, or its round, broke off: the chain says whether it is there
            self._do(storing, self._core.handle(now, Settled(intent, False)), {}, Round())
        done = Round()
        head, holders = self._look(storing)
        commands = self._core.handle(now, head)
        while commands:
            commands = self._do(storing, commands, holders, done)
        self._end(storing, head, done)
        for target in self._targets.values():
            try:
                done.mended += mend(storing, target)
            except UsageError as error:  # its mask key is not here; the other files are looked after all the same
                done.alerts.append(f"deal {target.deal.hex()}: {error.message}")
        return done

    def _look(self, storing: Storing) -> tuple[WatcherHead, dict[ShardId, Holder]]:
        market, epoch = storing.market, storing.market.epoch()
        offers = providers(market)
        deals, demanded, vacant, holders = [], set(), set(), dict[ShardId, Holder]()
        for target in self._targets.values():
            shards = market.shards(target.deal, len(target.placed))
            for index, (shard, holder) in enumerate(zip(shards, holders_of(shards, offers), strict=True)):
                name = ShardId(target.deal, index)
                if shard.state is not State.STORED or shard.end <= epoch:
                    vacant.add(name)
                elif market.repairs.demand_of(target.deal, index)[3]:
                    demanded.add(name)
                if holder is not None:
                    holders[name] = holder
            header = target.descriptor.header
            k, leaves = header.k, target.descriptor.layout.leaves
            who = tuple(shard.provider for shard in shards)
            deals.append(Deal(target.deal, k, who, target.descriptor.shards, leaves, header.masked))
        head = WatcherHead(market.client.rpc.block_number(), tuple(deals), frozenset(demanded), frozenset(vacant))
        return head, holders

    def _do(self, storing: Storing, commands: Sequence[Any], holders: dict[ShardId, Holder], done: Round) -> list[Any]:
        """What the core asked for; what it asks for then."""
        assert self._core is not None
        samples = [command for command in commands if isinstance(command, Sample)]
        following: list[Any] = []
        for command in commands:
            if isinstance(command, Write):
                storing.ledger.note(command.record)
            elif isinstance(command, Submit):
                settled = self._demand(storing, command, done)
                following += self._core.handle(self._now, settled)
            elif isinstance(command, Alert):
                done.alerts.append(command.text)
        for job, leaf in self._sampled(storing, samples, holders):
            done.sampled += 1
            done.failed += leaf is None
            following += self._core.handle(self._now, Sampled(job, leaf))
        return following

    def _sampled(
        self, storing: Storing, samples: Sequence[Sample], holders: dict[ShardId, Holder]
    ) -> list[tuple[str, Leaf | None]]:
        if not samples:
            return []
        with closing(Peers(storing.ledger, READ_SECONDS)) as peers, ThreadPoolExecutor(ASKED_AT_ONCE) as pool:

            def ask(sample: Sample) -> tuple[str, Leaf | None]:
                holder, target = holders.get(sample.shard), self._targets[sample.shard.deal]
                if holder is None:
                    return sample.job, None
                try:
                    root = target.descriptor.shards[sample.shard.index]
                    return sample.job, peers.at(holder).leaf(root, target.descriptor.layout.leaves, sample.leaf)
                except KeifuError:
                    return sample.job, None

            return list(pool.map(ask, samples))

    def _demand(self, storing: Storing, command: Submit, done: Round) -> Settled:
        call: DemandLeaf = command.call
        market, shard = storing.market, call.shard
        fee = int(market.repairs.demand_fee())
        if fee > self._left:
            done.alerts.append(f"shard {shard} does not answer, and a demand costs more than may be spent")
            return Settled(command.intent, False)
        named = shown(self._targets[shard.deal].placed, shard.index)
        try:
            market.demand(storing.chain, shard.deal, shard.index, named, call.leaf)
        except Revert as refusal:
            if refusal.reason != _OPEN:
                done.alerts.append(f"shard {shard}: {refusal.reason}")
            return Settled(command.intent, False)
        self._left -= fee
        done.demanded.append(str(shard))
        return Settled(command.intent, True, market.client.rpc.block_number())

    def _end(self, storing: Storing, head: WatcherHead, done: Round) -> None:
        """End demands whose time is over: their shards are lost, and are made again."""
        now = storing.market.client.now
        for shard in sorted(head.demanded):
            until = int(storing.market.repairs.demand_of(shard.deal, shard.index)[3])
            if 0 < until < now:
                try:
                    storing.market.send(storing.chain, STORAGE_REPAIRS, "end_demand", shard.deal, shard.index)
                    done.ended.append(str(shard))
                except Revert as refusal:  # it was answered, or ended by another, in the meantime
                    done.alerts.append(f"shard {shard}: {refusal.reason}")
