"""A vault of shares (ERC-4626) that earns nothing by itself: nobody gains but by gifts, everybody is paid, and who
burns others' coins burns its own."""

from __future__ import annotations

from ethwire.abi import Contract
from evmstorm.evm import LocalEvm
from evmstorm.fuzz import RAW_OUTCOME, Amount, Steps, System, Who, action, invariant
from evmstorm.oracles import Claim, check_payable
from evmstorm.templates.erc20 import share_out

__all__ = ["Erc4626"]

DUST = 1_000  # wei that rounding may move in one sequence


class Erc4626(System):
    """Give `deploy`. The asset's first coins are the owner's, and are shared out among the actors."""

    def deploy(self, evm: LocalEvm) -> tuple[Contract, Contract]:
        """(asset, vault)."""
        raise NotImplementedError

    def setup(self, evm: LocalEvm) -> None:
        asset, vault = self.deploy(evm)
        self.bind(asset=asset, vault=vault)
        self.begun = share_out(self, asset, evm.account("owner"))
        for who in self.roles.values():
            asset.approve(vault, 2**256 - 1, sender=who)

    def start(self) -> None:
        self.gifts = dict.fromkeys(self.addresses, 0)

    def coins(self, who: str) -> int:
        return self.ask("asset.balanceOf", who)

    def shares(self, who: str) -> int:
        return self.ask("vault.balanceOf", who)

    def worth(self, who: str) -> int:
        """Coins that an account has, and would get for its shares."""
        return self.coins(who) + self.ask("vault.previewRedeem", self.shares(who))

    @action("vault.deposit", Amount("coins"), Who())
    def deposit(self, who: str, amount: int, to: str) -> Steps:
        wanted = self.ask("vault.previewDeposit", amount) if amount <= self.coins(who) else 0
        got, before = self.shares(to), self.worth(who)
        if (yield RAW_OUTCOME) is not None:
            assert self.shares(to) - got >= wanted, f"previewDeposit said {wanted} shares"
            self._give(who, to, before)

    def _give(self, who: str, to: str, before: int) -> None:
        """What one pays for another is a gift."""
        if to != who:
            self.gifts[who] += max(before - self.worth(who), 0)

    @action("vault.redeem", Amount("shares"), Who(), Who())
    def redeem(self, who: str, amount: int, to: str, owner: str) -> Steps:
        shares, before = self.shares(owner), self.worth(who)
        must = amount <= shares and who == owner and amount > 0
        returned = yield None if must else RAW_OUTCOME
        if returned is not None:
            assert amount <= shares, f"{amount} shares were redeemed of {shares}"
            self._give(who, to, before)
            assert who == owner or not amount, f"{self.names[who]} redeemed the shares of {self.names[owner]}"

    @action("vault.withdraw", Amount("coins"), Who(), Who())
    def withdraw(self, who: str, amount: int, to: str, owner: str) -> Steps:
        before = self.worth(who)
        if (yield RAW_OUTCOME) is not None:
            self._give(who, to, before)
            assert who == owner or not amount, f"{self.names[who]} withdrew coins of {self.names[owner]}"

    @action(weight=2)
    def give(self, who: str) -> Steps:
        """Coins that the vault gets and gives no shares for."""
        amount = self.coins(who) // 2
        yield self.tx("asset.transfer", self["vault"], amount, sender=who)
        self.gifts[who] += amount

    @invariant("ERC4626-1", at_end=True)
    def nobody_gains(self) -> bool | str:
        """Nobody has more than it began with and others gave away (profit)."""
        given = sum(self.gifts.values())
        for who in self.addresses:
            gain = self.worth(who) - self.begun[who]
            if gain > given - self.gifts[who] + DUST:
                return f"profit: {self.names[who]} gained {gain} wei, and others gave {given - self.gifts[who]}"
        return True

    @invariant("ERC4626-2", at_end=True)
    def everybody_is_paid(self) -> bool:
        """Whoever redeems, and in whatever order, gets what the vault says (promise)."""
        claims = [Claim(who, self.ask("vault.previewRedeem", self.shares(who)), "the vault") for who in self.addresses]
        check_payable((claim for claim in claims if claim.amount), self.evm.anchor, self._redeem_all)
        return True

    def _redeem_all(self, claim: Claim) -> int:
        before = self.coins(claim.who)
        self.do("vault.redeem", self.shares(claim.who), claim.who, claim.who, sender=claim.who)
        return self.coins(claim.who) - before + DUST

    @invariant("ERC4626-3", at_end=True)
    def harm_costs(self) -> bool | str:
        """Who makes others lose coins loses as much (harm)."""
        lost = {who: self.begun[who] - self.worth(who) for who in self.addresses}
        for who in self.addresses:
            others = sum(lost[other] - self.gifts[other] for other in self.addresses if other != who)
            if lost[who] < 0 and others > DUST:
                return f"harm: {self.names[who]} won {-lost[who]} wei, and others lost {others} without giving"
        return True
