"""Terms of endowments whose shards this node stores: it opens the next one when it is time, for the reward, and accepts
one that others opened, though nobody hands its shards over.

Whoever opens a term so names those who store the shards, and for others whom the term before named. So every node of it
knows from the chain alone what the next deal's root names.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import partial
from typing import Any

from ethwire.keys import checksum
from keifu.abi import Contract
from keifu.accounts import proxy_code
from keifu.chain.suite import STORAGE_ENDOWMENT
from keifu.node.logs import Log
from keifu.node.sections import StorageWork
from keifu.node.storage.contracts import Contracts
from keifu.node.storage.handing import Handing
from keifu.node.storage.records import Known, Records
from keifu.node.storage.seeing import Seen
from keifu.node.storage.service import Fault
from keifu.node.storage.turns import Turns
from keifu.storage.deals import Placed
from keifu.storage.provider.messages import ShardId
from keifu.storage.states import DealState, Shard, State, next_named

__all__ = ["Endowed"]


@dataclass
class _Term:
    """The newest that this node stores of an endowment, the first epoch that it does not pay for, and whether no other
    one follows already."""

    endowment: Contract
    deal: bytes
    mine: tuple[int, ...]
    end: int
    is_last: bool


class Endowed:
    """Of the thread of the rounds."""

    def __init__(
        self,
        contracts: Contracts,
        records: Records,
        handing: Handing,
        turns: Turns,
        settings: StorageWork,
        log: Log,
    ) -> None:
        self._contracts, self._records, self._handing, self._turns = contracts, records, handing, turns
        self._least, self._log = settings.term_reward, log
        self._home = contracts.endowments
        self._lead = int(self._home.LEAD()) if self._home else 0
        self._epoch = 0
        self._terms: list[_Term] = []
        self._is_one: dict[str, bool] = {}
        self._taken: set[ShardId] = set()

    def step(self, seen: Seen) -> None:
        """What is due now. Raises RpcError."""
        if self._home is None:
            return
        if seen.epoch != self._epoch:
            self._terms = self._find(seen)
            self._epoch = seen.epoch
            self._taken.clear()  # what was refused may be taken by now: a lock is free when the term before ends
        for term in self._terms:
            if not term.is_last or term.end <= seen.epoch + self._lead:
                self._follow(seen, term)

    def _find(self, seen: Seen) -> list[_Term]:
        """Endowments among the clients of what is stored here, with the newest deal of each."""
        me = self._contracts.account.address.lower()
        mine: dict[bytes, list[int]] = {}
        for shard, held in seen.states.items():
            if held.state is State.STORED and held.provider == me and held.end > seen.epoch:
                mine.setdefault(shard.deal, []).append(shard.index)
        found = self._contracts.ask(seen.block, [(self._contracts.deals.deal, (deal,)) for deal in mine])
        newest: dict[str, tuple[int, bytes]] = {}
        for deal, terms in zip(mine, found, strict=True):
            if terms is not None:  # else a reorganisation took it away
                state = DealState.of(terms)
                newest[state.client] = max(newest.get(state.client, (0, b"")), (state.end, deal))
        self._look_at(newest.keys(), seen.block)
        return [
            self._term(seen, client, deal, end, tuple(mine[deal]))
            for client, (end, deal) in newest.items()
            if self._is_one[client]
        ]

    def _term(self, seen: Seen, client: str, deal: bytes, end: int, mine: tuple[int, ...]) -> _Term:
        endowment = self._contracts.chain.client.at(checksum(client), STORAGE_ENDOWMENT)
        [(_, newest, until, *_)] = self._contracts.ask(seen.block, [(endowment.state, ())])
        is_last = bytes(newest) == deal  # whose end is the endowment's word: anybody may renew its deal
        return _Term(endowment, deal, mine, until if is_last else end, is_last)

    def _look_at(self, clients: Set[str], block: int) -> None:
        """Whether each is a proxy of the suite's contract: others may say what they like."""
        assert self._home is not None
        asked = sorted(clients - self._is_one.keys())
        code = "0x" + proxy_code(self._home.address).hex()
        calls = [("eth_getCode", [address, hex(block)]) for address in asked]
        answers = self._contracts.chain.rpc.agreed_many(calls, lambda answer: answer)
        for address, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Exception):
                raise answer
            self._is_one[address] = answer == code

    def _follow(self, seen: Seen, term: _Term) -> None:
        views = [(term.endowment.state, ()), (term.endowment.plan, ())]
        state, plan = self._contracts.ask(seen.block, views)
        known = self._records.known(term.deal)
        if known is None or state is None:  # nobody said what the deal's root names
            return
        number, deal, until = state[0], bytes(state[1]), state[2]
        named = self._named(seen, term, known)
        if deal != term.deal:
            self._take(term, deal, Known(known.k, named))
        elif until <= seen.epoch + self._lead and plan[5] >= self._least:
            data = term.endowment.open_term.encode([(item.provider, item.root, item.leaves) for item in named])
            self._turns.send(seen, f"open term {number + 1} of {term.endowment.address}", term.endowment.address, data)

    def _named(self, seen: Seen, term: _Term, known: Known) -> tuple[Placed, ...]:
        shards = [(self._contracts.deals.shard, (term.deal, index)) for index in range(len(known.named))]
        states = [Shard.of(state) if state else None for state in self._contracts.ask(seen.block, shards)]
        return tuple(next_named(known.named, states, term.end))

    def _take(self, term: _Term, deal: bytes, known: Known) -> None:
        """As if the next term's client had handed the shards over, once an epoch. Raises RpcError; the next round goes
        on then."""
        for index in term.mine:
            shard = ShardId(deal, index)
            if shard in self._taken:
                continue
            try:
                self._handing.hand(shard, known, signs=False, answer=partial(self._heard, shard))
            except Fault as refusal:
                self._heard(shard, refusal)
            self._taken.add(shard)

    def _heard(self, shard: ShardId, said: dict[str, Any] | Fault) -> None:
        if isinstance(said, Fault):
            self._log.warning("a term is not taken", shard=str(shard), fault=said.message)
