"""Harm: a gift to the vault can burn a depositor's coins, but then it burns the giver's, too."""

from evmstorm.fuzz import action, invariant
from evmstorm.oracles import Harm as Ledger
from oracles._vault import Vault


class Harm(Vault):
    @action(sender="rival")
    def deposit_one(self, who):
        yield self.tx("vault.deposit", 1, who, sender=who, raw_outcome=True)

    @action(sender="rival")
    def give(self, who):
        yield self.tx("coin.transfer", self["vault"], self.coins(who) // 2, sender=who)

    @invariant("HARM-1")
    def harm_costs(self):
        """Who gave nothing loses at most as much as the giver."""
        user, rival = (self.begun[who] - self.worth(who) for who in self.addresses)
        Ledger().done(max(rival, 0), max(user, 0), dust=1_000)
        return True
