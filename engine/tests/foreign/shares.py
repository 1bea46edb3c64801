"""The packaged vault by the template."""

from evmstorm.templates import Erc4626


class Shares(Erc4626):
    contracts = ("Coin", "Shares")

    def deploy(self, evm):
        owner = evm.account("owner")
        coin = evm.deploy("Coin", 10**24, sender=owner)
        return coin, evm.deploy("Shares", coin, sender=owner)
