"""What a node is paid in other tokens than the coin: it names its prices, collects what it has proven, and pays it out.

Gas is worth it for so many proven epochs as the operator says, or at the end of a deal's shards here. Every call has an
id that follows from what it is for, and the contract credits each epoch once: whatever becomes of the process, nothing
is lost, and nothing paid twice.
"""

from __future__ import annotations

from collections import defaultdict

from ethwire.keys import checksum
from keifu.chain.logs import find_events
from keifu.chain.sender import Sender
from keifu.chain.sender import State as Sent
from keifu.node.alerts import Alerts
from keifu.node.attempts import Attempts
from keifu.node.sections import StorageWork
from keifu.node.storage.contracts import Contracts
from keifu.node.storage.prices import Prices
from keifu.node.storage.records import Records
from keifu.node.storage.seeing import Seen
from keifu.storage.provider.messages import ShardId
from keifu.storage.states import DealState, Shard, State

__all__ = ["Paid"]


class Paid:
    """Of the thread of the rounds. `earned` are smallest units that are not withdrawn, by token."""

    def __init__(
        self,
        contracts: Contracts,
        records: Records,
        sender: Sender,
        settings: StorageWork,
        prices: Prices,
        alerts: Alerts,
    ) -> None:
        self._contracts, self._records, self._settings, self._prices = contracts, records, settings, prices
        self._attempts, self._alerts = Attempts(sender), alerts
        self._me = contracts.account.address
        self._receiver = settings.receiver or self._me
        self._deals: dict[bytes, DealState] = {}
        self._epoch = 0
        self.earned: dict[str, int] = {}

    def begin(self, block: int) -> None:
        """Say on the chain which tokens are taken, and for how much, where that changed."""
        for token, fault in self._prices.faults.items():
            self._alerts.tell(f"token {token} {fault}", fault)
        deals, named = self._contracts.deals, self._named()
        wanted = self._prices.named if self._settings.url else {}
        for token in sorted(named.keys() | wanted.keys()):
            price = wanted.get(token, 0)
            if named.get(token, 0) != price:
                data = deals.name_price.encode(token, price)
                self._attempts.send(f"price {token} {price} at {block}", deals.address, data)

    def _named(self) -> dict[str, int]:
        """What it said last, by token."""
        chain, deals = self._contracts.chain, self._contracts.deals
        logs = find_events(chain.client, deals, "PriceNamed", chain.record.first_block, provider=self._me)
        return {log.args["token"].lower(): log.args["price"] for log in logs}

    def step(self, seen: Seen) -> None:
        """What is due in a new epoch. Raises RpcError."""
        if seen.epoch == self._epoch:
            return
        self._note(seen)
        due, stored = self._collect(seen)
        self._withdraw(seen, due, stored)
        self._epoch = seen.epoch

    def _note(self, seen: Seen) -> None:
        """Shards of this provider that another token pays for: they are looked after until all is collected."""
        mine = [shard for shard, state in seen.states.items() if self._is_mine(state)]
        self._ask_deals(seen, {shard.deal for shard in mine})
        for shard in mine:
            deal = self._deals.get(shard.deal)
            if deal is not None and not self._prices.is_coin(deal.token):
                self._records.owe(shard, deal.token)

    def _ask_deals(self, seen: Seen, wanted: set[bytes]) -> None:
        """Token and price of a deal never change."""
        asked = sorted(wanted - self._deals.keys())
        found = self._contracts.ask(seen.block, [(self._contracts.deals.deal, (deal,)) for deal in asked])
        self._deals |= {deal: DealState.of(said) for deal, said in zip(asked, found, strict=True) if said is not None}

    def _is_mine(self, state: Shard) -> bool:
        return state.state is State.STORED and state.provider == self._me.lower()

    def _collect(self, seen: Seen) -> tuple[dict[str, int], dict[str, int]]:
        """Smallest units that are proven and not credited, by token; and the lowest price of what is stored in it."""
        deals, owed = self._contracts.deals, self._records.owed()
        self._ask_deals(seen, {shard.deal for shard in owed})
        views = [(deals.shard, (shard.deal, shard.index)) for shard in owed]
        states = {
            shard: Shard.of(said)
            for shard, said in zip(owed, self._contracts.ask(seen.block, views), strict=True)
            if said is not None
        }
        mine: dict[bytes, list[ShardId]] = defaultdict(list)
        for shard, state in states.items():
            if self._is_mine(state):
                mine[shard.deal].append(shard)
            else:  # it went to another, or is settled: what was proven is credited by that
                self._records.settle(shard)
        calls = [(deals.collect, (deal, [shard.index for shard in shards])) for deal, shards in mine.items()]
        due: dict[str, int] = defaultdict(int)
        stored: dict[str, int] = {}
        for (deal, shards), units in zip(mine.items(), self._contracts.ask(seen.block, calls), strict=True):
            terms, amount = self._deals[deal], units or 0
            due[terms.token] += amount
            is_over = all(states[shard].end <= seen.epoch for shard in shards)
            if not is_over:
                stored[terms.token] = min(terms.price, stored.get(terms.token, terms.price))
            if amount and (is_over or amount >= terms.price * self._settings.collect_epochs):
                data = deals.collect.encode(deal, [shard.index for shard in shards])
                self._attempts.send(f"collect {deal.hex()} {seen.epoch}", deals.address, data)
            elif is_over:
                for shard in shards:
                    self._records.settle(shard)
        return due, stored

    def _withdraw(self, seen: Seen, due: dict[str, int], stored: dict[str, int]) -> None:
        """What is credited, once it is the pay of as many epochs of one shard, or nothing is stored for it any more."""
        deals = self._contracts.deals
        tokens = self._records.tokens()
        credits = self._contracts.ask(seen.block, [(deals.token_credits, (self._me, token)) for token in tokens])
        self.earned = {}
        for token, credit in zip(tokens, credits, strict=True):
            self.earned[token] = credit + due.get(token, 0)
            if credit and credit >= stored.get(token, 0) * self._settings.collect_epochs:
                self._look_back(token, seen.epoch - 1)
                what = f"withdraw {token} {seen.epoch}"
                self._attempts.send(what, deals.address, deals.withdraw_token.encode(token, self._receiver))

    def _look_back(self, token: str, epoch: int) -> None:
        """A token that refuses harms nobody but whom it would pay: its owner hears of it once."""
        last = self._attempts.last(f"withdraw {token} {epoch}")
        if last is not None and last.state in (Sent.FAILED, Sent.REFUSED):
            text = f"token {checksum(token)} refuses to pay what was earned: {last.reason or 'without a reason'}"
            self._alerts.tell(f"refuses {token}", text)
