"""TGEDistributor: six grants, honest and forged claims, batches, donations and the late sweep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.systems._constructors import Deployment, variations
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Amount, Choice, Index, Who
from keifu.spec.vesting import SWEEP_DELAY
from keifu.tge import Grants, Ledger, Schedule
from keifu.units import COIN

TOTALS = [1_143 * COIN, 1, 35, 10**24, 1_143 * COIN + 1, 7]
WAIT = 1_000  # seconds from the set-up to the event
FORGERIES = ("", "", "", "total", "account", "index", "proof")


class Distributor(System):
    """Claims by anyone for anyone, at any time, with the right proof or a wrong one."""

    contracts = ("TGEDistributor",)
    actors = ("grantee", "other grantee", "owner", "donor")

    def setup(self, evm: LocalEvm) -> None:
        token = evm.deploy("KeifuToken", self["donor"], sender=self["donor"])
        receivers = [self["grantee"], self["other grantee"]] * 3
        self.grants = Grants(receivers, TOTALS)
        self.schedule = Schedule(evm.now + WAIT)
        self.proofs = [self.grants.tree.proof(index) for index in range(len(TOTALS))]
        terms = self.schedule
        self.sweep_after = terms.end + SWEEP_DELAY
        distributor = evm.deploy(
            "TGEDistributor", token, ZERO_ADDRESS, self.grants.tree.root, self.grants.allocation, terms.start,
            terms.step, terms.steps, self.sweep_after, self["owner"], sender=self["owner"],
        )  # fmt: skip
        self.bind(distributor=distributor, token=token)
        token.transfer(distributor, self.grants.allocation, sender=self["donor"])
        self.stored = self.read("token.balanceOf")
        self.fund = token.balanceOf(self["donor"])

    def constructors(self) -> Iterator[Deployment]:
        """Every bound of every argument, from both sides."""
        most, times = artifacts.constant("lib/constants.vy", "MAX_AMOUNT"), 2**64
        schedule = {4: 100, 5: 7, 6: 3}
        early = _sweep(schedule)
        right = (self["token"], ZERO_ADDRESS, b"\1" * 32, 10, *schedule.values(), early, self["owner"])
        yield from variations(
            "TGEDistributor",
            right,
            (0, self["owner"], "distributor: no token"),
            (2, bytes(32), "distributor: no root"),
            (3, 0, "distributor: allocation out of range"),
            (3, 1, None),
            (3, most, None),
            (3, most + 1, "distributor: allocation out of range"),
            (7, early - 1, "distributor: sweep too early"),
            (8, ZERO_ADDRESS, "distributor: no owner"),
        )
        for at, word in {4: "start", 5: "step", 6: "steps"}.items():
            wrong = f"distributor: {word} out of range"
            for value, reason in ((0, wrong), (1, None), (times, None), (times + 1, wrong)):
                changed = schedule | {at: value}
                yield "TGEDistributor", (*right[:4], *changed.values(), _sweep(changed), right[8]), reason

    def start(self) -> None:
        self.ledger = Ledger(self.schedule, TOTALS)
        self.held = self.grants.allocation
        self.coins = {self["donor"]: self.fund}
        self.swept = False

    def deadlines(self) -> list[int]:
        passed = max(0, (self.now - self.schedule.start) // self.schedule.step)
        following = self.schedule.start + self.schedule.step * (passed + 1) if self.now >= self.schedule.start else 0
        return [self.schedule.start, following, following, self.schedule.end, self.sweep_after]

    def line(self, index: int, forgery: str) -> tuple[int, str, int, list[bytes]]:
        """A line of the list, spoilt in one way."""
        account, total, proof = self.grants.accounts[index], TOTALS[index], list(self.proofs[index])
        match forgery:
            case "total":
                total += 1
            case "account":
                account = self["donor"]
            case "index":
                index += 1
            case "proof":
                proof = proof[:-1] if index % 2 else []
        return index, account, total, proof

    def pay(self, index: int) -> int:
        due = self.ledger.claim(index, self.now)
        account = self.grants.accounts[index]
        self.held -= due
        self.coins[account] = self.coins.get(account, 0) + due
        return due

    @action("", Index(len(TOTALS) - 1), Choice(FORGERIES), weight=8)
    def claim(self, who: str, index: int, forgery: str) -> Steps:
        line = self.line(index, forgery)
        due = self.ledger.due(index, self.now)
        fails = None
        if forgery:
            fails = "distributor: not in the list"
        elif due == 0:
            fails = "distributor: nothing to claim"
        elif due > self.held:
            fails = "token: insufficient balance"
        yield self.tx("distributor.claim", *line, sender=who, fails=fails)
        if fails is None:
            self.pay(index)
            if self.sometimes():
                self.emitted("distributor.Claimed", index=index, account=line[1], amount=due)

    @action("", Index(len(TOTALS) - 1), Index(len(TOTALS) - 1), Choice(FORGERIES), weight=6)
    def claim_many(self, who: str, first: int, second: int, forgery: str) -> Steps:
        batch: list[Any] = [self.line(first, ""), self.line(second, forgery), self.line(first, "")]
        due = self.ledger.due(first, self.now) + (self.ledger.due(second, self.now) if second != first else 0)
        fails = None
        if forgery:
            fails = "distributor: not in the list"
        elif due > self.held:
            fails = "token: insufficient balance"
        # A payment before the forged line could run out of coins first, after a sweep.
        if forgery and self.swept:
            return None
        paid = yield self.tx("distributor.claim_many", batch, sender=who, fails=fails)
        if fails is None:
            amounts = [self.pay(first), self.pay(second)]
            assert sum(amounts) == int.from_bytes(paid, "big"), "claim_many returns what it paid"
            if self.sometimes():
                self.emitted("distributor.Claimed", count=sum(amount > 0 for amount in amounts))

    @action("", Index(len(TOTALS) - 1), weight=1, always_reverts=True)
    def stake(self, who: str, index: int) -> Steps:
        values = (index, TOTALS[index], self.proofs[index], self["donor"], 0, 0)
        account = self.grants.accounts[index]
        yield self.tx("distributor.claim_and_stake", *values, sender=account, fails="distributor: no hub")

    @action("distributor.sweep", Who())
    def sweep(self, who: str, to: str) -> Steps:
        if who != self["owner"]:
            return "distributor: caller is not the owner"
        if self.now < self.sweep_after:
            return "distributor: sweep not open"
        yield
        self.coins[to] = self.coins.get(to, 0) + self.held
        if self.sometimes():
            self.emitted("distributor.Swept", to=to, amount=self.held)
        self.held, self.swept = 0, True

    @action("", Amount(10**21), weight=2)
    def donate(self, who: str, amount: int) -> Steps:
        if amount > self.coins.get(self["donor"], 0):
            return None
        yield self.tx("token.transfer", self["distributor"], amount, sender=self["donor"])
        self.coins[self["donor"]] -= amount
        self.held += amount

    @invariant("TGE-5")
    def coins_follow(self) -> bool:
        """What the distributor holds and what each grantee got are the model's."""
        return self.stored(self["distributor"]) == self.held and all(
            self.stored(who) == coins for who, coins in self.coins.items()
        )

    @invariant("TGE-2")
    def never_more_than_vested(self) -> bool:
        """Of no grant more is paid than is vested, and after the last step exactly its total."""
        return all(
            self.ledger.paid.get(index, 0) <= self.schedule.vested(total, self.now) <= total
            for index, total in enumerate(TOTALS)
        )

    @invariant("TGE-11", at_end=True)
    def views_agree(self) -> bool:
        """`vested`, `paid`, `claimable` and `verify` say what a claim would do."""
        most = artifacts.constant("lib/constants.vy", "MAX_AMOUNT")
        if self.ask("distributor.vested", most, self.schedule.end) != most:
            return False
        if not self.refuses("distributor.vested", most + 1, self.schedule.end):
            return False
        return all(
            self.ask("distributor.paid", index) == self.ledger.paid.get(index, 0)
            and self.ask("distributor.claimable", *self.line(index, "")[:3]) == self.ledger.due(index, self.now)
            and self.ask("distributor.vested", TOTALS[index], self.now) == self.schedule.vested(TOTALS[index], self.now)
            and self.ask("distributor.verify", *self.line(index, "")) == 1
            and self.ask("distributor.verify", *self.line(index, "total")) == 0
            for index in (0, 5)
        )

    @invariant("TGE-1", at_end=True)
    def everyone_is_paid_in_the_end(self) -> bool:
        """Once all is vested, everybody gets the whole of every grant, unless it was swept two years later."""
        if self.swept:
            return True
        self.evm.warp_to(max(self.now, self.schedule.end))
        for index in range(len(TOTALS)):
            line, due = self.line(index, ""), self.ledger.due(index, self.now)
            if due and self.do("distributor.claim", *line, sender=self["donor"]) != due:
                return False
        return True


def _sweep(schedule: dict[int, int]) -> int:
    """The earliest time of a sweep, for start, step and steps."""
    start, step, steps = schedule.values()
    return start + step * steps + SWEEP_DELAY
