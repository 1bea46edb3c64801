"""A model of the market on a chain of a block each twelve seconds, of which the last blocks may be undone.

It knows the rules that the cores have to reckon with, and no money: who is paid for which epoch, and who missed one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from audit.storage_world.ledger import Epoch, Ledger, Listed
from keifu.errors import KeifuError
from keifu.keys import keccak256
from keifu.storage.layout import word
from keifu.storage.provider.commands import Accept, ClearShard, Complete, Prove, Reply, Reserve
from keifu.storage.provider.messages import Challenge, Deal, Demand, Head, Leaf, Offer, ShardId, Vacancy
from keifu.storage.putting import CancelDeal, ClientHead, DealSeen, OpenDeal
from keifu.storage.sequence import draws, leaf_root, opens, repair_draws
from keifu.storage.watching import DemandLeaf, WatcherHead

__all__ = ["BLOCK", "DEPTH", "EPOCH", "WINDOW", "Chain", "Refused"]

BLOCK = 12  # seconds
EPOCH = 20 * BLOCK
WINDOW = 9 * BLOCK  # of proofs, from the block of the seed
DEPTH = 4  # blocks that may be undone
ACCEPT_TIME = 14 * BLOCK
REPAIR_TIME = 25 * BLOCK
ANSWER_TIME = 10 * BLOCK
MISSES = 3


class Refused(KeifuError):
    """The market does not take a call."""


@dataclass(frozen=True)
class _Block:
    ledger: Ledger
    calls: tuple[Any, ...]


class Chain:
    def __init__(self, draw: Random, deal_time: int, masked: bool = False) -> None:
        self._draw = draw
        self._deal_time, self._masked = deal_time, masked
        self._fork = self._final = 0
        self.ledger = Ledger()
        self._past: list[Ledger] = []  # before each of the last blocks

    @property
    def final_ledger(self) -> Ledger:
        """As it was at the last block that is never undone."""
        back = self.ledger.number - self.final
        return self._past[-back] if back else self.ledger

    @property
    def final(self) -> int:
        """Never falls, whatever is undone."""
        self._final = max(self._final, self.ledger.number - DEPTH)
        return self._final

    def begin_block(self) -> None:
        self._past = [*self._past[1 - DEPTH :], self.ledger]
        self.ledger = ledger = self.ledger.copy()
        ledger.number += 1
        ledger.time += BLOCK
        self._open_epoch(ledger)
        self._settle(ledger)

    def undo(self, blocks: int) -> None:
        """Others will come instead, with other seeds."""
        blocks = min(blocks, self.ledger.number - self.final)
        if blocks:
            self.ledger = self._past[-blocks]
            del self._past[-blocks:]
        self._fork += 1

    # What time does

    def _open_epoch(self, ledger: Ledger) -> None:
        number = ledger.time // EPOCH
        if number not in ledger.epochs:
            totals = {provider: ledger.sequence(provider).total for provider in ledger.entries}
            ledger.epochs[number] = Epoch(b"", 0, (number + 1) * EPOCH, totals)
        epoch = ledger.epochs[number]
        if not epoch.seed and ledger.time % EPOCH >= BLOCK:
            seed = keccak256(b"seed" + word(self._fork) + word(ledger.number))
            ledger.epochs[number] = replace(epoch, seed=seed, opened=ledger.time, deadline=ledger.time + WINDOW)

    def _settle(self, ledger: Ledger) -> None:
        for number, epoch in list(ledger.epochs.items()):
            if epoch.seed and ledger.time > epoch.deadline:
                self._close_epoch(ledger, number, epoch)
        for demand in list(ledger.demands.values()):
            if ledger.time > demand.deadline:
                del ledger.demands[demand.number]
                self._vacate(ledger, demand.shard)
        for shard, vacancy in list(ledger.vacancies.items()):
            if vacancy.repairer and ledger.time > vacancy.until:
                ledger.vacancies[shard] = replace(vacancy, repairer="", seed=b"")
        for deal_id, deal in list(ledger.deals.items()):
            if deal.status == "active" and ledger.time > deal.end:
                ledger.deals[deal_id] = replace(deal, status="ended", since=ledger.number)
                ledger.vacancies = {s: v for s, v in ledger.vacancies.items() if s.deal != deal_id}

    def _close_epoch(self, ledger: Ledger, number: int, epoch: Epoch) -> None:
        for provider, total in epoch.totals.items():
            if not total or (provider, number) in ledger.proven or (provider, number) in ledger.missed:
                continue
            ledger.in_a_row[provider] = ledger.in_a_row.get(provider, 0) + 1
            ledger.missed[provider, number] = ledger.in_a_row[provider]
            if ledger.in_a_row[provider] >= MISSES:
                for _, shard in ledger.standing(provider):
                    if ledger.is_due(provider, shard):
                        self._vacate(ledger, shard)

    def _vacate(self, ledger: Ledger, shard: ShardId) -> None:
        deal = ledger.deals[shard.deal]
        if deal.status == "active" and shard not in ledger.vacancies:
            ledger.vacancies[shard] = Vacancy(shard, deal.roots[shard.index], deal.leaves, self._masked, "", 0, b"")

    # What calls do

    def execute(self, sender: str, call: Any) -> None:
        """Raises Refused, and then nothing has changed."""
        ledger = self.ledger
        match call:
            case OpenDeal():
                self._open(ledger, sender, call)
            case CancelDeal():
                self._cancel(ledger, call)
            case Accept():
                self._accept(ledger, sender, call.shard)
            case Prove():
                self._prove(ledger, sender, call)
            case ClearShard():
                self._clear(ledger, sender, call)
            case DemandLeaf():
                self._demand(ledger, call)
            case Reply():
                self._reply(ledger, call)
            case Reserve():
                self._reserve(ledger, sender, call.shard)
            case Complete():
                self._complete(ledger, sender, call)
            case _:
                raise AssertionError(f"no such call: {call}")

    def _open(self, ledger: Ledger, sender: str, call: OpenDeal) -> None:
        _check(call.id not in ledger.deals, "the deal is known")
        holders, roots = (tuple(getattr(shard, name) for shard in call.shards) for name in ("provider", "root"))
        ledger.deals[call.id] = Listed(
            sender,
            call.file,
            call.k,
            holders,
            roots,
            call.shards[0].leaves,
            ledger.time + ACCEPT_TIME,
            ledger.time + self._deal_time,
            since=ledger.number,
        )
        ledger.opened[call.file] = ledger.opened.get(call.file, 0) + 1

    def _cancel(self, ledger: Ledger, call: CancelDeal) -> None:
        deal = ledger.deals.get(call.id)
        _check(deal is not None and deal.status == "open" and ledger.time > deal.accept_by, "it cannot be cancelled")
        assert deal
        ledger.deals[call.id] = replace(deal, status="cancelled", since=ledger.number)

    def _accept(self, ledger: Ledger, sender: str, shard: ShardId) -> None:
        deal = ledger.deals.get(shard.deal)
        _check(deal is not None and deal.status == "open" and ledger.time <= deal.accept_by, "no open deal")
        assert deal
        _check(deal.holders[shard.index] == sender and shard.index not in deal.accepted, "not for you, or not again")
        accepted = deal.accepted | {shard.index}
        status = "active" if len(accepted) == len(deal.holders) else "open"
        since = ledger.number if status == "active" else deal.since
        ledger.deals[shard.deal] = replace(deal, accepted=accepted, status=status, since=since)
        ledger.append(sender, shard, deal.roots[shard.index], deal.leaves)

    def _prove(self, ledger: Ledger, sender: str, call: Prove) -> None:
        epoch = ledger.epochs.get(call.epoch)
        _check(epoch is not None and bool(epoch.seed) and ledger.time <= epoch.deadline, "the window is not open")
        assert epoch
        total = epoch.totals.get(sender, 0)
        _check(total > 0 and (sender, call.epoch) not in ledger.proven, "no proof is owed")
        sequence, peaks = ledger.sequence(sender), ledger.sequence(sender).peaks
        drawn = draws(epoch.seed, call.epoch, sender, total)
        for leaf, data, words in zip(drawn, call.data, call.words, strict=True):
            _check(opens(len(sequence), peaks, leaf, data, words), "a leaf does not open")
        ledger.proven[sender, call.epoch] = total
        ledger.in_a_row[sender] = 0
        for _, shard in ledger.standing(sender):
            if shard in ledger.vacancies and not ledger.vacancies[shard].repairer and ledger.is_due(sender, shard):
                del ledger.vacancies[shard]

    def _clear(self, ledger: Ledger, sender: str, call: ClearShard) -> None:
        owed = any(
            epoch.totals.get(sender) and (sender, number) not in ledger.proven and ledger.time <= epoch.deadline
            for number, epoch in ledger.epochs.items()
        )
        _check(not owed, "a proof is owed")
        standing = dict(ledger.standing(sender))
        _check(call.ordinal in standing, "nothing stands there")
        _check(not ledger.is_due(sender, standing[call.ordinal]), "the deal goes on")
        _check(list(call.path) == ledger.sequence(sender).path(call.ordinal), "the path leads to no peak")
        ledger.clear(sender, call.ordinal)

    def _demand(self, ledger: Ledger, call: DemandLeaf) -> None:
        deal = ledger.deals.get(call.shard.deal)
        _check(deal is not None and deal.status == "active", "no active deal")
        _check(call.shard not in ledger.vacancies, "it waits for repair")
        _check(all(demand.shard != call.shard for demand in ledger.demands.values()), "one is open")
        ledger.asked += 1
        ledger.demands[ledger.asked] = Demand(ledger.asked, call.shard, call.leaf, ledger.time + ANSWER_TIME)

    def _reply(self, ledger: Ledger, call: Reply) -> None:
        demand = ledger.demands.get(call.number)
        _check(demand is not None, "no such demand")
        assert demand
        deal = ledger.deals[demand.shard.deal]
        root = deal.roots[demand.shard.index]
        _check(_root_of(call.leaf, demand.leaf, deal.leaves) == root, "the leaf does not open")
        del ledger.demands[call.number]

    def _reserve(self, ledger: Ledger, sender: str, shard: ShardId) -> None:
        vacancy, deal = ledger.vacancies.get(shard), ledger.deals.get(shard.deal)
        _check(vacancy is not None and deal is not None and not vacancy.repairer, "nothing to reserve")
        assert vacancy
        assert deal
        _check(sender not in deal.holders, "one shard of a deal for each")
        others = (found.repairer for at, found in ledger.vacancies.items() if at.deal == shard.deal)
        _check(sender not in others, "one repair of a deal for each")
        seed = keccak256(b"repair" + word(self._fork) + word(ledger.number))
        ledger.vacancies[shard] = replace(vacancy, repairer=sender, until=ledger.time + REPAIR_TIME, seed=seed)

    def _complete(self, ledger: Ledger, sender: str, call: Complete) -> None:
        vacancy = ledger.vacancies.get(call.shard)
        _check(vacancy is not None and vacancy.repairer == sender, "not reserved")
        assert vacancy
        drawn = repair_draws(vacancy.seed, call.shard.deal, call.shard.index, sender, vacancy.leaves)
        for leaf, index in zip(call.leaves, drawn, strict=True):
            _check(_root_of(leaf, index, vacancy.leaves) == vacancy.root, "a leaf does not open")
        deal = ledger.deals[call.shard.deal]
        holders = tuple(sender if at == call.shard.index else who for at, who in enumerate(deal.holders))
        ledger.deals[call.shard.deal] = replace(deal, holders=holders)
        del ledger.vacancies[call.shard]
        ledger.append(sender, call.shard, vacancy.root, vacancy.leaves)

    # What readers see

    def head_of(self, provider: str, known: tuple[Any, ...]) -> Head:
        """For a provider that was given the operations `known` before."""
        ledger = self.ledger
        operations = ledger.operations.get(provider, ())
        kept = next(
            (at for at, (old, new) in enumerate(zip(known, operations, strict=False)) if old != new),
            min(len(known), len(operations)),
        )
        standing = ledger.standing(provider)
        held = {shard for _, shard in standing}
        return Head(
            ledger.number,
            ledger.time,
            self.final,
            kept,
            operations[kept:],
            tuple(self._offers(provider)),
            tuple(self._owed(provider)),
            tuple(demand for demand in ledger.demands.values() if demand.shard in held),
            tuple(at for at, shard in standing if not ledger.is_due(provider, shard)),
            tuple(ledger.vacancies.values()),
        )

    def _offers(self, provider: str) -> Iterator[Offer]:
        for deal_id, deal in self.ledger.deals.items():
            for index, holder in enumerate(deal.holders if deal.status == "open" else ()):
                waits = index not in deal.accepted and self.ledger.time <= deal.accept_by
                if holder == provider and waits:
                    yield Offer(ShardId(deal_id, index), deal.roots[index], deal.leaves, deal.accept_by)

    def _owed(self, provider: str) -> Iterator[Challenge]:
        for number, epoch in self.ledger.epochs.items():
            total = epoch.totals.get(provider, 0)
            open_now = bool(epoch.seed) and self.ledger.time <= epoch.deadline
            if open_now and total and (provider, number) not in self.ledger.proven:
                yield Challenge(number, epoch.seed, total, epoch.opened, epoch.deadline)

    def deal(self, deal_id: bytes) -> Deal | None:
        listed = self.ledger.deals.get(deal_id)
        return Deal(deal_id, listed.k, listed.holders, listed.roots, listed.leaves, self._masked) if listed else None

    def client_head(self, client: str) -> ClientHead:
        deals = {
            deal_id: DealSeen(deal.status, deal.accepted, deal.accept_by, deal.since)
            for deal_id, deal in self.ledger.deals.items()
            if deal.client == client
        }
        return ClientHead(self.ledger.number, self.ledger.time, self.final, deals)

    def watcher_head(self) -> WatcherHead:
        active = (self.deal(deal_id) for deal_id, deal in self.ledger.deals.items() if deal.status == "active")
        demanded = frozenset(demand.shard for demand in self.ledger.demands.values())
        deals = tuple(deal for deal in active if deal)
        return WatcherHead(self.ledger.number, deals, demanded, frozenset(self.ledger.vacancies))


def _check(good: bool, reason: str) -> None:
    if not good:
        raise Refused(reason, remedy="look at the head again")


def _root_of(leaf: Leaf, index: int, leaves: int) -> bytes | None:
    return leaf_root(leaf.data, index, leaves, leaf.path)
