"""Talking to a chain: JSON-RPC, accounts, transactions, the local chain, and the deployment of the suite."""

from __future__ import annotations

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
