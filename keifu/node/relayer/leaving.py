"""Winding up a relayer: the coins that paid for its gas go to its owner, then its ether."""

from __future__ import annotations

from keifu.chain import RpcDeployer
from keifu.chain.suite import TOKEN
from keifu.node.chain import NodeChain
from keifu.node.keeper.leaving import leave as send_ether
from keifu.node.sections import RelayerWork

__all__ = ["leave"]


def leave(chain: NodeChain, deployer: RpcDeployer, settings: RelayerWork, to: str) -> tuple[int, int]:
    """How much of the token and of ether was sent. What is in channels to it belongs to their payers."""
    token = settings.token or chain.suite[TOKEN]
    coins = deployer.call(token, TOKEN, "balanceOf", deployer.sender)
    if coins:
        deployer.call(token, TOKEN, "transfer", to, coins)
    return int(coins), send_ether(chain, deployer, to)
