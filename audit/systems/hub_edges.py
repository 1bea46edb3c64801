"""StakingHub at its edges: bounds to the wei, guards that decide by one, the last generation, the longest schedule.

The coin can be minted here, so that amounts reach what the hub's words can hold. Each action goes a short way of its
own from the same start, and is undone.
"""

from __future__ import annotations

from audit.systems._hub import number
from audit.systems._hub_edges import (
    BPS,
    COMMISSION_NOTICE,
    COUNT,
    EPOCH,
    FIRST,
    HORIZON,
    LOCK,
    LONGEST_HORIZON,
    MOST,
    ODD_MULTIPLE,
    OLD_MULTIPLE,
    UNBONDING,
    way,
)
from audit.systems._hub_edges_coins import EdgeCoins
from ethwire.abi import encode_args
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.keys import keccak256
from keifu.spec.staking import RAISE_NOTICE
from keifu.units import COIN

__all__ = ["HubEdges"]

HALVES = 3  # of an unbonding period, until any ticket has matured


class HubEdges(EdgeCoins):
    """Short ways to places where one more, or one less, decides."""

    # amounts ----------------------------------------------------------------------------------------------------------

    @way()
    def fullest_lock(self, who: str) -> Steps:
        """A lock takes what a word holds, and not a wei more."""
        args = self["service"], self["operator"]
        yield self.hub("lock", *args, MOST - LOCK, sender="stranger")
        yield self.hub("lock", *args, 1, sender="stranger", fails="hub: amount too large")

    @way()
    def fullest_fees(self, who: str) -> Steps:
        yield self.hub("reward", self["operator"], MOST, sender="stranger")
        yield self.hub("reward", self["operator"], 1, sender="stranger", fails="hub: amount too large")

    @way()
    def fullest_emission(self, who: str) -> Steps:
        """An epoch emits what a word holds, and not a wei more."""
        yield self.hub("fund_emission", COUNT * MOST, sender="stranger")
        yield self.hub("fund_emission", COUNT, sender="stranger", fails="hub: amount too large")

    @way()
    def widest_weights(self, who: str) -> Steps:
        """Neither what an operator bound, nor what that carries, nor the weight of all of them is more than a word."""
        too_large = "hub: amount too large"
        for operator in ("operator", "other operator"):
            yield self.hub("lock", self["service"], self[operator], MOST - LOCK, sender="stranger")
        yield self.hub("lock", self["other service"], self["other operator"], 1, sender="stranger")
        yield self.binding("other operator", MOST)
        yield self.hub("bind", self["other operator"], 1, sender="other service", fails=too_large)
        yield self.hub("bind", self["operator"], 1, sender="service", fails=too_large)
        yield self.binding("other operator", 0)
        yield self.binding("operator", MOST)

    @way()
    def widest_exposure(self, who: str) -> Steps:
        yield self.hub("lock", self["service"], self["old operator"], 2**95, sender="stranger")
        yield self.binding("old operator", 2**94 - 1)
        yield self.hub("bind", self["old operator"], 2**94, sender="service", fails="hub: amount too large")

    @way()
    def least_stake(self, who: str) -> Steps:
        yield self.binding("operator", LOCK)
        yield self.stake(COIN - 1, fails="hub: below minimum stake")
        yield self.stake(COIN)

    @way()
    def fullest_pool(self, who: str) -> Steps:
        yield self.binding("operator", 2 * COIN)
        yield self.stake(2 * COIN + 1, fails="hub: pool is full")
        yield self.stake(2 * COIN)

    @way()
    def nothing_is_sent_for_nothing(self, who: str) -> Steps:
        token, stranger = self["token"], self["stranger"]
        yield self.tx("token.arm", token, b"", sender=stranger)
        before = self.ask("token.calls")
        yield self.hub("collect", stranger, 0, sender="stranger")
        assert self.ask("token.calls") == before, "a transfer of no coins"

    @way()
    def nothing_is_nobody_s(self, who: str) -> Steps:
        """Views of what there never was."""
        operator, stranger = self["operator"], self["stranger"]
        yield self.hub("poke", operator, ZERO_ADDRESS, sender="stranger")
        assert self.view("ticket", stranger, int(operator, 16) << 96)[0] == 0
        assert self.view("position", operator, stranger) == (0, 0)

    @way()
    def what_the_log_says(self, who: str) -> Steps:
        """Who paid, staked, left and collected, and how much."""
        operator, stranger, key = self["operator"], self["stranger"], self["delegator"]
        yield self.binding("operator", LOCK)
        epoch = self.view("epoch") + COMMISSION_NOTICE
        yield self.hub("set_terms", BPS, "ipfs://y", sender="operator")
        self.emitted("hub.TermsAnnounced", operator=operator, commission_bps=BPS, epoch=epoch, metadata="ipfs://y")
        yield self.hub("reward", operator, 7, sender="stranger")
        self.emitted("hub.Rewarded", operator=operator, payer=stranger, amount=7)
        yield self.hub("fund_emission", 3 * COUNT + 1, sender="stranger")
        self.emitted("hub.EmissionFunded", payer=stranger, amount=3 * COUNT)
        yield self.stake(2 * COIN)
        self.emitted("hub.Staked", operator=operator, owner=key, amount=2 * COIN, shares=2 * COIN)
        ticket = number((yield self.hub("unstake", operator, COIN, 0, 0, sender="delegator")))
        self.emitted(
            "hub.Unstaked",
            operator=operator,
            owner=key,
            ticket=ticket,
            ticket_owner=key,
            amount=COIN,
            shares=COIN,
        )
        yield self.hub("unlock", operator, 5, COIN, sender="service")
        yield self.hub("collect", stranger, 0, sender="operator")
        self.emitted("hub.Collected", owner=operator, receiver=stranger, amount=5)

    @way()
    def what_the_log_says_of_locks(self, who: str) -> Steps:
        """Who locked, what is bound and what came back; a bound that stays is not said again."""
        service, operator = self["service"], self["operator"]
        yield self.hub("lock", service, operator, 9, sender="stranger")
        self.emitted("hub.Locked", service=service, operator=operator, payer=self["stranger"], amount=9)
        yield self.binding("operator", COIN)
        self.emitted("hub.Bound", service=service, operator=operator, amount=COIN)
        yield self.hub("unlock", operator, 9, COIN, sender="service")
        self.emitted("hub.Unlocked", service=service, operator=operator, amount=9)
        self.emitted("hub.Bound", count=0)
        for multiple, days in ((1, 0), (0, HORIZON // EPOCH)):
            epoch = self.view("epoch") + days if days else 0
            yield self.hub("set_multiple", service, multiple, sender="operator")
            self.emitted("hub.MultipleChanged", service=service, operator=operator, multiple=multiple, epoch=epoch)
        yield self.binding("operator", 0)
        yield self.tx("hub.remove_service", service, sender=self.owner)
        yield self.hub("poke", operator, service, sender="stranger")
        self.emitted("hub.Bound", count=0)

    @way()
    def ticket_is_paid_once(self, who: str) -> Steps:
        operator, key = self["operator"], self["delegator"]
        yield self.binding("operator", LOCK)
        yield self.stake(2 * COIN)
        ticket = number((yield self.hub("unstake", operator, COIN, 0, 0, sender="delegator")))
        self.evm.warp(HALVES * UNBONDING // 2)
        yield self.hub("withdraw", ticket, 0, sender="delegator")
        self.emitted("hub.Withdrawn", operator=operator, owner=key, ticket=ticket, amount=COIN)
        yield self.hub("withdraw", ticket, 0, sender="delegator", fails="hub: no ticket")
        yield self.hub("reward", operator, COIN, sender="stranger")
        self.evm.warp(EPOCH)
        paid = yield self.hub("claim_rewards", operator, self["stranger"], 0, sender="delegator")
        self.emitted("hub.RewardsClaimed", operator=operator, owner=key, receiver=self["stranger"], amount=number(paid))

    @way()
    def token_with_a_fee(self, who: str) -> Steps:
        yield self.tx("fee_hub.list_service", self["service"], HORIZON, 0, sender=self.owner)
        yield self.tx("fee_hub.register_operator", 0, "", sender=self["operator"])
        args = self["service"], self["operator"], COIN
        yield self.tx("fee_hub.lock", *args, sender=self["operator"], fails="transfer: token takes a fee")

    # services ---------------------------------------------------------------------------------------------------------

    @way()
    def greatest_multiple(self, who: str) -> Steps:
        other, too_high = self["other service"], "hub: multiple too high"
        yield self.hub("set_multiple", other, ODD_MULTIPLE + 1, sender="operator", fails=too_high)
        yield self.hub("set_multiple", other, ODD_MULTIPLE, sender="operator")

    @way(Choice((3, OLD_MULTIPLE)))
    def lowering_that_is_withdrawn(self, who: str, raised: int) -> Steps:
        """A raise that counts before a lowering does takes as much of it back as it says, or all of it."""
        slow, old = self["slow service"], self["old operator"]
        yield self.hub("set_multiple", slow, 1, sender="old operator")
        date = self.view("get_lock", slow, old)[6]
        yield self.hub("set_multiple", slow, raised, sender="old operator")
        self.evm.warp(RAISE_NOTICE + EPOCH)
        left = (raised, date) if raised < OLD_MULTIPLE else (0, 0)
        assert self.view("get_lock", slow, old)[2:] == (OLD_MULTIPLE, 0, 0, *left)
        yield self.hub("poke", old, slow, sender="stranger")
        assert self.view("get_lock", slow, old)[2:] == (OLD_MULTIPLE, 0, 0, *left)
        self.evm.warp(LONGEST_HORIZON)
        assert self.view("get_lock", slow, old)[2] == raised

    @way()
    def lock_for_nobody(self, who: str) -> Steps:
        args = self["service"], self["stranger"], COIN
        yield self.hub("lock", *args, sender="stranger", fails="hub: unknown operator")

    @way(Choice((1, 2, COIN)))
    def removed_service(self, who: str, bound: int) -> Steps:
        """What it bound is shown as none at once, and is none when somebody says so, or the operator leaves."""
        service, operator = self["service"], self["operator"]
        yield self.binding("operator", bound)
        yield self.tx("hub.remove_service", service, sender=self.owner)
        assert self.view("get_lock", service, operator)[:3] == (LOCK, 0, 0)
        with self.evm.anchor():
            yield self.hub("poke", operator, service, sender="stranger")
            assert self.view("operator_state", operator)[0] == 0, "a removed service's promises still earn"
        self.evm.warp(HORIZON)
        yield self.hub("take_back", service, sender="operator")
        assert self.view("operator_state", operator)[0] == 0, "a lock that is gone still earns"

    @way(Choice((0, 1)))
    def what_a_service_is(self, who: str, second: int) -> Steps:
        """How it was listed, since when it is removed, and what it took."""
        other, stranger, removed = self["other service"], self["stranger"], self.now + second
        assert not self.view("listed", stranger)
        assert self.view("service", other) == (HORIZON, ODD_MULTIPLE, 0, 0)
        args = stranger, self["operator"], COIN
        yield self.hub("lock", *args, sender="stranger", fails="hub: service not listed")
        yield self.tx("hub.list_service", stranger, 1, 0, sender=self.owner)
        self.emitted("hub.ServiceListed", service=stranger, horizon=1, max_multiple=0)
        assert self.view("listed", stranger)
        yield self.hub("lock", other, self["operator"], COIN, sender="stranger")
        yield self.hub("slash", self["operator"], COIN, 0, sender="other service")
        self.evm.warp(second)
        yield self.tx("hub.remove_service", other, sender=self.owner)
        self.emitted("hub.ServiceRemoved", service=other, slashes_until=removed + HORIZON)
        assert self.view("service", other) == (HORIZON, ODD_MULTIPLE, removed, COIN)

    # guards and ways --------------------------------------------------------------------------------------------------

    @way()
    def slippage(self, who: str) -> Steps:
        """What is asked for at least is enough."""
        operator, little = self["operator"], "hub: too little"
        yield self.binding("operator", LOCK)
        yield self.hub("stake", operator, 3 * COIN, 3 * COIN + 1, 0, sender="delegator", fails=little)
        yield self.hub("stake", operator, 3 * COIN, 3 * COIN, 0, sender="delegator")
        yield self.hub("unstake", operator, COIN, COIN + 1, 0, sender="delegator", fails=little)
        yield self.hub("unstake", operator, COIN, COIN, 0, sender="delegator")

    @way()
    def redelegation(self, who: str) -> Steps:
        """To an operator that is known, for whom the ticket waits under the key that the interface names."""
        old, new, sub = self["operator"], self["old operator"], 7
        key = self.view("owner_key", self["delegator"], sub)
        way = keccak256(encode_args(("address", "uint256"), (new, sub)))
        yield self.binding("operator", LOCK)
        yield self.binding("old operator", LOCK // 2)
        yield self.hub("stake", old, 5 * COIN, 0, sub, sender="delegator")
        unknown = old, self["stranger"], COIN, 0, sub
        yield self.hub("redelegate", *unknown, sender="delegator", fails="hub: unknown operator")
        said = yield self.hub("redelegate", old, new, 4 * COIN, 3 * COIN, sub, sender="delegator")
        held_by = self.view("owner_key", self["delegator"], int.from_bytes(way, "big"))
        assert self.view("ticket", held_by, number(said))[0] == 4 * COIN, "another ticket than that of the way"
        assert self.view("position", old, key) == (COIN, COIN)
        self.evm.warp(HALVES * UNBONDING // 2)
        args = number(said), new
        yield self.hub("complete_redelegation", *args, 4 * COIN + 1, sub, sender="delegator", fails="hub: too little")
        yield self.hub("complete_redelegation", *args, COIN, sub, sender="delegator")
        assert self.view("position", new, key) == (4 * COIN, 4 * COIN)

    @way(Choice((0, 1, BPS)))
    def newcomer(self, who: str, commission: int) -> Steps:
        """An operator registers in an epoch that nobody called in before, and earns from the next one's start."""
        stranger, too_high = self["stranger"], "hub: commission too high"
        yield self.binding("operator", LOCK)
        yield self.hub("fund_emission", 2 * COUNT * COIN, sender="stranger")
        self.to_epoch(FIRST + 2)
        yield self.hub("register_operator", BPS + 1, "", sender="stranger", fails=too_high)
        yield self.hub("register_operator", commission, "ipfs://x", sender="stranger")
        self.emitted(
            "hub.TermsAnnounced",
            operator=stranger,
            commission_bps=commission,
            epoch=FIRST + 2,
            metadata="ipfs://x",
        )
        assert self.view("operator_state", stranger)[6:] == (commission, FIRST + 2)
        yield self.hub("lock", self["service"], stranger, LOCK, sender="stranger")
        yield self.hub("bind", stranger, LOCK, sender="service")
        self.to_epoch(FIRST + 4)
        yield self.hub("poke", stranger, ZERO_ADDRESS, sender="stranger")
        earned = self.ask("hub.credit", stranger)
        assert 0 <= COIN - earned <= 1, f"an epoch at half of the weight earned {earned} wei"

    @way()
    def epochs(self, who: str) -> Steps:
        yield self.hub("poke", self["operator"], ZERO_ADDRESS, sender="stranger")
        first, second, none = (self.view("epoch_start", epoch) for epoch in (1, 2, 0))
        assert (none, second) == (first, first + EPOCH), "epochs are counted from 1"
