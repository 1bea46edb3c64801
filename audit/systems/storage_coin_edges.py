"""The storage contracts over other coins, with amounts of one wei, with other repairs, with signatures in every form,
and for what there is not.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from typing import Any

from audit.systems._hub_edges import way
from audit.systems._storage import BUFFER, EVIDENCE, HORIZON, SECONDS, WINDOW, hashed, hashed_seed, stream
from audit.systems._storage_edges import StorageEdgeSystem, edge
from audit.systems._wallet_signatures import forms
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import ACCEPTANCE
from keifu.chain import created_address
from keifu.spec.storage import deal_leaf, deal_root, root
from keifu.units import COIN

__all__ = ["StorageCoinEdges"]

MOST = 2**64 - 1  # of a field of a ledger


class StorageCoinEdges(StorageEdgeSystem):
    """Short ways of markets with a coin that takes a fee, one that answers nothing or calls back; tips, fees and misses
    of one wei; deals or repairs that are a person; and deals that nobody opened."""

    def open(self) -> None:
        super().open()
        client = self["client"]
        for name, coin in (("fee", "FeeToken"), ("quiet", "QuietToken"), ("hook", "HookToken")):
            maker = self.evm.account(f"maker of {name}")
            self.bind(**{name: self.evm.deploy(coin, sender=maker)})
            repairs = created_address(maker.address, 3)
            self.opens_market(name, self.contract(name), repairs, BUFFER)
            self.bind(**{f"{name}_repairs": self.evm.deploy("StorageRepairs", self[f"{name}_deals"], 1, sender=maker)})
            assert self[f"{name}_repairs"] == repairs, "the set-up knows another address"
            self.contract(name).mint(client, 100 * COIN, sender=maker)
            for spender in ("market", "deals", "repairs"):
                self.contract(name).approve(self[f"{name}_{spender}"], 100 * COIN, sender=client)
        thrifty = self.evm.deploy("StorageRepairs", self.contract("deals"), 1, sender=maker)
        self.bind(thrifty=thrifty)
        self.contract("token").approve(thrifty, 10, sender=client)
        self.opens_market("own", self.contract("token"), self["watcher"], 8)
        self.contract("token").approve(self["own_deals"], COIN, sender=client)
        for name in ("hook", "own"):
            self.contract("hub").list_service(self[f"{name}_market"], HORIZON, 4, sender=self.owner)
            self.contract("hub").lock(self[f"{name}_market"], self["provider"], 10 * COIN, sender=self["provider"])
        self.opens_wide(maker)

    def opens_wide(self, maker: Any) -> None:
        """A market to which a person speaks as its deals, and a lock there of more than 2^64 gwei."""
        coin, provider = self.contract("hook"), self["provider"]
        hub = self.evm.deploy("StakingHub", *self.arguments(coin), sender=self.owner)
        terms = (coin, hub, self.market_terms[2], self["watcher"], SECONDS, WINDOW, 1, 1)
        market = self.evm.deploy("StorageMarket", *terms, sender=maker)
        self.bind(wide_hub=hub, wide_market=market)
        hub.list_service(market, HORIZON, 4, sender=self.owner)
        hub.register_operator(0, "", sender=provider)
        coin.mint(provider, 2**95, sender=maker)
        coin.approve(hub, 2**95, sender=provider)
        hub.lock(market, provider, 2**95, sender=provider)

    def stores(self, *entries: tuple[int, int, int], fails: str | None = None) -> Any:
        """Said by the person: words of the sequence, price and gwei of damages, until epoch 9."""
        entered = [(*entry, 9) for entry in entries]
        args = (self["stranger"], self["provider"], entered)
        return self.tx("wide_market.store", *args, sender=self["watcher"], fails=fails)

    def opens_market(self, name: str, token: Any, repairs: str, buffer: int) -> None:
        """A market and its deals, by an account that makes the market next but `token`."""
        maker = self.evm.account(f"maker of {name}")
        deals = created_address(maker.address, 1 if name == "own" else 2)
        terms = (token, *self.market_terms[1:3], deals, SECONDS, WINDOW, buffer, 1)
        market = self.evm.deploy("StorageMarket", *terms, sender=maker)
        made = self.evm.deploy("StorageDeals", market, repairs, self.channels, sender=maker)
        assert made.address == deals, "the set-up knows another address"
        self.bind(**{f"{name}_market": market, f"{name}_deals": made})

    def stores_one(self, name: str, leaves: int = 1) -> Any:
        """A deal of the provider's at another market; its place, and what its root says."""
        provider, data = self["provider"], stream(name, leaves)
        named = [(provider, root(hashed(data)), leaves)]
        terms = (deal_root(named), 1, 1, 1, 1, 20, False, bytes(32))
        deal = yield self.tx(f"{name}_deals.open", *terms, sender=self["client"])
        yield self.tx(f"{name}_deals.accept", (deal, 0, *named[0][1:], []), sender=provider)
        return (deal, 0), (*named[0], [])

    def opens_one(self, name: str, fails: str | None = None) -> Any:
        terms = (bytes(32), 1, 1, 1, 1, 6, False, bytes(32))
        return self.tx(f"{name}_deals.open", *terms, sender=self["client"], fails=fails)

    @way()
    def a_coin_that_takes_a_fee(self, who: str) -> Steps:
        yield self.opens_one("fee", "deals: token takes a fee")
        yield self.tx("fee_market.fund_tips", COIN, sender=self["client"], fails="transfer: token takes a fee")
        yield self.tx("fee.set_refuses", True, sender=who)
        yield self.opens_one("fee", "deals: coins were refused")
        yield self.tx("fee_market.fund_tips", 1, sender=self["client"], fails="transfer: refused")

    @way(Choice((1, 2)))
    def tips_of_a_wei(self, who: str, wei: int) -> Steps:
        """Of a coin that answers nothing; paid by anybody's call and by one's own."""
        yield self.tx("quiet_market.fund_tips", wei, sender=self["client"])
        number = yield self.tx("quiet_market.open_epoch", 1, sender=self["watcher"])
        yield self.tx("randomness.put", int.from_bytes(number, "big"), hashed_seed(0), sender=who)
        yield self.tx("quiet_market.see_seed", 1, sender=self["stranger"])
        assert self.ask("quiet_market.credits", self["stranger"]) == wei - 1, "STO-6"
        yield self.tx("quiet_market.pay", self["watcher"], sender=who)
        yield self.tx("quiet_market.pay", self["watcher"], sender=who, fails="payouts: nothing to pay")
        held = (self.ask("quiet.balanceOf", self["watcher"]), self.ask("quiet.balanceOf", self["quiet_market"]))
        assert held == (1, wei - 1), "STO-1"

    @way()
    def a_deal_in_another_coin(self, who: str) -> Steps:
        """Its escrow comes back to the wei when nobody took it."""
        deal = yield self.opens_one("quiet")
        assert self.ask("quiet.balanceOf", self["quiet_market"]) == 4 * 10**9, "STO-1"
        self.goes(2)
        yield self.tx("quiet_deals.refund", deal, [0], sender=who)
        yield self.tx("quiet_market.withdraw", who, sender=self["client"])
        assert self.ask("quiet.balanceOf", self["quiet_market"]) == 0, "STO-1"

    @way(Choice((False, True)))
    def a_demand_for_a_wei(self, who: str, answered: bool) -> Steps:
        """At repairs that the deals do not know: it goes back, or to the provider."""
        shard = self.shard
        place, named = (shard.deal.id, shard.index), shard.deal.shown(shard.index)
        yield self.tx("thrifty.demand", *place, named, 0, sender=self["client"])
        creditor = self["provider"] if answered else self["client"]
        if answered:
            yield self.tx("thrifty.answer", *place, named, *self.leaf_of(shard, 0), sender=who)
        else:
            self.goes(shard.last.end + EVIDENCE)
            yield self.tx("thrifty.end_demand", *place, sender=who)
        before = self.stored(creditor)
        yield self.tx("thrifty.pay", creditor, sender=who)
        assert self.stored(creditor) == before + 1, "STO-14"
        yield self.tx("thrifty.withdraw", who, sender=creditor, fails="payouts: nothing to pay")

    @way()
    def a_coin_that_calls_back(self, who: str) -> Steps:
        """More or fewer coins than were asked for are no fee of a demand."""
        place, named = yield from self.stores_one("hook")
        mint = self.contract("hook").mint.encode(self["hook_repairs"], 1)
        yield self.tx("hook.arm", self["hook"], mint, sender=who)
        demand = ("hook_repairs.demand", *place, named, 0)
        yield self.tx(*demand, sender=self["client"], fails="transfer: token takes a fee")
        yield self.tx("hook.arm", ZERO_ADDRESS, b"", sender=who)
        yield self.tx(*demand, sender=self["client"])

    @way(Choice((0, 1)))
    def a_miss_of_a_wei(self, who: str, leaves: int) -> Steps:
        """A buffer of eight wei a leaf, an eighth of it for the second miss."""
        yield from self.stores_one("own", 1 + leaves)
        for epoch in (2, 3):
            self.goes(epoch)
            number = int.from_bytes((yield self.tx("own_market.open_epoch", epoch, sender=who)), "big")
            yield self.tx("randomness.put", number, hashed_seed(number), sender=who)
            yield self.tx("own_market.see_seed", epoch, sender=who)
        self.goes(4)
        yield self.tx("own_market.settle", self["provider"], sender=who)
        taken = 1 + leaves
        self.emitted("own_market.Missed", provider=self["provider"], misses=2, taken=taken)
        assert self.ask("hub.lock_of", self["own_market"], self["provider"]) == 10 * COIN - taken, "STO-7"

    @way(Choice((False, True)))
    def what_repairs_may_not_do(self, who: str, over: bool) -> Steps:
        """STO-13: nobody takes over what nobody reserved, whatever the repairs say."""
        place, named = yield from self.stores_one("own")
        repairs, client = self["watcher"], self["client"]
        yield self.tx("own_deals.lose_unanswered", *place, who, sender=repairs)
        if over:
            yield self.tx("own_deals.refund", place[0], [0], sender=client)
        take = ("own_deals.take_over", *place, self["provider"], named)
        yield self.tx(*take, sender=repairs, fails="deals: shard is not under repair")

    # widths of a ledger -----------------------------------------------------------------------------------------------

    @way(Choice((0, 1)))
    def leaves_of_64_bits(self, who: str, more: int) -> Steps:
        full = "storage: sequence is full" if more else None
        yield self.stores((1 << 64 | MOST - 1, 0, 0), (2 << 64 | 1 + more, 0, 0), fails=full)
        assert self.answer_of("wide_market.ledger", self["provider"])[0] == (0 if more else MOST), "STO-4"
        yield self.tx("wide_market.settle", self["provider"], sender=who)

    @way(Choice((0, 1)))
    def damages_of_64_bits(self, who: str, more: int) -> Steps:
        small = "storage: lock too small" if more else None
        yield self.stores((1 << 64 | 1, 0, MOST - 1), (2 << 64 | 1, 0, 1 + more), fails=small)
        assert self.answer_of("wide_market.ledger", self["provider"])[8] == (0 if more else MOST), "STO-3"
        yield self.tx("wide_market.settle", self["provider"], sender=who)

    @way()
    def whose_ledger_it_is(self, who: str) -> Steps:
        """STO-3: the provider's, not that of whoever has it settled; and its peak is the word that was stored."""
        provider, other = self["provider"], self["stranger"]
        yield self.stores((1, 2, 3))
        yield self.tx("wide_market.prolong", other, provider, 2, 3, 9, 12, sender=self["watcher"])
        wanted = (1, 0, 1, 1, 0, 0, 0, False, 3, 0, 2, 0)
        assert tuple(self.answer_of("wide_market.ledger", provider)) == wanted, "STO-3"
        assert tuple(self.answer_of("wide_market.ledger", other)) == (0,) * 7 + (False, 0, 0, 0, 0), "STO-3"
        assert self.ask("wide_market.peak", provider, 0) == 1, "STO-4"
        self.goes(2)
        yield self.tx("wide_market.clear", provider, [(0, [1])], sender=self["watcher"])
        assert self.ask("wide_market.peak", provider, 0) == 0, "STO-4"

    # deals ------------------------------------------------------------------------------------------------------------

    @edge(Choice(range(4)))
    def signatures_in_every_form(self, who: str, later: int) -> Steps:
        """As wallets send them, under both domains; and forms that count nowhere."""
        deal = yield from self.opens(1)
        provider, node, leaves = deal.named[0]
        deadline = self.now + later
        said = (deal.id, 0, self.token_of(deal), deal.price, deal.restitution, deal.end, deadline)
        signer, stranger = self.signers[provider], self.signers[self["stranger"]]
        for signature, counts in forms(self.domain, signer, stranger, ACCEPTANCE, *said):
            if len(signature) > 65:
                continue
            reason = None if counts else "deals: not the provider's key"
            with self.evm.anchor():
                given = [(provider, node, leaves, deadline, signature)]
                yield self.tx("deals.accept_signed", deal.id, given, sender=who, fails=reason)
        yield from self.accept_signed(who, deal.shards[0], "leaves")
        yield from self.accept_signed(who, deal.shards[0], "")
        assert deal.shards[0].tenures, "STO-2"

    @way()
    def what_there_is_not(self, who: str) -> Steps:
        """STO-1: a deal that nobody opened, and shards beyond the last one of a deal."""
        nothing, deal = b"\1" * 32, self.promised[1]
        assert self.refuses("deals.deal", nothing), "STO-1: a deal that nobody opened"
        calls: dict[str, Any] = {"refund": [0], "close": [], "renew": 30, "transfer_deal": who, "prolong": 0}
        for function, argument in calls.items():
            yield self.tx(f"deals.{function}", nothing, argument, sender=who, fails="deals: no such deal")
        self.goes(deal.accept_by + 1)
        for index in (len(deal.shards), len(deal.shards) + 1, 2**255):
            yield self.tx("deals.refund", deal.id, [index], sender=who, fails="deals: no such shard")
        yield self.tx("deals.refund", deal.id, [], sender=who)

    @way(Choice((0, 1, 2)))
    def a_root_of_another_place(self, who: str, index: int) -> Steps:
        """STO-2: a deal of one shard has none but the first, whatever its root names."""
        provider = self["provider"]
        leaf = deal_leaf(index, provider, bytes(32), 1)
        deal = yield self.tx("deals.open", leaf, 1, 1, 1, 1, 6, False, bytes(32), sender=self["client"])
        is_named = self.ask("deals.is_named", deal, index, (provider, bytes(32), 1, []))
        assert is_named == (index == 0), "STO-2"
        reason = "deals: not in the deal" if index else None
        yield self.tx("deals.accept", (deal, index, bytes(32), 1, []), sender=provider, fails=reason)
