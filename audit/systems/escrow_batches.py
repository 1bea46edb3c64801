"""VestingEscrow: many grants in one call, what the views say of them, and the constructor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.systems._constructors import Deployment, variations
from audit.systems.escrow import DIVISORS, FIELDS, LENGTHS, LIMITS, MAX_GRANTS, STEPS, Escrow, Grant
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Amount, Choice, Who


class BatchEscrow(Escrow):
    """The same grants, created two and three at a time."""

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        owner = evm.account("owner")
        fees = evm.deploy("FeeToken", sender=owner)
        taxed = evm.deploy("VestingEscrow", fees, ZERO_ADDRESS, sender=owner)
        self.bind(taxed=taxed)
        fees.mint(self["funder"], 1_000, sender=owner)
        fees.approve(taxed, 1_000, sender=self["funder"])

    def constructors(self) -> Iterator[Deployment]:
        return variations("VestingEscrow", (self["token"], ZERO_ADDRESS), (0, self["funder"], "escrow: no token"))

    @action("", weight=1, always_reverts=True)
    def create_taxed(self, who: str) -> Steps:
        plan = (who, ZERO_ADDRESS, 1_000, self.now, 1, 1, 0, 0)
        yield self.tx("taxed.create", plan, sender=self["funder"], fails="transfer: token takes a fee")

    @action(
        "", Who(), Choice(STEPS), Choice(LENGTHS), Choice(DIVISORS), Choice((0, 1, 2, 3)), Amount("coins"), weight=8
    )
    def create_many(
        self, who: str, beneficiary: str, steps: int, step: int, divisor: int, count: int, total: int
    ) -> Steps:
        if len(self.grants) + count > MAX_GRANTS:
            return None
        share = total // 3
        plans: list[dict[str, Any]] = []
        for number in range(count):
            values = (beneficiary, self["revoker"], share + number, self.now + number, step, steps, 1, divisor)
            plans.append(dict(zip(FIELDS, values, strict=True)))
        spent = sum(plan["total"] for plan in plans)
        fails = None
        if count == 0:
            fails = "escrow: no plans"
        elif not (share and share + count - 1 < 2**112):
            fails = "escrow: total out of range"
        elif spent > self.coins[who]:
            fails = self.too_poor()
        first = len(self.grants) + 1
        returned = yield self.tx(
            "escrow.create_many", [tuple(plan.values()) for plan in plans], sender=who, fails=fails
        )
        if fails is None:
            assert int.from_bytes(returned, "big") == first, "returns the first one's number"
            self.coins[who] -= spent
            self.grants += [Grant(plan) for plan in plans]
            if self.sometimes():
                self.emitted("escrow.Created", count=count, id=len(self.grants), total=plans[-1]["total"])

    @invariant("ESC-8", at_end=True)
    def views_tell_the_terms(self) -> bool:
        """`plan` gives the terms of every grant as they are now, at their bounds too, and zeros where there is none."""
        view = self.contract("escrow").plan
        for number, grant in enumerate(self.grants[:3], 1):
            plan = grant.schedule
            who = (grant.beneficiary, grant.revoker, grant.total)
            wanted = (*who, plan.start, plan.step, plan.steps, plan.cliff, plan.divisor)
            if view(number) != wanted or self.ask("escrow.vested", number, plan.end) != grant.total:
                return False
            if set(self.contract("escrow").stake_of(number)) != {0, ZERO_ADDRESS}:
                return False
        return bool(view(len(self.grants) + 1)[2:] == (0, 0, 0, 0, 0, 0)) and self._bounds_are_terms_too()

    def _bounds_are_terms_too(self) -> bool:
        """A grant with each number of its terms at a bound is taken, and its terms are reported."""
        funder = max(self.coins, key=lambda who: self.coins[who])
        usual = {"start": self.now, "step": 1, "steps": 1}
        for field in usual:
            for value in (1, LIMITS[field] - 1):
                terms = usual | {field: value}
                plan = (self["funder"], ZERO_ADDRESS, 1, *terms.values(), 0, 0)
                if self.stored(funder) == 0:
                    return True
                number = self.do("escrow.create", plan, sender=funder)
                if self.contract("escrow").plan(number) != plan:
                    return False
        return True
