"""Profit: the vault earns nothing, so nobody has more than it began with."""

from evmstorm.fuzz import invariant
from evmstorm.oracles import check_profit
from oracles._vault import Vault


class Profit(Vault):
    @invariant("PROFIT-1", at_end=True)
    def nobody_gains(self):
        """Nobody has more than it began with."""
        check_profit({who: self.worth(who) for who in self.addresses}, self.begun, dust=1_000)
        return True
