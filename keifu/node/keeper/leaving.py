"""Winding up a keeper: what its account has goes to its owner."""

from __future__ import annotations

from keifu.chain import RpcDeployer
from keifu.node.chain import NodeChain

__all__ = ["leave"]

GAS = 21_000  # of a transfer
SPARE = 3  # the price may rise so many times until it is in a block


def leave(chain: NodeChain, deployer: RpcDeployer, to: str) -> int:
    """Send everything but the price of sending it; wei, 0 when that is more than what is there."""
    balance = chain.client.balance(deployer.sender)
    amount = balance - SPARE * GAS * chain.rpc.quantity("eth_gasPrice")
    if amount <= 0:
        return 0
    chain.client.send(deployer.account, to, value=amount, gas=GAS)
    return amount
