"""Shares by the square root of Vyper 0.4.0, which is sometimes rounded up (CVE-2025-26622)."""

from math import isqrt

from evmstorm.evm import LocalEvm
from evmstorm.fuzz import Amount, Steps, System, action, invariant

ONE = 10**10  # a decimal has ten digits behind its point


class Pool(System):
    """A pool that mints the root of what was deposited as shares."""

    contracts = ("Pool.json",)

    def setup(self, evm: LocalEvm) -> None:
        self.bind(pool=evm.deploy("Pool.json", sender=evm.account("owner")))

    def start(self) -> None:
        self.deposits = dict.fromkeys(self.addresses, 0)

    @action("pool.deposit", Amount(ONE))
    def deposit(self, who: str, amount: int) -> Steps:
        if amount >= 2**64:
            return None
        yield
        self.deposits[who] += amount

    @invariant("POOL-1")
    def shares_are_rounded_down(self) -> bool | str:
        """Shares are the root of what was deposited, and never a little more."""
        for who, amount in self.deposits.items():
            wanted, found = isqrt(amount * ONE), self.ask("pool.shares", who)
            if found > wanted:
                return f"{self.names[who]} has {found} shares for {amount}, and the root is {wanted}"
        return True
