"""What a provider sends beside its core's calls: its offer, the epoch's seed, longer promises, and its pay.

Each is an intent whose id follows from what it is for, so it is sent once, whatever becomes of the process.
"""

from __future__ import annotations

from ethwire.rpc import quantity
from keifu.chain.header import header_of, header_rlp
from keifu.chain.logs import find_logs, topic_of_address
from keifu.chain.sender import Sender
from keifu.errors import RpcError
from keifu.node.alerts import Alerts
from keifu.node.attempts import Attempts
from keifu.node.sections import StorageWork
from keifu.node.storage.contracts import Contracts
from keifu.node.storage.prices import Prices
from keifu.node.storage.records import Records
from keifu.node.storage.seeing import Seen
from keifu.node.storage.turns import Turns
from keifu.storage.provider.messages import ShardId
from keifu.storage.states import GWEI, DealState

__all__ = ["Duties"]

ENOUGH = 2**256 - 1  # an allowance for bonds, that is never used up
PROLONG_EPOCHS = 3  # before a shard's end in which it is prolonged


class Duties:
    """Of the thread of the rounds."""

    def __init__(
        self,
        contracts: Contracts,
        records: Records,
        sender: Sender,
        settings: StorageWork,
        prices: Prices,
        alerts: Alerts,
        turns: Turns,
    ) -> None:
        self._contracts, self._records, self._settings, self._alerts = contracts, records, settings, alerts
        self._prices = prices
        self._attempts, self._turns = Attempts(sender), turns
        self._me = contracts.account.address
        self._receiver = settings.receiver or self._me
        self._epoch = 0
        self.dry = ""
        self.earned = 0  # wei, not withdrawn

    def begin(self, block: int) -> None:
        """Say what this node stores for, where that changed; allow bonds to be taken."""
        own, market, contracts = self._settings, self._contracts.market, self._contracts
        offer = (own.price, own.restitution, own.url)
        if own.url and self._offered() != offer:
            self._attempts.send(f"offer at {block}", market.address, market.offer.encode(*offer))
        if own.repairs:
            [allowed] = contracts.ask(block, [(contracts.token.allowance, (self._me, contracts.repairs.address))])
            if allowed < ENOUGH // 2:
                data = contracts.token.approve.encode(contracts.repairs.address, ENOUGH)
                self._attempts.send("allow bonds", contracts.token.address, data)

    def _offered(self) -> tuple[int, int, str] | None:
        """What it said last."""
        market, found = self._contracts.market, None
        topics = ["0x" + market.interface.event("Offered").topic.hex(), topic_of_address(self._me)]
        first = self._contracts.chain.record.first_block
        for event in find_logs(self._contracts.chain.client, market.address, topics, first):
            said = market.interface.read_log(market.address, event.topics, event.data)
            if said is not None:
                found = (said.args["price"], said.args["restitution"], said.args["url"])
        return found

    def step(self, seen: Seen) -> None:
        """What is due now. Raises RpcError."""
        if self._settings.epochs:
            self._seed(seen)
        if seen.epoch != self._epoch:
            self._prolong(seen)
            self._fill(seen)
            self._collect(seen)
            self._epoch = seen.epoch

    # the epoch's seed ----------------------------------------------------------------------------------------------

    def _seed(self, seen: Seen) -> None:
        """Name it, bring it, show it: what nobody else does in time."""
        contracts, epoch = self._contracts, seen.epoch
        if seen.seed or seen.time + contracts.window > contracts.last_second(epoch):
            return
        market = contracts.market
        [number] = contracts.ask(seen.block, [(market.seed_number, (epoch,))])
        if number is None:
            self._turns.send(seen, f"open epoch {epoch}", market.address, market.open_epoch.encode(epoch))
            return
        [seed] = contracts.ask(seen.block, [(contracts.randomness.seed, (number,))])
        if any(seed):
            self._turns.send(seen, f"show seed {epoch}", market.address, market.see_seed.encode(epoch))
        else:
            self._capture(seen, number)

    def _capture(self, seen: Seen, number: int) -> None:
        """Bring the header that fixes a seed, where the source takes one."""
        randomness = self._contracts.randomness
        [source] = self._contracts.ask(seen.block, [(randomness.source, (number,))])
        if source is None or source >= seen.block:
            return
        block = self._contracts.chain.rpc.call("eth_getBlockByNumber", hex(source), False)
        if not isinstance(block, dict) or quantity(block.get("number"), "a block's number") != source:
            raise RpcError(f"no endpoint has block {source}", remedy="wait")
        data = randomness.capture.encode(number, header_rlp(header_of(block)))
        self._turns.send(seen, f"capture {number} at {source}", randomness.address, data)

    # promises ------------------------------------------------------------------------------------------------------

    def _prolong(self, seen: Seen) -> None:
        """Shards that end soon, of deals that were renewed at a price that this node still takes."""
        soon = [
            shard
            for shard, state in seen.states.items()
            if state.provider.lower() == self._me.lower() and seen.epoch < state.end <= seen.epoch + PROLONG_EPOCHS
        ]
        deals = self._contracts.deals
        found = self._contracts.ask(seen.block, [(deals.deal, (shard.deal,)) for shard in soon])
        for shard, terms in zip(soon, found, strict=True):
            if terms is None:  # a reorganisation took the deal away
                continue
            deal, end = DealState.of(terms), seen.states[shard].end
            if not deal.closed and deal.end > end and self._is_worth(deal, shard):
                data = deals.prolong.encode(shard.deal, shard.index)
                self._attempts.send(f"prolong {shard} {end}", deals.address, data)

    def _is_worth(self, deal: DealState, shard: ShardId) -> bool:
        known = self._records.known(shard.deal)
        return known is not None and self._prices.pays(deal, known.named[shard.index].leaves)

    def _fill(self, seen: Seen) -> None:
        """A buffer that is used up: say so when it is filled again, else call the owner."""
        self.dry = ""
        if not seen.ledger.dry:
            return
        contracts, market = self._contracts, self._contracts.market
        wanted = [(market.reserved, (self._me,)), (contracts.hub.lock_of, (market.address, self._me))]
        needed, locked = contracts.ask(seen.block, wanted)
        if needed <= locked:
            self._attempts.send(f"fill {seen.ledger.dry}", market.address, market.top_up.encode(self._me))
            return
        self.dry = f"the penalty buffer is used up since epoch {seen.ledger.dry}: lock {needed - locked} wei more"
        self._alerts.tell(f"dry {seen.ledger.dry}", self.dry)

    # money ---------------------------------------------------------------------------------------------------------

    def _collect(self, seen: Seen) -> None:
        """Pay out what was earned, once it is worth the gas."""
        contracts = self._contracts
        places = (contracts.market, contracts.repairs)
        credits = contracts.ask(seen.block, [(place.credits, (self._me,)) for place in places])
        due = [credits[0] + seen.ledger.earned * GWEI, credits[1]]
        self.earned = sum(due)
        for place, amount in zip(places, due, strict=True):
            if amount and amount >= self._settings.withdraw_above:
                what = f"withdraw {place.address} {seen.epoch}"
                self._attempts.send(what, place.address, place.withdraw.encode(self._receiver))
