"""First descriptions of common contracts: say how yours is deployed, and search.

    class Coin(Erc20):
        contracts = ("Coin",)

        def deploy(self, evm):
            return evm.deploy("Coin", 10**24, sender=evm.account("owner"))

`evmstorm new erc20 Coin` writes such a file. What yours does beside the standard is then a method more, or one less.
"""

from __future__ import annotations

from evmstorm.templates.erc20 import Erc20
from evmstorm.templates.erc721 import Erc721
from evmstorm.templates.erc4626 import Erc4626
from evmstorm.templates.staking import Staking
from evmstorm.templates.vesting import Vesting

__all__ = ["TEMPLATES", "Erc20", "Erc721", "Erc4626", "Staking", "Vesting"]

TEMPLATES = {"erc20": Erc20, "erc721": Erc721, "erc4626": Erc4626, "staking": Staking, "vesting": Vesting}
