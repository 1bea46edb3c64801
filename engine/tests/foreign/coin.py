"""The packaged token by the template."""

from evmstorm.templates import Erc20


class Coin(Erc20):
    contracts = ("Coin",)

    def deploy(self, evm):
        return evm.deploy("Coin", 10**24, sender=evm.account("owner"))
