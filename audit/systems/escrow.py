"""VestingEscrow: grants of every shape, claims, revocation, and passing a grant on."""

from __future__ import annotations

from typing import Any

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Amount, Choice, Index, Who
from keifu.tge import Schedule
from keifu.units import DAY

STEPS = (1, 2, 3, 36, 1_096)
LENGTHS = (1, DAY, 2_629_800)
DIVISORS = (0, 0, 1, 3, 255)
SPOILT = (
    "", "", "", "", "", "", "", "total", "start", "step", "steps", "cliff", "divisor", "beneficiary", "no start",
    "no step", "no steps",
)  # fmt: skip
LIMITS = {"total": 2**112, "start": 2**40, "step": 2**32, "steps": 2**16, "divisor": 2**8}
FIELDS = ("beneficiary", "revoker", "total", "start", "step", "steps", "cliff", "divisor")
REASONS = {
    "beneficiary": "escrow: no beneficiary",
    "total": "escrow: total out of range",
    "start": "escrow: start out of range",
    "step": "escrow: step out of range",
    "steps": "escrow: steps out of range",
    "cliff": "escrow: cliff after the last step",
    "divisor": "escrow: divisor out of range",
}
MAX_GRANTS = 12


class Grant:
    """One grant as the model sees it."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.beneficiary, self.revoker, self.total = plan["beneficiary"], plan["revoker"], plan["total"]
        self.schedule = Schedule(plan["start"], plan["step"], plan["steps"], plan["divisor"], plan["cliff"])
        self.paid = 0
        self.successor = ZERO_ADDRESS

    def vested(self, at: int) -> int:
        return self.schedule.vested(self.total, at)


class Escrow(System):
    """A dozen grants a sequence at most, each with its own schedule."""

    contracts = ("VestingEscrow",)
    actors = ("funder", "beneficiary", "revoker", "successor")
    coin = "KeifuToken"

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        self.bind(token=self.deploy_token(evm, owner))
        escrow = evm.deploy("VestingEscrow", self["token"], ZERO_ADDRESS, sender=owner)
        self.bind(escrow=escrow)
        for who in self.roles.values():
            self.contract("token").approve(escrow, 2**256 - 1, sender=who)
        self.stored = self.read("token.balanceOf")
        self.stored_count = self.read("escrow.count")
        self.wealth = {who: self.stored(who) for who in self.roles.values()}

    def deploy_token(self, evm: LocalEvm, owner: Any) -> Any:
        token = evm.deploy(self.coin, owner, sender=owner)
        for who in self.roles.values():
            token.transfer(who, 10**26, sender=owner)
        return token

    def start(self) -> None:
        self.coins = dict(self.wealth)
        self.grants: list[Grant] = []
        self.donated = 0

    def deadlines(self) -> list[int]:
        found = []
        for grant in self.grants[-4:]:
            plan = grant.schedule
            cliff = plan.start + plan.step * plan.cliff
            found += [plan.start, cliff, plan.end]
            if self.now >= plan.start:
                found.append(plan.start + plan.step * ((self.now - plan.start) // plan.step + 1))
        return found

    def grant(self, number: int) -> Grant | None:
        return self.grants[number - 1] if 0 < number <= len(self.grants) else None

    def known(self, who: str) -> int:
        return len(self.grants) + 1

    @action(
        "", Who(), Choice(STEPS), Choice(LENGTHS), Choice((-10 * DAY, -1, 0, 1, DAY)), Choice((0, 0, 1, 2)),
        Choice(DIVISORS), Choice(SPOILT), Amount("coins"), weight=8,
    )  # fmt: skip
    def create(
        self, who: str, beneficiary: str, steps: int, step: int, start: int, cliff: int, divisor: int, spoilt: str,
        total: int,
    ) -> Steps:  # fmt: skip
        if len(self.grants) >= MAX_GRANTS:
            return None
        revoker = self["revoker"] if (steps + divisor) % 2 else ZERO_ADDRESS
        values = (beneficiary, revoker, total, self.now + start, step, steps, min(cliff, steps), divisor)
        plan: dict[str, Any] = dict(zip(FIELDS, values, strict=True))
        fails = self.spoil(plan, spoilt)
        if fails is None and not 0 < total < LIMITS["total"]:
            fails = REASONS["total"]
        if fails is None and total > self.coins[who]:
            fails = self.too_poor()
        yield self.tx("escrow.create", tuple(plan.values()), sender=who, fails=fails)
        if fails is None:
            self.coins[who] -= total
            self.grants.append(Grant(plan))
            if self.sometimes():
                wanted = {key: plan[key] for key in ("beneficiary", "revoker", "total", "divisor")}
                self.emitted("escrow.Created", id=len(self.grants), **wanted)

    def too_poor(self) -> str:
        return "token: insufficient balance"

    def spoil(self, plan: dict[str, Any], field: str) -> str | None:
        """Make one field of the plan wrong; the reason for which it is then refused."""
        if not field:
            return None
        if field != "total" and not 0 < plan["total"] < LIMITS["total"]:
            plan["total"] = 1
        if field.startswith("no "):
            field = field.removeprefix("no ")
            plan[field] = 0
            return REASONS[field]
        plan[field] = (
            plan["steps"] + 1 if field == "cliff" else ZERO_ADDRESS if field == "beneficiary" else LIMITS[field]
        )
        return REASONS[field]

    @action("escrow.claim", Index("known"), weight=8)
    def claim(self, who: str, number: int) -> Steps:
        grant = self.grant(number)
        due = grant.vested(self.now) - grant.paid if grant else 0
        if due == 0:
            return "escrow: nothing to claim"
        yield
        assert grant is not None
        self.pay(grant, due)
        if self.sometimes():
            self.emitted("escrow.Claimed", id=number, beneficiary=grant.beneficiary, amount=due)

    def pay(self, grant: Grant, due: int) -> None:
        grant.paid += due
        self.coins[grant.beneficiary] += due

    @action("", Index("known"), Index("known"))
    def claim_many(self, who: str, first: int, second: int) -> Steps:
        paid = yield self.tx("escrow.claim_many", [first, second, first], sender=who)
        total = 0
        for number in (first, second):
            if grant := self.grant(number):
                due = grant.vested(self.now) - grant.paid
                self.pay(grant, due)
                total += due
        assert int.from_bytes(paid, "big") == total, "claim_many returns what it paid"

    @action("escrow.revoke", Index("known"), sender=("revoker", "revoker", "funder"))
    def revoke(self, who: str, number: int) -> Steps:
        grant = self.grant(number)
        if grant is None or who != grant.revoker:
            return "escrow: caller is not the revoker"
        vested = grant.vested(self.now)
        refund = grant.total - vested
        if refund == 0:
            return "escrow: nothing to revoke"
        yield
        plan = grant.schedule
        grant.schedule = Schedule(plan.start, plan.step, plan.steps, 1, plan.cliff)
        grant.total, grant.revoker = vested, ZERO_ADDRESS
        self.coins[who] += refund
        if self.sometimes():
            self.emitted("escrow.Revoked", id=number, revoker=who, refund=refund, owed=0)

    @action("", Choice("held", 1), weight=1, always_reverts=True)
    def stake(self, who: str, number: int) -> Steps:
        grant = self.grant(number)
        whose = grant is not None and who == grant.beneficiary
        fails = "escrow: no hub" if whose else "escrow: caller is not the beneficiary"
        yield self.tx("escrow.stake", number, self["funder"], 0, 0, sender=who, fails=fails)

    @action("escrow.renounce_revocation", Index("known"), weight=1, sender=("revoker", "funder"))
    def renounce(self, who: str, number: int) -> Steps:
        grant = self.grant(number)
        if grant is None or who != grant.revoker:
            return "escrow: caller is not the revoker"
        yield
        grant.revoker = ZERO_ADDRESS
        if self.sometimes():
            self.emitted("escrow.RevocationRenounced", id=number, revoker=who)

    def held(self, who: str) -> list[int]:
        return [number for number, grant in enumerate(self.grants, 1) if grant.beneficiary == who]

    def offered(self, who: str) -> list[int]:
        return [number for number, grant in enumerate(self.grants, 1) if grant.successor == who]

    @action("escrow.transfer_beneficiary", Choice("held", 1), Who())
    def offer(self, who: str, number: int, successor: str) -> Steps:
        grant = self.grant(number)
        if grant is None or who != grant.beneficiary:
            return "escrow: caller is not the beneficiary"
        yield
        grant.successor = successor
        if self.sometimes():
            self.emitted("escrow.BeneficiaryTransferStarted", id=number, beneficiary=who, successor=successor)

    @action("escrow.accept_beneficiary", Choice("offered", 1))
    def accept(self, who: str, number: int) -> Steps:
        grant = self.grant(number)
        if grant is None or who != grant.successor:
            return "escrow: caller is not the successor"
        yield
        before, grant.beneficiary, grant.successor = grant.beneficiary, who, ZERO_ADDRESS
        if self.sometimes():
            self.emitted("escrow.BeneficiaryTransferred", id=number, beneficiary=before, successor=who)

    @invariant("ESC-3")
    def covers_what_is_unpaid(self) -> bool:
        """The escrow holds what is unpaid of all grants, to the wei, and counts them."""
        unpaid = sum(grant.total - grant.paid for grant in self.grants)
        return self.stored_count() == len(self.grants) and self.stored(self["escrow"]) == unpaid

    @invariant("ESC-4")
    def coins_follow(self) -> bool:
        """Only the beneficiary is paid, and the revoker what was not vested."""
        return all(self.stored(who) == coins for who, coins in self.coins.items())

    @invariant("ESC-7", at_end=True)
    def everyone_is_paid_in_the_end(self) -> bool:
        """In the end every grant is paid but for what was revoked."""
        ends = [grant.schedule.end for grant in self.grants]
        self.evm.warp_to(max([self.now, *ends]))
        for number, grant in enumerate(self.grants, 1):
            if self.ask("escrow.paid", number) != grant.paid or self.ask("escrow.revoker", number) != int(
                grant.revoker, 16
            ):
                return False
            if (due := grant.total - grant.paid) and self.do("escrow.claim", number, sender=self["funder"]) != due:
                return False
        return True
