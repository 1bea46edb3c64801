"""Neutrality: coins that are deposited at once or in parts are worth the same."""

from evmstorm.fuzz import invariant
from evmstorm.oracles import check_alike, split
from oracles._vault import Vault


class Neutrality(Vault):
    @invariant("NEUTRAL-1", at_end=True)
    def parts_are_worth_the_whole(self):
        """A deposit is worth as much in one piece as in five."""
        who = self.addresses[0]
        amount = self.coins(who) // 2
        check_alike("a deposit", self.bought(who, [amount]), [self.bought(who, split(amount, 5))], dust=1_000)
        return True

    def bought(self, who, amounts):
        """Shares for these deposits, which are undone."""
        with self.evm.anchor():
            before = self.shares(who)
            for amount in amounts:
                self.do("vault.deposit", amount, who, sender=who)
            return self.shares(who) - before
