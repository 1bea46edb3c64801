"""What delegators do at StakingHub, beside the log of what they did."""

from __future__ import annotations

from typing import Any

from audit.systems._hub import DELEGATORS, Coins, HubSystem, number
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Choice, Who
from keifu.spec.refusals import check
from keifu.spec.staking import StakingModel
from keifu.units import COIN

__all__ = ["PARTS", "HubDelegators"]

PARTS = (1_000, 1_000, 500, 999, 1, 1_001)  # thousandths


class HubDelegators(HubSystem):
    """Stake, leave, withdraw, claim and collect."""

    # delegators -------------------------------------------------------------------------------------------------------

    def room_for(self, who: str) -> int:
        return max(0, *(int(self.model.capacity(name)) for name in self.operators))

    @action("", Choice("operators"), Coins("room_for"), Choice((0, 0, COIN)), sender=DELEGATORS, weight=9)
    def stake(self, who: str, operator: str, amount: int, least: int) -> Steps:
        order = self.tx("hub.stake", operator, amount, least, 0, sender=who, raw_outcome=True)
        yield from self.staking(who, who, operator, amount, order, unsure=least > 0)

    @action("", Choice("operators"), Choice(DELEGATORS), Coins("room_for"), sender=DELEGATORS, weight=2)
    def stake_for(self, who: str, operator: str, owner: str, amount: int) -> Steps:
        owner = self[owner]
        order = self.tx("hub.stake_for", operator, owner, amount, 0, sender=who, raw_outcome=True)
        yield from self.staking(who, owner, operator, amount, order)

    def staking(self, who: str, owner: str, operator: str, amount: int, order: Any, *, unsure: bool = False) -> Any:
        model = self.at_now()
        unsure |= abs(amount - model.capacity(operator)) <= self.dust
        if unsure and amount > model.capacity(operator):
            return  # a wei decides: not asked
        act = lambda m: m.stake(owner, operator, amount)  # noqa: E731
        done = yield from self.both(act, order, who=who, spends=amount, unsure=unsure)
        if done is not None:
            shares = number(done[0])
            model.record_shares(owner, operator, shares)
            assert shares >= amount, "HUB-8: a share is worth more than a coin"

    def held_by(self, who: str) -> list[tuple[str, int]]:
        held = [(name, self.model.shares[name, who]) for name in self.operators]
        return [item for item in held if item[1]] or [(self.operators[0], 0)]

    @action("", Choice("held_by"), Choice(PARTS), Choice((0, 0, 0, COIN)), sender=DELEGATORS, weight=7)
    def unstake(self, who: str, held: tuple[str, int], part: int, least: int) -> Steps:
        operator, shares = held[0], held[1] * part // 1_000
        order = self.tx("hub.unstake", operator, shares, least, 0, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.unstake(who, operator, shares), order, unsure=least > 0)
        if done is not None:
            ticket = number(done[0])
            self.tickets[who].append(ticket)
            self.ticket_keys[who, ticket] = (who, operator, self.model.half())

    def tickets_of(self, who: str) -> list[int]:
        return self.tickets[who][-4:]

    @action("", Choice("tickets_of", 1), sender=DELEGATORS, weight=6)
    def withdraw(self, who: str, ticket: int) -> Steps:
        order = self.tx("hub.withdraw", ticket, 0, sender=who, raw_outcome=True)
        paid = yield from self.paying(lambda m: self.redeem(m, who, ticket), who, who, order)
        if paid is not None:
            self.tickets[who] = [item for item in self.tickets[who] if item != ticket]

    def redeem(self, model: StakingModel, who: str, ticket: int) -> None:
        check(ticket in self.tickets[who], "hub: no ticket")
        check(model.now >= model.tickets[self.ticket_keys[who, ticket]].matures, "hub: not matured")

    @action("", Choice("operators"), Who(), weight=5)
    def claim_rewards(self, who: str, operator: str, receiver: str) -> Steps:
        order = self.tx("hub.claim_rewards", operator, receiver, 0, sender=who, raw_outcome=True)
        yield from self.paying(lambda m: m.claim_rewards(operator), who, receiver, order)

    @action("", Who(), weight=4)
    def collect(self, who: str, receiver: str) -> Steps:
        yield from self.paying(
            lambda m: None, who, receiver, self.tx("hub.collect", receiver, 0, sender=who, raw_outcome=True)
        )
