"""Contracts at addresses that somebody else's program has fixed, on a chain of the tests' own."""

from __future__ import annotations

from typing import Any

from evmstorm.evm import artifacts
from keifu.abi import encode_args
from keifu.chain import Anvil
from keifu.keys import Account

__all__ = ["install"]


def install(anvil: Anvil, address: str, name: str, *arguments: Any, sender: Account) -> None:
    """As if a deployment had made contract `name` at `address`: its constructor runs there.

    The creation code stands in for the account's code for one call, which gives the run-time code with what it knows of
    its own address, and for one transaction, which leaves storage and the calls that a constructor makes.
    """
    artifact = artifacts.load(name)
    code = artifact.creation_code + encode_args(artifact.interface.constructor, arguments, "constructor")
    anvil.rpc.call("anvil_setCode", address, "0x" + code.hex())
    request = {"from": sender.address, "to": address, "gas": hex(10_000_000)}
    runtime = anvil.rpc.call("eth_call", request, "latest")
    anvil.rpc.call("anvil_impersonateAccount", sender.address)
    sent = anvil.rpc.call("eth_sendTransaction", request)
    while anvil.rpc.call("eth_getTransactionReceipt", sent) is None:  # before its code is another
        pass
    anvil.rpc.call("anvil_stopImpersonatingAccount", sender.address)
    anvil.rpc.call("anvil_setCode", address, runtime)
