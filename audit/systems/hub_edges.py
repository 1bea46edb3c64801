"""StakingHub at its edges: bounds to the wei, guards that decide by one, the last generation, the longest schedule.

The coin can be minted here, so that amounts reach what the hub's words can hold. Each action goes a short way of its
own from the same start, and is undone.
"""

from __future__ import annotations

from typing import Any

from audit.systems._hub import number
from audit.systems._hub_edges import (
    BPS,
    COUNT,
    EPOCH,
    FIRST,
    HORIZON,
    LAST_GENERATION,
    LOCK,
    LONGEST_HORIZON,
    MAX_INDEX,
    MOST,
    ODD_MULTIPLE,
    OLD_MULTIPLE,
    PRECISION,
    UNBONDING,
    EdgeSystem,
)
from ethwire.abi import encode_args
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Choice
from keifu.keys import keccak256
from keifu.spec.staking import RAISE_NOTICE
from keifu.units import COIN

__all__ = ["HubEdges"]

HALVES = 3  # of an unbonding period, until any ticket has matured


class HubEdges(EdgeSystem):
    """Short ways to places where one more, or one less, decides."""

    # amounts ----------------------------------------------------------------------------------------------------------

    @action("")
    def fullest_lock(self, who: str) -> Steps:
        """A lock takes what a word holds, and not a wei more."""
        with self.evm.anchor():
            args = self["service"], self["operator"]
            yield self.hub("lock", *args, MOST - LOCK, sender="stranger")
            yield self.hub("lock", *args, 1, sender="stranger", fails="hub: amount too large")

    @action("")
    def fullest_fees(self, who: str) -> Steps:
        with self.evm.anchor():
            yield self.hub("reward", self["operator"], MOST, sender="stranger")
            yield self.hub("reward", self["operator"], 1, sender="stranger", fails="hub: amount too large")

    @action("")
    def fullest_emission(self, who: str) -> Steps:
        """An epoch emits what a word holds, and not a wei more."""
        with self.evm.anchor():
            yield self.hub("fund_emission", COUNT * MOST, sender="stranger")
            yield self.hub("fund_emission", COUNT, sender="stranger", fails="hub: amount too large")

    @action("")
    def widest_weights(self, who: str) -> Steps:
        """Neither what an operator bound, nor what that carries, nor the weight of all of them is more than a word."""
        too_large = "hub: amount too large"
        with self.evm.anchor():
            for operator in ("operator", "other operator"):
                yield self.hub("lock", self["service"], self[operator], MOST - LOCK, sender="stranger")
            yield self.hub("lock", self["other service"], self["other operator"], 1, sender="stranger")
            yield self.binding("other operator", MOST)
            yield self.hub("bind", self["other operator"], 1, sender="other service", fails=too_large)
            yield self.hub("bind", self["operator"], 1, sender="service", fails=too_large)
            yield self.binding("other operator", 0)
            yield self.binding("operator", MOST)

    @action("")
    def widest_exposure(self, who: str) -> Steps:
        with self.evm.anchor():
            yield self.hub("lock", self["service"], self["old operator"], 2**95, sender="stranger")
            yield self.binding("old operator", 2**94 - 1)
            yield self.hub("bind", self["old operator"], 2**94, sender="service", fails="hub: amount too large")

    @action("")
    def least_stake(self, who: str) -> Steps:
        with self.evm.anchor():
            yield self.binding("operator", LOCK)
            yield self.stake(COIN - 1, fails="hub: below minimum stake")
            yield self.stake(COIN)

    @action("")
    def token_with_a_fee(self, who: str) -> Steps:
        with self.evm.anchor():
            yield self.tx("fee_hub.list_service", self["service"], HORIZON, 0, sender=self.owner)
            yield self.tx("fee_hub.register_operator", 0, "", sender=self["operator"])
            args = self["service"], self["operator"], COIN
            yield self.tx("fee_hub.lock", *args, sender=self["operator"], fails="transfer: token takes a fee")

    # services ---------------------------------------------------------------------------------------------------------

    @action("")
    def greatest_multiple(self, who: str) -> Steps:
        other, too_high = self["other service"], "hub: multiple too high"
        with self.evm.anchor():
            yield self.hub("set_multiple", other, ODD_MULTIPLE + 1, sender="operator", fails=too_high)
            yield self.hub("set_multiple", other, ODD_MULTIPLE, sender="operator")

    @action("", Choice((3, OLD_MULTIPLE)))
    def lowering_that_is_withdrawn(self, who: str, raised: int) -> Steps:
        """A raise that counts before a lowering does takes as much of it back as it says, or all of it."""
        slow, old = self["slow service"], self["old operator"]
        with self.evm.anchor():
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

    @action("")
    def lock_for_nobody(self, who: str) -> Steps:
        with self.evm.anchor():
            args = self["service"], self["stranger"], COIN
            yield self.hub("lock", *args, sender="stranger", fails="hub: unknown operator")

    @action("", Choice((1, 2, COIN)))
    def removed_service(self, who: str, bound: int) -> Steps:
        """What it bound is shown as none at once, and is none when somebody says so, or the operator leaves."""
        service, operator = self["service"], self["operator"]
        with self.evm.anchor():
            yield self.binding("operator", bound)
            yield self.tx("hub.remove_service", service, sender=self.owner)
            assert self.view("get_lock", service, operator)[:3] == (LOCK, 0, 0)
            with self.evm.anchor():
                yield self.hub("poke", operator, service, sender="stranger")
                assert self.view("operator_state", operator)[0] == 0, "a removed service's promises still earn"
            self.evm.warp(HORIZON)
            yield self.hub("take_back", service, sender="operator")
            assert self.view("operator_state", operator)[0] == 0, "a lock that is gone still earns"

    # guards and ways --------------------------------------------------------------------------------------------------

    @action("")
    def slippage(self, who: str) -> Steps:
        """What is asked for at least is enough."""
        operator, little = self["operator"], "hub: too little"
        with self.evm.anchor():
            yield self.binding("operator", LOCK)
            yield self.hub("stake", operator, 3 * COIN, 3 * COIN + 1, 0, sender="delegator", fails=little)
            yield self.hub("stake", operator, 3 * COIN, 3 * COIN, 0, sender="delegator")
            yield self.hub("unstake", operator, COIN, COIN + 1, 0, sender="delegator", fails=little)
            yield self.hub("unstake", operator, COIN, COIN, 0, sender="delegator")

    @action("")
    def redelegation(self, who: str) -> Steps:
        """To an operator that is known, for whom the ticket waits under the key that the interface names."""
        old, new, sub = self["operator"], self["old operator"], 7
        key = self.view("owner_key", self["delegator"], sub)
        way = keccak256(encode_args(("address", "uint256"), (new, sub)))
        with self.evm.anchor():
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
            yield self.hub(
                "complete_redelegation", *args, 4 * COIN + 1, sub, sender="delegator", fails="hub: too little"
            )
            yield self.hub("complete_redelegation", *args, COIN, sub, sender="delegator")
            assert self.view("position", new, key) == (4 * COIN, 4 * COIN)

    @action("", Choice((0, 1, BPS)))
    def newcomer(self, who: str, commission: int) -> Steps:
        """An operator registers in an epoch that nobody called in before, and earns from the next one's start."""
        stranger, too_high = self["stranger"], "hub: commission too high"
        with self.evm.anchor():
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
            yield self.hub("lock", self["service"], stranger, LOCK, sender="stranger")
            yield self.hub("bind", stranger, LOCK, sender="service")
            self.to_epoch(FIRST + 4)
            yield self.hub("poke", stranger, ZERO_ADDRESS, sender="stranger")
            earned = self.ask("hub.credit", stranger)
            assert 0 <= COIN - earned <= 1, f"an epoch at half of the weight earned {earned} wei"

    @action("")
    def epochs(self, who: str) -> Steps:
        with self.evm.anchor():
            yield self.hub("poke", self["operator"], ZERO_ADDRESS, sender="stranger")
            first, second, none = (self.view("epoch_start", epoch) for epoch in (1, 2, 0))
            assert (none, second) == (first, first + EPOCH), "epochs are counted from 1"

    # slashes ----------------------------------------------------------------------------------------------------------

    def slashed(self, operator: str, penalty: int) -> Any:
        return self.hub("slash", self[operator], 0, penalty, sender="service")

    @action("")
    def ticket_bears_its_part_rounded_up(self, who: str) -> Steps:
        whole, left = 2 * COIN + 1, COIN
        penalty = pow(left, -1, whole)  # times `left` it is one more than a multiple of `whole`
        with self.evm.anchor():
            yield self.binding("operator", LOCK)
            yield self.stake(whole)
            ticket = number((yield self.hub("unstake", self["operator"], left, 0, 0, sender="delegator")))
            yield self.slashed("operator", penalty)
            worth = self.view("ticket", self["delegator"], ticket)[0]
            assert worth == left - (penalty * left // whole + 1), f"a ticket of {worth} wei is left"

    @action("")
    def ticket_of_one_wei(self, who: str) -> Steps:
        with self.evm.anchor():
            yield self.binding("operator", LOCK)
            yield self.stake(2 * COIN)
            ticket = number((yield self.hub("unstake", self["operator"], 1, 0, 0, sender="delegator")))
            yield self.slashed("operator", 3 * COIN)
            assert self.view("ticket", self["delegator"], ticket)[0] == 0, "a wei was left out"

    @action("")
    def rest_of_a_wiped_bucket(self, who: str) -> Steps:
        """The dust of what a slash empties is taken, too, and owed to the insurance."""
        with self.evm.anchor():
            yield self.binding("operator", LOCK)
            yield self.stake(2 * COIN)
            yield self.hub("unstake", self["operator"], 2 * COIN, 0, 0, sender="delegator")
            before = self.ask("hub.credit", self.insurance)
            said = yield self.slashed("operator", 2 * COIN - 1)
            assert number(said, 2) == 2 * COIN, f"delegators lost {number(said, 2)} wei"
            assert self.ask("hub.credit", self.insurance) == before + 4 * COIN - 1

    @action("")
    def last_generation(self, who: str) -> Steps:
        """The last wipe but one leaves a pool that takes stake, the last one none."""
        old = self["old operator"]
        with self.evm.anchor():
            yield self.binding("old operator", LOCK // 2)
            assert self.view("operator_state", old)[4] == LAST_GENERATION - 1
            yield self.hub("stake", old, COIN, 0, 0, sender="delegator")
            yield self.slashed("old operator", COIN // OLD_MULTIPLE)
            yield self.hub("stake", old, COIN, 0, 0, sender="delegator", fails="hub: operator retired")

    # emission ---------------------------------------------------------------------------------------------------------

    def to_epoch(self, epoch: int) -> None:
        self.evm.warp_to(self.view("epoch_start", epoch))

    @action("")
    def end_of_emission(self, who: str) -> Steps:
        with self.evm.anchor():
            self.to_epoch(FIRST + COUNT - 1)
            taken = yield self.hub("fund_emission", COIN + 1, sender="stranger")
            assert number(taken) == COIN + 1, "the last epoch takes all"
            self.to_epoch(FIRST + COUNT)
            yield self.hub("fund_emission", COIN, sender="stranger", fails="hub: emission is over")

    @action("")
    def emission_of_one_wei(self, who: str) -> Steps:
        """A single wei of weight earns, and what it earns is not the treasury's."""
        yield from self.unearned(1, 1, 0)

    @action("")
    def emission_rounds_up(self, who: str) -> Steps:
        """What is earned counts in whole wei: of two wei an epoch, this weight earns one and a little."""
        yield from self.unearned(PRECISION + 1, 2, 0)

    def unearned(self, weight: int, rate: int, wanted: int) -> Any:
        """One epoch with so many wei at one operator and so many to emit: what the treasury gets."""
        with self.evm.anchor():
            yield self.hub("lock", self["service"], self["operator"], weight, sender="stranger")
            yield self.binding("operator", weight)
            yield self.hub("fund_emission", rate * COUNT, sender="stranger")
            self.to_epoch(FIRST)
            yield self.hub("poke", self["operator"], ZERO_ADDRESS, sender="stranger")
            self.to_epoch(FIRST + 1)
            paid = yield self.hub("pay_treasury", sender="stranger")
            assert number(paid) == wanted, f"the treasury got {number(paid)} wei, not {wanted}"

    @action("")
    def pending_is_what_a_claim_pays(self, who: str) -> Steps:
        """Also when nobody called in this epoch, or in the one before."""
        operator, delegator = self["operator"], self["delegator"]
        with self.evm.anchor():
            yield self.binding("operator", LOCK)
            yield self.stake(LOCK)
            yield self.hub("fund_emission", 10 * COUNT * COIN, sender="stranger")
            for epoch in (FIRST, FIRST + 1, FIRST + 3, FIRST + 4):
                self.to_epoch(epoch)
                said = self.ask("hub.pending_rewards", operator, delegator)
                paid = yield self.hub("claim_rewards", operator, delegator, 0, sender="delegator")
                assert number(paid) == said, f"a claim paid {number(paid)} wei, {said} were said"
            assert said > 0

    # rewards ----------------------------------------------------------------------------------------------------------

    @action("")
    def greatest_index(self, who: str) -> Steps:
        """Rewards beyond what a position's word can count stay in the hub, and take nothing from what was earned."""
        old, delegator = self["old operator"], self["delegator"]
        with self.evm.anchor():
            yield self.binding("old operator", COIN)
            yield self.hub("stake", old, COIN, 0, 0, sender="delegator")
            self.evm.warp(EPOCH)
            for fees, wanted in ((MOST, MAX_INDEX * COIN // PRECISION), (MOST // 2, 0)):
                yield self.hub("reward", old, fees, sender="stranger")
                self.evm.warp(EPOCH)
                paid = yield self.hub("claim_rewards", old, delegator, 0, sender="delegator")
                assert number(paid) == wanted, f"a claim paid {number(paid)} wei, not {wanted}"

    @action("")
    def one_share_leaves(self, who: str) -> Steps:
        """What is left earns all that its part of the weight earns, when a single share left."""
        operator, fees = self["operator"], 10**26
        with self.evm.anchor():
            yield self.binding("operator", 2 * COIN)
            yield self.stake(2 * COIN)
            self.evm.warp(EPOCH)
            yield self.hub("reward", operator, fees, sender="stranger")
            yield self.hub("unstake", operator, 1, 0, 0, sender="delegator")
            self.evm.warp(EPOCH)
            paid = yield self.hub("claim_rewards", operator, self["delegator"], 0, sender="delegator")
            assert 0 <= fees // 2 - number(paid) <= 1, f"a claim paid {number(paid)} wei of {fees // 2}"
