"""Meter: small enough that its mutants are compiled and searched in a moment."""

from __future__ import annotations

from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Amount

LIMIT = 100


class MeterSystem(System):
    """Every sum that was added, against one number."""

    contracts = ("Meter",)
    actors = ("user",)

    def setup(self, evm: LocalEvm) -> None:
        self.bind(meter=evm.deploy("Meter", LIMIT, sender=evm.account("owner")))
        self.total = self.read("meter.total")

    def start(self) -> None:
        self.added = 0

    def limit(self, who: str) -> int:
        return LIMIT

    @action("meter.add(uint256)", Amount("limit"))
    def add(self, who: str, amount: int) -> Steps:
        if amount > LIMIT:
            return "meter: over the limit"
        yield
        self.added += amount
        self.emitted("meter.Counted", by=who, total=self.added)

    @invariant("MTR-1")
    def every_sum_is_counted(self) -> bool:
        """The total is what was added."""
        return self.total() == self.added
