"""StakingHub under the oracle of neutrality: whatever one operator and one delegator do, two halves of each do, too."""

from __future__ import annotations

from typing import Any

from audit.staked_hub import split_dust
from audit.systems._hub import EPOCH, HubSystem
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Amount, Choice
from evmstorm.oracles.neutrality import check_alike
from keifu.spec.staking import RAISE_NOTICE
from keifu.units import COIN

__all__ = ["HubNeutral"]

WHOLE, HALVES = "whole operator", ("first half", "second half")
LOCK, BOUND = 1_000, 800  # coins of a half
GRAIN = 10**9  # wei: amounts are even numbers of these, so that roundings of a wei decide nothing
PARTS = (1_000, 1_000, 500, 999, 1)  # thousandths
HALF = 1  # the delegator's first half is its sub-account 1, the second one its sub-account 2


class HubNeutral(HubSystem):
    """The same coins in one account and in two, in one operator and in two, asked in whatever order."""

    actors = (WHOLE, *HALVES, "delegator", "service", "stranger")

    def open(self) -> None:
        hub, service = self.contract("hub"), self["service"]
        self.operators, self.services = [self[name] for name in (WHOLE, *HALVES)], [service]
        hub.list_service(service, 7 * EPOCH, 4, sender=self.owner)
        for operator, times in zip(self.operators, (2, 1, 1), strict=True):
            hub.register_operator(1_000, "", sender=operator)
            hub.lock(service, operator, times * LOCK * COIN, sender=operator)
            hub.bind(operator, times * BOUND * COIN, sender=service)
            hub.set_multiple(service, 2, sender=operator)
        self.evm.warp(RAISE_NOTICE + EPOCH)
        for operator in self.operators:
            hub.poke(operator, service, sender=operator)
        hub.fund_emission(10**6 * COIN, sender=self["stranger"])
        self.evm.warp(13 * EPOCH)

    def start(self) -> None:
        super().start()
        self.shares = [0, 0, 0]
        self.ids: list[tuple[int, int, int]] = []
        self.received_by: list[int] = [0, 0, 0]
        self.epochs_begun = self.now // EPOCH

    def deadlines(self) -> list[int]:
        start = self.ask("hub.epoch_start", self.ask("hub.epoch") + 1)
        return [start, start, *(self.view("ticket", self.keys()[0], item[0])[1] for item in self.ids[-3:])]

    def keys(self) -> list[str]:
        """Owner keys of the delegator: whole, first and second half."""
        return [self.view("owner_key", self["delegator"], sub) for sub in (0, HALF, HALF + 1)]

    @property
    def dust(self) -> int:
        return 30 + 3 * self.operations + 8 * (self.now // EPOCH - self.epochs_begun) + split_dust(self.fees_paid)

    def thrice(self, calls: list[tuple[str, str, tuple[Any, ...]]], order: int) -> Any:
        """Make the three calls in one of their orders; what they returned by whole, first and second half, or None.
        Either all three go through or none does."""
        sequence = [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)][order % 4]
        returned: dict[int, bytes | None] = {}
        for place in sequence:
            sender, target, args = calls[place]
            returned[place] = yield self.tx(target, *args, sender=sender, raw_outcome=True)
        done = [returned[place] is not None for place in range(3)]
        assert all(done) or not any(done), f"neutrality: {calls[0][1]} went through for {done}: {self.refusal}"
        self.operations += 1
        return [returned[place] for place in range(3)] if all(done) else None

    def halves(self, amount: int) -> tuple[int, int, int]:
        half = amount // 2 // GRAIN * GRAIN
        return 2 * half, half, half

    @action("", Amount(1_500 * COIN), Choice(range(4)), sender="delegator", weight=8)
    def stake(self, who: str, amount: int, order: int) -> Steps:
        amounts = self.halves(min(amount, 10**26))
        calls = [
            (who, "hub.stake", (operator, part, 0, sub))
            for operator, part, sub in zip(self.operators, amounts, (0, HALF, HALF + 1), strict=True)
        ]
        if amounts[1] < COIN:
            return  # the least stake is the same for all
        done = yield from self.thrice(calls, order)
        if done is not None:
            self.shares = [held + int.from_bytes(item, "big") for held, item in zip(self.shares, done, strict=True)]

    @action("", Choice(PARTS), Choice(range(4)), sender="delegator", weight=6)
    def unstake(self, who: str, part: int, order: int) -> Steps:
        least = min(self.shares) * (1_000 - part) // 1_000
        if min(self.shares) == 0 or 0 < least <= 2 * COIN:
            return
        parts = [held * part // 1_000 for held in self.shares]
        calls = [
            (who, "hub.unstake", (operator, shares, 0, sub))
            for operator, shares, sub in zip(self.operators, parts, (0, HALF, HALF + 1), strict=True)
        ]
        done = yield from self.thrice(calls, order)
        if done is not None:
            self.shares = [held - shares for held, shares in zip(self.shares, parts, strict=True)]
            ids = [int.from_bytes(item, "big") for item in done]
            self.ids.append((ids[0], ids[1], ids[2]))

    @action("", Choice(range(4)), sender="delegator", weight=4)
    def claim(self, who: str, order: int) -> Steps:
        calls = [
            (who, "hub.claim_rewards", (operator, who, sub))
            for operator, sub in zip(self.operators, (0, HALF, HALF + 1), strict=True)
        ]
        done = yield from self.thrice(calls, order)
        assert done is not None, "claiming is never refused"
        paid = [int.from_bytes(item, "big") for item in done]
        self.received_by = [sum(pair) for pair in zip(self.received_by, paid, strict=True)]

    def everybody(self, target: str, sender: str, amounts: tuple[int, ...], more: Any = lambda part: ()) -> Any:
        """The same call about each of the three operators."""
        return [
            (sender, target, (operator, part, *more(part)))
            for operator, part in zip(self.operators, amounts, strict=True)
        ]

    @action("", Amount(2_000 * COIN), Choice(range(4)), sender="stranger", weight=4)
    def reward(self, who: str, amount: int, order: int) -> Steps:
        amounts = self.halves(min(amount, 10**24))
        if (yield from self.thrice(self.everybody("hub.reward", who, amounts), order)) is not None:
            self.fees_paid += amounts[0]

    @action("", Amount(2_000 * COIN), Choice(range(4)), sender="stranger", weight=4)
    def lock(self, who: str, amount: int, order: int) -> Steps:
        amounts = self.halves(min(amount, 10**24))
        calls = [
            (who, "hub.lock", (self.services[0], operator, part))
            for operator, part in zip(self.operators, amounts, strict=True)
        ]
        yield from self.thrice(calls, order)

    @action("", Amount(2_000 * COIN), Choice(range(4)), sender="service", weight=5)
    def bind_more(self, who: str, amount: int, order: int) -> Steps:
        yield from self.thrice(self.everybody("hub.bind", who, self.halves(min(amount, 10**26))), order)

    @action("", Amount(1_000 * COIN), Choice(range(4)), sender="service", weight=3)
    def unlock(self, who: str, amount: int, order: int) -> Steps:
        amounts = self.halves(min(amount, 10**26))
        yield from self.thrice(self.everybody("hub.unlock", who, amounts, lambda part: (0,)), order)

    @action("", Amount(1_000 * COIN), Amount(1_000 * COIN), Choice(range(4)), sender="service", weight=4)
    def slash(self, who: str, damages: int, penalty: int, order: int) -> Steps:
        penalties = iter(self.halves(min(penalty, 10**26)))
        amounts = self.halves(min(damages, 10**26))
        yield from self.thrice(self.everybody("hub.slash", who, amounts, lambda part: (next(penalties),)), order)

    @action("", Choice(range(5)), Choice(range(4)), weight=2)
    def set_multiple(self, who: str, value: int, order: int) -> Steps:
        calls = [(operator, "hub.set_multiple", (self.services[0], value)) for operator in self.operators]
        yield from self.thrice(calls, order)

    @action("", Choice(range(4)), weight=4)
    def poke(self, who: str, order: int) -> Steps:
        calls = [(who, "hub.poke", (operator, self.services[0])) for operator in self.operators]
        yield from self.thrice(calls, order)

    # the oracle -------------------------------------------------------------------------------------------------------

    @invariant("ORA-5", at_end=True)
    def halves_are_worth_the_whole(self) -> bool:
        """Neutrality: two halves, in whatever order they asked, weigh and are paid what the whole is."""
        for operator in self.operators:
            self.do("hub.poke", operator, self.services[0], sender=operator)
        for what, found in (
            ("own coins and commission", [self.ask("hub.credit", operator) for operator in self.operators]),
            ("locks", [self.ask("hub.lock_of", self.services[0], operator) for operator in self.operators]),
            ("rewards", [self.rewards_of(*item) for item in enumerate(self.keys())]),
            ("stake", [self.stake_of(*item) for item in enumerate(self.keys())]),
            *((f"operator's {name}", found) for name, found in self.states()),
        ):
            check_alike(what, found[0], found[1:], self.dust)
        return True

    def rewards_of(self, index: int, key: str) -> int:
        """Claimed, still to be claimed, or credited to the owner key."""
        owed = self.ask("hub.pending_rewards", self.operators[index], key) + self.ask("hub.credit", key)
        return owed + self.received_by[index]

    def stake_of(self, index: int, key: str) -> int:
        tickets = {item[index] for item in self.ids}
        worth: int = self.view("position", self.operators[index], key)[1]
        leaving: list[int] = [self.view("ticket", key, ticket)[0] for ticket in tickets]
        return worth + sum(leaving)

    def states(self) -> list[tuple[str, list[int]]]:
        names = ("bound", "exposure", "pool", "shares", "", "open tickets")
        found = [self.view("operator_state", operator) for operator in self.operators]
        return [(name, [state[at] for state in found]) for at, name in enumerate(names) if name and name != "shares"]
