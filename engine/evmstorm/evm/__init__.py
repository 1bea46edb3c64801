"""The contracts in this process: artefacts from the compiler and an EVM to run them in.

    evm = LocalEvm()
    deployer = evm.account("deployer")
    token = evm.deploy("Token", deployer, sender=deployer)
    receipt = token.transfer(holder, 5, sender=deployer)
    with reverts("token: insufficient balance"):
        token.transfer(deployer, 6, sender=holder)

Good for millions of calls.
"""

from __future__ import annotations

from ethwire.abi import BoundFunction, Contract, Receipt
from ethwire.errors import Revert
from evmstorm.evm import artifacts
from evmstorm.evm._local import LocalEvm
from evmstorm.evm._reverts import reverts

__all__ = ["BoundFunction", "Contract", "LocalEvm", "Receipt", "Revert", "artifacts", "reverts"]
