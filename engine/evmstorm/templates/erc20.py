"""A token of coins (ERC-20): who has how many is what transfers made it."""

from __future__ import annotations

from typing import Any

from ethwire.abi import Contract
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz import RAW_OUTCOME, Amount, Steps, System, Who, action, invariant

__all__ = ["Erc20", "share_out", "true_or_nothing"]


def true_or_nothing(returned: bytes | None, what: str) -> None:
    """A token that succeeds says true, or nothing at all as the oldest ones do; AssertionError otherwise."""
    assert returned is not None
    assert not returned or int.from_bytes(returned[:32], "big") == 1, f"{what} succeeded and did not return true"


def share_out(system: System, token: Contract, owner: Any) -> dict[str, int]:
    """What everybody has, after the owner gave each actor that has nothing a share of its coins."""
    have = {who: int(token.balanceOf(who)) for who in [*system.roles.values(), owner.address, token.address]}
    poor = [who for who in system.roles.values() if not have[who]]
    for who in poor:
        token.transfer(who, have[owner.address] // (len(poor) + 1), sender=owner)
    return {who: int(token.balanceOf(who)) for who in have}


class Erc20(System):
    """Give `deploy`. The owner's coins are shared out among the actors."""

    def deploy(self, evm: LocalEvm) -> Contract:
        """The token; whoever has the first coins is `evm.account("owner")`."""
        raise NotImplementedError

    def setup(self, evm: LocalEvm) -> None:
        token = self.deploy(evm)
        self.bind(token=token)
        self.begun = share_out(self, token, evm.account("owner"))
        self.supply = int(token.totalSupply())

    def start(self) -> None:
        self.balances = dict(self.begun)
        self.allowed: dict[tuple[str, str], int] = {}

    def allowance(self, who: str) -> int:
        """Around this the amounts of `transferFrom` are drawn."""
        return max((amount for (_, spender), amount in self.allowed.items() if spender == who), default=1)

    def _move(self, owner: str, to: str, amount: int) -> None:
        assert amount <= self.balances[owner], f"{amount} left an account that had {self.balances[owner]}"
        self.balances[owner] -= amount
        self.balances[to] = self.balances.get(to, 0) + amount

    @action("token.transfer", Who(anyone=True), Amount("balances"))
    def transfer(self, who: str, to: str, amount: int) -> Steps:
        must = to in self.addresses and amount <= self.balances[who]
        returned = yield None if must else RAW_OUTCOME
        if returned is not None:
            true_or_nothing(returned, "transfer")
            self._move(who, to, amount)

    @action("token.approve", Who(), Amount("balances"))
    def approve(self, who: str, spender: str, amount: int) -> Steps:
        true_or_nothing((yield), "approve")
        self.allowed[who, spender] = amount

    @action("token.transferFrom", Who(), Who(anyone=True), Amount("allowance"))
    def spend(self, who: str, owner: str, to: str, amount: int) -> Steps:
        allowed = self.allowed.get((owner, who), 0)
        must = to in self.addresses and amount <= min(self.balances[owner], allowed) and who != owner
        returned = yield None if must else RAW_OUTCOME
        if returned is None:
            return
        true_or_nothing(returned, "transferFrom")
        assert amount <= allowed or who == owner, f"{amount} were taken by whom {allowed} were allowed"
        self._move(owner, to, amount)
        left = self.ask("token.allowance", owner, who)
        assert left in (allowed - amount, allowed), f"{left} are still allowed of {allowed}, after {amount} were taken"
        assert left != allowed or amount == 0 or allowed == 2**256 - 1 or who == owner, "an allowance is spent for ever"
        self.allowed[owner, who] = left

    @invariant("ERC20-1")
    def balances_are_what_transfers_made(self) -> bool | str:
        """Everybody has what was transferred to it, less what it transferred."""
        for who, wanted in self.balances.items():
            if who != ZERO_ADDRESS and (found := self.ask("token.balanceOf", who)) != wanted:
                return f"{self.names.get(who, who)} has {found}, and {wanted} by its transfers"
        return True

    @invariant("ERC20-2")
    def supply_stays(self) -> bool:
        """Nothing is made or burnt by transfers."""
        return self.ask("token.totalSupply") == self.supply
