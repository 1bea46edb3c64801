"""Tokens of a test's chain that the timelock has listed: by its own account, without the wait."""

from __future__ import annotations

from typing import Any

from evmstorm.evm import artifacts
from keifu.abi import Contract
from keifu.chain import Anvil, ChainClient, Deployment
from keifu.chain.suite import CHANNELS, TIMELOCK
from keifu.keys import Account
from keifu.units import COIN

__all__ = ["list_token", "listed"]


def listed(
    anvil: Anvil, client: ChainClient, suite: Deployment, maker: Account, name: str = "FrozenToken", *args: Any
) -> Contract:
    """A token out of contracts/testing, deployed by `maker` and listed."""
    load, client.load = client.load, artifacts.load
    try:
        token = client.deploy(name, *args, sender=maker)
    finally:
        client.load = load
    list_token(anvil, client, suite, token.address)
    return token


def list_token(anvil: Anvil, client: ChainClient, suite: Deployment, token: str, *, takes: bool = True) -> None:
    """List a token, or take it off the list."""
    timelock, channels = suite[TIMELOCK], suite.at(client, CHANNELS)
    anvil.rpc.call("anvil_impersonateAccount", timelock)
    anvil.rpc.call("anvil_setBalance", timelock, hex(COIN))
    call = {"from": timelock, "to": channels.address, "data": "0x" + channels.listToken.encode(token, takes).hex()}
    anvil.rpc.call("eth_sendTransaction", {**call, "gas": hex(10**6)})
    anvil.mine()
    anvil.rpc.call("anvil_stopImpersonatingAccount", timelock)
    assert channels.isListed(token) is takes
