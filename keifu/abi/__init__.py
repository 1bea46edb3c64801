"""Contract interfaces as data: what nodes, scripts and dApps need to call the suite, without a compiler.

`load("KeifuToken")` reads the committed `contracts/KeifuToken.json` beside this file, which `make abi` writes
and a test checks against the sources. `Interface` encodes calls and decodes results, logs and reverts.
"""

from __future__ import annotations

from ethwire.abi import (
    Backend,
    BoundFunction,
    Contract,
    EventAbi,
    FunctionAbi,
    Interface,
    Log,
    Receipt,
    decode_args,
    decode_revert,
    encode_args,
)
from keifu.abi._package import CONTRACTS, PackagedContract, load, names

__all__ = [
    "CONTRACTS",
    "Backend",
    "BoundFunction",
    "Contract",
    "EventAbi",
    "FunctionAbi",
    "Interface",
    "Log",
    "PackagedContract",
    "Receipt",
    "decode_args",
    "decode_revert",
    "encode_args",
    "load",
    "names",
]
