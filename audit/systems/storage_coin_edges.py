"""The storage contracts over other coins, and with amounts of one wei.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from typing import Any

from audit.systems._hub_edges import way
from audit.systems._storage import BUFFER, EVIDENCE, SECONDS, WINDOW, hashed_seed
from audit.systems._storage_edges import StorageEdgeSystem
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.chain import created_address
from keifu.units import COIN

__all__ = ["StorageCoinEdges"]


class StorageCoinEdges(StorageEdgeSystem):
    """Short ways of markets with a coin that takes a fee, one that answers nothing, and tips and fees of one wei."""

    def open(self) -> None:
        super().open()
        client = self["client"]
        for name, coin in (("fee", "FeeToken"), ("quiet", "QuietToken")):
            maker = self.evm.account(f"maker of {name}")
            token = self.evm.deploy(coin, sender=maker)
            places = [created_address(maker.address, number) for number in (2, 3)]
            terms = (token, *self.market_terms[1:3], places[0], SECONDS, WINDOW, BUFFER, 1)
            market = self.evm.deploy("StorageMarket", *terms, sender=maker)
            deals = self.evm.deploy("StorageDeals", market, places[1], sender=maker)
            repairs = self.evm.deploy("StorageRepairs", deals, 1, sender=maker)
            assert [deals.address, repairs.address] == places, "the set-up knows another address"
            self.bind(**{name: token, f"{name}_market": market, f"{name}_deals": deals, f"{name}_repairs": repairs})
            token.mint(client, 100 * COIN, sender=maker)
            for spender in (market, deals):
                token.approve(spender, 100 * COIN, sender=client)
        thrifty = self.evm.deploy("StorageRepairs", self.contract("deals"), 1, sender=maker)
        self.bind(thrifty=thrifty)
        self.contract("token").approve(thrifty, 10, sender=client)

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
