"""The contracts in this process: artefacts from the compiler and an EVM to run them in.

    evm = LocalEvm()
    deployer = evm.account("deployer")
    token = evm.deploy("KeifuToken", deployer, sender=deployer)
    receipt = token.transfer(holder, 5, sender=deployer)
    with reverts("token: insufficient balance"):
        token.transfer(deployer, 6, sender=holder)

Good for millions of calls.
"""

from __future__ import annotations

from keifu.abi import BoundFunction, Contract, Receipt
from keifu.errors import Revert
from keifu.evm import artifacts
from keifu.evm._local import LocalEvm
from keifu.evm._reverts import reverts

__all__ = ["BoundFunction", "Contract", "LocalEvm", "Receipt", "Revert", "artifacts", "reverts"]
