"""Talking to a chain: JSON-RPC, accounts, transactions, the local chain, and the deployment of the suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.chain._client import Call, ChainClient
    from keifu.chain._deployer import Deployer, EvmDeployer, RpcDeployer
    from keifu.chain.anvil import Anvil
    from keifu.chain.protocol import Deployment, Params, deploy_protocol
    from keifu.chain.rpc import Rpc
    from keifu.keys import Account

__all__ = [
    "Account",
    "Anvil",
    "Call",
    "ChainClient",
    "Deployer",
    "Deployment",
    "EvmDeployer",
    "Params",
    "Rpc",
    "RpcDeployer",
    "deploy_protocol",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.chain._client": ["Call", "ChainClient"],
        "keifu.chain._deployer": ["Deployer", "EvmDeployer", "RpcDeployer"],
        "keifu.chain.anvil": ["Anvil"],
        "keifu.chain.protocol": ["Deployment", "Params", "deploy_protocol"],
        "keifu.chain.rpc": ["Rpc"],
        "keifu.keys": ["Account"],
    },
)
