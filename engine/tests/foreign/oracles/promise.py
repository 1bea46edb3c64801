"""Promise: whoever redeems first, the last one is paid as well."""

from evmstorm.fuzz import invariant
from evmstorm.oracles import Claim, check_payable
from oracles._vault import Vault


class Promise(Vault):
    @invariant("PROMISE-1", at_end=True)
    def everybody_is_paid(self):
        """Each share is redeemed for what the vault said it is worth, in whatever order."""
        said = {who: self.ask("vault.previewRedeem", self.shares(who)) for who in self.addresses}
        check_payable([Claim(who, amount, "the vault") for who, amount in said.items()], self.evm.anchor, self.redeemed)
        return True

    def redeemed(self, claim):
        before = self.coins(claim.who)
        to, encode = self.resolve("vault.redeem", 3)
        self.evm.raw.call(claim.who, to, encode([self.shares(claim.who), claim.who, claim.who]))
        return self.coins(claim.who) - before + 1_000  # what rounding may move
