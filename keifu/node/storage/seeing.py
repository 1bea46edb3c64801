"""What the chain says to one provider, block by block: the heads that its core is given.

Events say what to look at; how it stands is asked of the contracts, all at one block. Events of the last blocks are
read again each time, so what a reorganisation takes away is missed by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ethwire.rpc import quantity
from keifu.chain.finality import final_block
from keifu.chain.follower import Event
from keifu.chain.logs import Topic, find_logs, topic_of_address
from keifu.keys import keccak256
from keifu.node.storage.contracts import Contracts, Ledger
from keifu.node.storage.prices import Prices
from keifu.node.storage.records import Handed, Records
from keifu.storage.layout import word
from keifu.storage.provider.messages import (
    Appended,
    Challenge,
    Cleared,
    Demand,
    Head,
    Offer,
    Operation,
    ShardId,
    Vacancy,
)
from keifu.storage.states import DealState, Shard, State

__all__ = ["Seeing", "Seen"]

REORGANISED = 64  # blocks that are read again
TURN = 2  # epochs of a repairer
_NOTHING = Ledger()


@dataclass
class Seen:
    """What stands behind a head, for whoever acts on it."""

    block: int = 0
    time: int = 0
    epoch: int = 0
    seed: bytes = b""
    until: int = 0  # last second of proofs of the epoch
    is_proven: bool = False
    ledger: Ledger = _NOTHING
    states: dict[ShardId, Shard] = field(default_factory=dict)  # of what is stored
    deals: dict[bytes, DealState] = field(default_factory=dict)  # of what is offered
    proposed: set[ShardId] = field(default_factory=set)  # offers that are taken by `accept_proposal`
    draws: dict[ShardId, int] = field(default_factory=dict)  # the epoch whose seed draws a repair's leaves


class Seeing:
    """Of the thread of the rounds."""

    def __init__(
        self, contracts: Contracts, records: Records, prices: Prices, first_block: int, *, repairs: bool
    ) -> None:
        self._contracts, self._records, self._prices, self._repairs = contracts, records, prices, repairs
        self._me = contracts.account.address.lower()
        self._from = first_block
        self._operations: list[tuple[tuple[int, int], Operation]] = []  # by their places on the chain
        self._before: tuple[Operation, ...] = ()
        self._demanded: dict[ShardId, int] = {}  # and the block
        self._lost: dict[ShardId, int] = {}
        self.mine: dict[int, ShardId] = {}  # by ordinal, not cleared
        self._looked_epoch = 0
        self._hash = ""
        self._final = -1
        self.seen = Seen()

    def look(self, *, anew: bool = False) -> Head | None:
        """What the newest block says; None when it is the one that was looked at last, unless `anew`. Raises RpcError
        and CheckFailed; the next look begins where this one did."""
        contracts = self._contracts
        newest = contracts.chain.newest()
        if newest.hash == self._hash and not anew:
            return None
        block, time = quantity(newest.number, "a block's number"), quantity(newest.timestamp, "a block's time")
        final = min(block, max(self._final, final_block(contracts.chain.rpc), 0))
        is_other = self._is_other(block)
        operations = self._read(block)
        seen = self._epoch(block, time)
        self._look_at_shards(seen, anew=is_other or seen.epoch != self._looked_epoch)
        head = self._head(seen, final, operations)
        self._before, self.seen, self._looked_epoch, self._hash = operations, seen, seen.epoch, newest.hash
        self._final = final
        self._from = max(self._from, min(final, block - REORGANISED) + 1)
        return head

    def _is_other(self, block: int) -> bool:
        """Whether the block that was looked at last is gone."""
        last = self.seen.block
        if not self._hash:
            return False
        if block < last:
            return True
        found = self._contracts.chain.rpc.call("eth_getBlockByNumber", hex(last), False)
        return isinstance(found, dict) and found.get("hash") != self._hash

    # events --------------------------------------------------------------------------------------------------------

    def _read(self, block: int) -> tuple[Operation, ...]:
        """Operations on the sequence up to this block; beside them what is demanded and lost."""
        contracts, me = self._contracts, topic_of_address(self._me)
        found: list[tuple[tuple[int, int], Operation]] = []
        for event in self._logs(contracts.deals, [self._topic(contracts.deals, "ShardAccepted"), None, me], block):
            found.append((_place(event), self._appended(event)))
        for event in self._logs(contracts.market, [self._topic(contracts.market, "Cleared"), me], block):
            found.append((_place(event), Cleared(event.number, int(event.topics[2], 16))))
        older = [item for item in self._operations if item[0][0] < self._from]
        self._operations = older + sorted(found, key=lambda item: item[0])
        self.mine = {}
        ordinal = 0
        for _, operation in self._operations:
            if isinstance(operation, Cleared):
                self.mine.pop(operation.ordinal, None)
            else:
                self.mine[ordinal] = operation.shard
                ordinal += 1
        topic = self._topic(contracts.repairs, "Demanded")
        self._note(self._demanded, self._logs(contracts.repairs, [topic], block))
        if self._repairs:
            self._note(self._lost, self._logs(contracts.deals, [self._topic(contracts.deals, "ShardLost")], block))
        return tuple(operation for _, operation in self._operations)

    def _logs(self, contract: Any, topics: list[Topic], block: int) -> list[Event]:
        found = find_logs(self._contracts.chain.client, contract.address, topics, self._from)
        return [event for event in found if event.number <= block]

    @staticmethod
    def _topic(contract: Any, name: str) -> str:
        topic: bytes = contract.interface.event(name).topic
        return "0x" + topic.hex()

    def _appended(self, event: Event) -> Appended:
        deals = self._contracts.deals
        log = deals.interface.read_log(deals.address, event.topics, event.data)
        assert log is not None  # its topic was asked for
        said = log.args
        return Appended(event.number, ShardId(bytes(said["deal"]), said["index"]), bytes(said["shard"]), said["leaves"])

    @staticmethod
    def _note(into: dict[ShardId, int], events: Iterable[Event]) -> None:
        """Deal and index are the first two topics of these events."""
        for event in events:
            into[ShardId(bytes.fromhex(event.topics[1][2:]), int(event.topics[2], 16))] = event.number

    # views ---------------------------------------------------------------------------------------------------------

    def _epoch(self, block: int, time: int) -> Seen:
        contracts, epoch = self._contracts, self._contracts.epoch_at(time)
        market = contracts.market
        wanted = [
            (market.seed_of, (epoch,)),
            (market.proofs_until, (epoch,)),
            (market.proven, (self._me, epoch, epoch + 1)),
            (market.ledger, (self._me,)),
        ]
        seed, until, proven, ledger = contracts.ask(block, wanted)
        seed = bytes(seed) if any(seed) else b""
        return Seen(block, time, epoch, seed, until, bool(proven), Ledger(*ledger), dict(self.seen.states))

    def _look_at_shards(self, seen: Seen, *, anew: bool) -> None:
        """Where the shards stand that this provider stores: new ones, and all when an epoch begins."""
        mine = set(self.mine.values())
        seen.states = {} if anew else {shard: state for shard, state in seen.states.items() if shard in mine}
        asked = sorted(mine - seen.states.keys())
        deals = self._contracts.deals
        found = self._contracts.ask(seen.block, [(deals.shard, (shard.deal, shard.index)) for shard in asked])
        seen.states |= {shard: Shard.of(state) for shard, state in zip(asked, found, strict=True) if state}

    def _head(self, seen: Seen, final: int, operations: tuple[Operation, ...]) -> Head:
        kept = next(
            (at for at, (old, new) in enumerate(zip(self._before, operations, strict=False)) if old != new),
            min(len(self._before), len(operations)),
        )
        return Head(
            seen.block, seen.time, final, kept, operations[kept:], tuple(self._offers(seen)), tuple(self._owed(seen)),
            tuple(self._demands(seen)), tuple(self._ended(seen)), tuple(self._vacancies(seen)),
        )  # fmt: skip

    def drawn(self, seen: Seen) -> int:
        """Leaves that the epoch under way asks of this provider; 0 when it gave the epoch up."""
        ledger = seen.ledger
        if ledger.epoch == seen.epoch:
            return 0 if ledger.given_up else ledger.drawn_from
        return ledger.stored

    def _owed(self, seen: Seen) -> list[Challenge]:
        drawn = self.drawn(seen)
        if not seen.seed or not drawn or seen.is_proven or seen.until < seen.time:
            return []
        return [Challenge(seen.epoch, seen.seed, drawn, seen.until - self._contracts.window, seen.until)]

    def _ended(self, seen: Seen) -> list[int]:
        """What may be cleared now without giving a proof up."""
        last = self._contracts.last_second(seen.epoch)
        may_ask = seen.time + self._contracts.window <= last if not seen.until else seen.time <= seen.until
        if self.drawn(seen) and not seen.is_proven and may_ask:
            return []
        found = []
        for ordinal, shard in self.mine.items():
            state = seen.states.get(shard)
            if state is None:
                continue
            is_mine = state.provider.lower() == self._me and state.ordinal == ordinal
            if not is_mine or (state.start <= seen.epoch and state.end <= seen.epoch):
                found.append(ordinal)
        return found

    def _demands(self, seen: Seen) -> list[Demand]:
        mine = set(self.mine.values())
        asked = [shard for shard in self._demanded if shard in mine]
        repairs = self._contracts.repairs
        found = self._contracts.ask(seen.block, [(repairs.demand_of, (item.deal, item.index)) for item in asked])
        demands = []
        for shard, (_, provider, leaf, until) in zip(asked, found, strict=True):
            if until and provider.lower() == self._me:
                number = keccak256(shard.deal + word(shard.index) + word(until))[:6]
                demands.append(Demand(int.from_bytes(number, "big"), shard, leaf, until))
            elif self._demanded[shard] < self._from:
                del self._demanded[shard]  # answered, or ended, for good
        return demands

    # offers --------------------------------------------------------------------------------------------------------

    def _offers(self, seen: Seen) -> list[Offer]:
        mine = set(self.mine.values())
        handed = [item for item in self._records.handed() if item.shard not in mine]
        contracts = self._contracts
        wanted = []
        for item in handed:
            shard = (item.shard.deal, item.shard.index)
            wanted += [(contracts.deals.deal, shard[:1]), (contracts.deals.shard, shard)]
            wanted.append((contracts.repairs.proposal_of, shard))
        found = contracts.ask(seen.block, wanted)
        offers = []
        for at, item in enumerate(handed):
            deal, state, proposal = found[3 * at : 3 * at + 3]
            if deal is not None and (offer := self._offer(seen, item, DealState.of(deal), Shard.of(state), proposal)):
                offers.append(offer)
        return offers

    def _offer(
        self, seen: Seen, item: Handed, deal: DealState, state: Shard, proposal: tuple[str, str]
    ) -> Offer | None:
        """What a deal asks of this provider now; None when it is nobody's to take any more."""
        shard, known = item.shard, self._records.known(item.shard.deal)
        seen.deals[shard.deal] = deal
        if known is None or deal.closed or deal.end <= seen.epoch + 1:
            return None
        named = known.named[shard.index]
        if not item.signed and self._prices.refuses(deal, named.leaves):  # by what the operator says now
            return None
        if state.state is State.FREE and named.provider.lower() == self._me and seen.epoch <= deal.accept_by:
            last = self._contracts.last_second(deal.accept_by)
            return Offer(shard, named.root, named.leaves, last, item.signed)
        by, to = (account.lower() for account in proposal)
        keeper = deal.client if state.state is State.FREE else state.provider
        if to == self._me and by == keeper.lower() and state.state in (State.FREE, State.STORED):
            if state.state is State.FREE and seen.epoch <= deal.accept_by:
                return None
            seen.proposed.add(shard)
            return Offer(shard, named.root, named.leaves, self._contracts.last_second(deal.end - 2))
        return None

    # repairs -------------------------------------------------------------------------------------------------------

    def _vacancies(self, seen: Seen) -> list[Vacancy]:
        asked = list(self._lost)
        contracts = self._contracts
        wanted = []
        for item in asked:
            key = (item.deal, item.index)
            wanted += [(contracts.deals.deal, key[:1]), (contracts.deals.shard, key)]
            wanted.append((contracts.repairs.repair_of, key))
        found = contracts.ask(seen.block, wanted)
        vacancies = []
        for at, shard in enumerate(asked):
            deal, state, repair = found[3 * at : 3 * at + 3]
            is_open = deal is not None and Shard.of(state).state in (State.LOST, State.MENDED)
            if is_open and not DealState.of(deal).closed and DealState.of(deal).end > seen.epoch + 1:
                vacancies += self._vacancy(seen, shard, DealState.of(deal), Shard.of(state), repair)
            elif self._lost[shard] < self._from:
                del self._lost[shard]
        return vacancies

    def unknown(self) -> list[bytes]:
        """Deals with lost shards of which nobody has told this node the shards."""
        return sorted({shard.deal for shard in self._lost if self._records.known(shard.deal) is None})

    def _vacancy(
        self, seen: Seen, shard: ShardId, deal: DealState, state: Shard, repair: tuple[str, int, int]
    ) -> list[Vacancy]:
        known = self._records.known(shard.deal)
        if known is None or self._prices.refuses(deal, known.named[shard.index].leaves):
            return []
        named, (repairer, begun, _) = known.named[shard.index], repair
        if state.state is State.LOST:
            return [Vacancy(shard, named.root, named.leaves, deal.masked, "", 0, b"")]
        until = self._contracts.last_second(begun + TURN)
        seed = b""
        if repairer.lower() == self._me:
            seed = self._seed_after(seen, shard, begun)
        elif begun + TURN < seen.epoch:
            repairer = ""  # its time is over: `reserve_repair` ends it
        return [Vacancy(shard, named.root, named.leaves, deal.masked, repairer.lower(), until, seed)]

    def _seed_after(self, seen: Seen, shard: ShardId, begun: int) -> bytes:
        epochs = range(begun + 1, seen.epoch + 1)
        seeds = self._contracts.ask(seen.block, [(self._contracts.market.seed_of, (epoch,)) for epoch in epochs])
        for epoch, seed in zip(epochs, seeds, strict=True):
            if any(seed):
                seen.draws[shard] = epoch
                return bytes(seed)
        return b""


def _place(event: Event) -> tuple[int, int]:
    return event.number, event.index
