"""A vault of shares that nothing is said of but who may call what."""

from evmstorm.fuzz import RAW_OUTCOME, Amount, System, Who, action
from evmstorm.templates.erc20 import share_out


class Vault(System):
    contracts = ("Coin", "Shares")
    actors = ("user", "rival")

    def setup(self, evm):
        owner = evm.account("owner")
        coin = evm.deploy("Coin", 10**24, sender=owner)
        vault = evm.deploy("Shares", coin, sender=owner)
        self.bind(coin=coin, vault=vault)
        self.begun = share_out(self, coin, owner)
        for who in self.roles.values():
            coin.approve(vault, 2**256 - 1, sender=who)

    def coins(self, who):
        return self.ask("coin.balanceOf", who)

    def shares(self, who):
        return self.ask("vault.balanceOf", who)

    def worth(self, who):
        return self.coins(who) + self.ask("vault.previewRedeem", self.shares(who))

    @action("vault.deposit", Amount("coins"), Who())
    def deposit(self, who, amount, to):
        if to == who:
            yield RAW_OUTCOME

    @action("vault.redeem", Amount(10**24), Who(), Who())
    def redeem(self, who, amount, to, owner):
        if to == who:
            yield RAW_OUTCOME
