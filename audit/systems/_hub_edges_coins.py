"""StakingHub at its edges: slashes, emission and rewards."""

from __future__ import annotations

from typing import Any

from audit.systems._hub import number
from audit.systems._hub_edges import (
    COUNT,
    EPOCH,
    FIRST,
    LAST_GENERATION,
    LOCK,
    MAX_INDEX,
    MOST,
    OLD_MULTIPLE,
    PRECISION,
    EdgeSystem,
    way,
)  # fmt: skip
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from keifu.units import COIN

__all__ = ["EdgeCoins"]


class EdgeCoins(EdgeSystem):
    """Short ways of coins: what a slash takes and leaves, what is emitted, what is paid."""

    # slashes ----------------------------------------------------------------------------------------------------------

    def slashed(self, operator: str, penalty: int) -> Any:
        return self.hub("slash", self[operator], 0, penalty, sender="service")

    @way()
    def ticket_bears_its_part_rounded_up(self, who: str) -> Steps:
        whole, left = 2 * COIN + 1, COIN
        penalty = pow(left, -1, whole)  # times `left` it is one more than a multiple of `whole`
        yield self.binding("operator", LOCK)
        yield self.stake(whole)
        ticket = number((yield self.hub("unstake", self["operator"], left, 0, 0, sender="delegator")))
        yield self.slashed("operator", penalty)
        worth = self.view("ticket", self["delegator"], ticket)[0]
        assert worth == left - (penalty * left // whole + 1), f"a ticket of {worth} wei is left"

    @way()
    def ticket_of_one_wei(self, who: str) -> Steps:
        yield self.binding("operator", LOCK)
        yield self.stake(2 * COIN)
        ticket = number((yield self.hub("unstake", self["operator"], 1, 0, 0, sender="delegator")))
        yield self.slashed("operator", 3 * COIN)
        assert self.view("ticket", self["delegator"], ticket)[0] == 0, "a wei was left out"

    @way()
    def rest_of_a_wiped_bucket(self, who: str) -> Steps:
        """The dust of what a slash empties is taken, too, and owed to the insurance."""
        yield self.binding("operator", LOCK)
        yield self.stake(2 * COIN)
        yield self.hub("unstake", self["operator"], 2 * COIN, 0, 0, sender="delegator")
        before = self.ask("hub.credit", self.insurance)
        said = yield self.slashed("operator", 2 * COIN - 1)
        assert number(said, 2) == 2 * COIN, f"delegators lost {number(said, 2)} wei"
        assert self.ask("hub.credit", self.insurance) == before + 4 * COIN - 1
        assert self.view("operator_state", self["operator"])[4] == 0, "an empty pool was wiped"

    @way()
    def rest_of_a_wiped_pool(self, who: str) -> Steps:
        yield self.binding("operator", LOCK)
        yield self.stake(2 * COIN)
        said = yield self.slashed("operator", 2 * COIN - 1)
        assert number(said, 2) == 2 * COIN, f"delegators lost {number(said, 2)} wei"
        state = self.view("operator_state", self["operator"])
        assert (state[2], state[4]) == (0, 1), "a pool of one wei is left"
        assert self.view("position", self["operator"], self["delegator"]) == (0, 0)

    @way()
    def ticket_bears_an_exact_half(self, who: str) -> Steps:
        yield self.binding("operator", LOCK)
        yield self.stake(4 * COIN)
        ticket = number((yield self.hub("unstake", self["operator"], 2 * COIN, 0, 0, sender="delegator")))
        yield self.slashed("operator", 2 * COIN)
        assert self.view("ticket", self["delegator"], ticket)[0] == COIN

    @way()
    def one_wei_is_slashed(self, who: str) -> Steps:
        yield self.binding("operator", LOCK)
        yield self.stake(2 * COIN)
        said = yield self.slashed("operator", 1)
        assert (number(said, 1), number(said, 2)) == (1, 1), "not a wei of each"
        operator = self["operator"]
        self.emitted("hub.Slashed", service=self["service"], operator=operator, damages=0, penalty=1, delegated=1)
        assert self.view("operator_state", operator)[2] == 2 * COIN - 1
        yield self.tx("hub.remove_service", self["service"], sender=self.owner)
        said = yield self.slashed("operator", COIN)
        assert (number(said, 1), number(said, 2)) == (COIN, 0), "delegators answer for a removed service"
        assert self.view("operator_state", operator)[2] == 2 * COIN - 1

    @way()
    def wiped_ticket_stays_wiped(self, who: str) -> Steps:
        """Also when others leave in the same half-period afterwards."""
        operator = self["operator"]
        yield self.binding("operator", LOCK)
        yield self.stake(2 * COIN)
        first = number((yield self.hub("unstake", operator, 2 * COIN, 0, 0, sender="delegator")))
        yield self.slashed("operator", 2 * COIN)
        yield self.hub("stake", operator, 3 * COIN, 0, 0, sender="stranger")
        second = number((yield self.hub("unstake", operator, COIN, 0, 0, sender="stranger")))
        assert first == second, "two tickets in one half-period"
        worth = [self.view("ticket", self[name], first)[0] for name in ("delegator", "stranger")]
        assert worth == [0, COIN], f"tickets of {worth} wei"
        yield self.stake(3 * COIN)
        yield self.hub("unstake", operator, COIN, 0, 0, sender="delegator")
        assert self.view("ticket", self["delegator"], first)[0] == COIN, "a wiped part of a ticket came back"

    @way()
    def one_wei_is_credited(self, who: str) -> Steps:
        """Four fifths of two wei are one, and the other one is the insurance's."""
        before = self.ask("hub.credit", self.insurance)
        yield self.hub("slash", self["operator"], 2, 0, sender="service")
        assert self.ask("hub.credit", self["service"]) == 1
        assert self.ask("hub.credit", self.insurance) == before + 1

    @way()
    def last_generation(self, who: str) -> Steps:
        """The last wipe but one leaves a pool that takes stake, the last one none."""
        old = self["old operator"]
        yield self.binding("old operator", LOCK // 2)
        assert self.view("operator_state", old)[4] == LAST_GENERATION - 1
        yield self.hub("stake", old, COIN, 0, 0, sender="delegator")
        yield self.slashed("old operator", COIN // OLD_MULTIPLE)
        yield self.hub("stake", old, COIN, 0, 0, sender="delegator", fails="hub: operator retired")

    # emission ---------------------------------------------------------------------------------------------------------

    def to_epoch(self, epoch: int) -> None:
        self.evm.warp_to(self.view("epoch_start", epoch))

    @way()
    def end_of_emission(self, who: str) -> Steps:
        self.to_epoch(FIRST + COUNT - 1)
        taken = yield self.hub("fund_emission", COIN + 1, sender="stranger")
        assert number(taken) == COIN + 1, "the last epoch takes all"
        self.to_epoch(FIRST + COUNT)
        yield self.hub("fund_emission", COIN, sender="stranger", fails="hub: emission is over")

    @way()
    def emission_of_one_wei(self, who: str) -> Steps:
        """A single wei of weight earns, and what it earns is not the treasury's."""
        yield from self.unearned(1, 1, 0)

    @way()
    def emission_rounds_up(self, who: str) -> Steps:
        """What is earned counts in whole wei: of two wei an epoch, this weight earns one and a little."""
        yield from self.unearned(PRECISION + 1, 2, 0)

    def unearned(self, weight: int, rate: int, wanted: int) -> Any:
        """One epoch with so many wei at one operator and so many to emit: what the treasury gets."""
        yield self.hub("lock", self["service"], self["operator"], weight, sender="stranger")
        yield self.binding("operator", weight)
        yield self.hub("fund_emission", rate * COUNT, sender="stranger")
        self.to_epoch(FIRST)
        yield self.hub("poke", self["operator"], ZERO_ADDRESS, sender="stranger")
        self.to_epoch(FIRST + 1)
        paid = yield self.hub("pay_treasury", sender="stranger")
        assert number(paid) == wanted, f"the treasury got {number(paid)} wei, not {wanted}"

    @way()
    def pending_is_what_a_claim_pays(self, who: str) -> Steps:
        """Also when nobody called in this epoch, or in the one before, and of shares that came in the last one."""
        operator, delegator = self["operator"], self["delegator"]
        yield self.binding("operator", LOCK)
        yield self.stake(LOCK // 2)
        yield self.hub("fund_emission", 10 * COUNT * COIN, sender="stranger")
        for epoch in (FIRST, FIRST + 1, FIRST + 3, FIRST + 4):
            self.to_epoch(epoch)
            said = self.ask("hub.pending_rewards", operator, delegator)
            paid = yield self.hub("claim_rewards", operator, delegator, 0, sender="delegator")
            assert number(paid) == said, f"a claim paid {number(paid)} wei, {said} were said"
            yield self.stake(COIN)
        assert said > 0

    # rewards ----------------------------------------------------------------------------------------------------------

    @way()
    def greatest_index(self, who: str) -> Steps:
        """Rewards beyond what a position's word can count stay in the hub, and take nothing from what was earned."""
        old, delegator = self["old operator"], self["delegator"]
        yield self.binding("old operator", COIN)
        yield self.hub("stake", old, COIN, 0, 0, sender="delegator")
        self.evm.warp(EPOCH)
        for fees, wanted in ((MOST, MAX_INDEX * COIN // PRECISION), (MOST // 2, 0)):
            yield self.hub("reward", old, fees, sender="stranger")
            self.evm.warp(EPOCH)
            paid = yield self.hub("claim_rewards", old, delegator, 0, sender="delegator")
            assert number(paid) == wanted, f"a claim paid {number(paid)} wei, not {wanted}"

    @way()
    def one_share_leaves(self, who: str) -> Steps:
        """What is left earns all that its part of the weight earns, when a single share left."""
        operator, fees = self["operator"], 10**26
        yield self.binding("operator", 2 * COIN)
        yield self.stake(2 * COIN)
        self.evm.warp(EPOCH)
        yield self.hub("reward", operator, fees, sender="stranger")
        yield self.hub("unstake", operator, 1, 0, 0, sender="delegator")
        self.evm.warp(EPOCH)
        paid = yield self.hub("claim_rewards", operator, self["delegator"], 0, sender="delegator")
        assert 0 <= fees // 2 - number(paid) <= 1, f"a claim paid {number(paid)} wei of {fees // 2}"

    @way()
    def one_wei_is_paid_once(self, who: str) -> Steps:
        operator = self["operator"]
        yield self.binding("operator", COIN)
        yield self.stake(COIN)
        self.evm.warp(EPOCH)
        yield self.hub("reward", operator, 4, sender="stranger")  # two wei for COIN shares: one, rounded down
        self.evm.warp(EPOCH)
        for wanted in (1, 0):
            paid = yield self.hub("claim_rewards", operator, self["delegator"], 0, sender="delegator")
            assert number(paid) == wanted, f"a claim paid {number(paid)} wei, not {wanted}"

    @way()
    def one_share_is_added(self, who: str) -> Steps:
        """A single share that came later joins the others once."""
        operator, delegator = self["operator"], self["delegator"]
        yield self.binding("operator", LOCK)
        yield self.stake(2 * COIN)
        self.evm.warp(EPOCH)
        yield self.stake(COIN)
        yield self.hub("unstake", operator, COIN - 1, 0, 0, sender="delegator")
        yield self.hub("reward", operator, 10 * COIN, sender="stranger")
        self.evm.warp(EPOCH)
        for _ in range(2):
            yield self.hub("claim_rewards", operator, delegator, 0, sender="delegator")
            assert self.view("position", operator, delegator)[0] == 2 * COIN + 1, "other shares than came"

    @way()
    def parts_of_a_wei_add_up(self, who: str) -> Steps:
        """Of what is left over, nothing is lost: neither to who claims early, nor to the operator."""
        operator, delegator = self["operator"], self["delegator"]
        with self.evm.anchor():
            yield self.binding("operator", COIN)
            yield self.stake(COIN)
            self.evm.warp(EPOCH)
            for wanted in (0, 1):
                yield self.hub("reward", operator, 2, sender="stranger")
                self.evm.warp(EPOCH)
                paid = yield self.hub("claim_rewards", operator, delegator, 0, sender="delegator")
                assert number(paid) == wanted, f"a claim paid {number(paid)} wei, not {wanted}"
        with self.evm.anchor():
            yield self.binding("operator", LOCK)
            yield self.hub("fund_emission", COUNT * COIN, sender="stranger")
            for epoch, wanted in ((FIRST, 0), (FIRST + 1, COIN - 1), (FIRST + 2, 2 * COIN - 1)):
                self.to_epoch(epoch)
                yield self.hub("poke", operator, ZERO_ADDRESS, sender="stranger")
                assert self.ask("hub.credit", operator) == wanted

    @way()
    def weight_of_one_wei(self, who: str) -> Steps:
        operator = self["operator"]
        yield self.binding("operator", 1)
        self.evm.warp(EPOCH)
        yield self.hub("reward", operator, 10, sender="stranger")
        self.evm.warp(EPOCH)
        yield self.hub("poke", operator, ZERO_ADDRESS, sender="stranger")
        assert self.ask("hub.credit", operator) == 10
