"""Talking to a chain: JSON-RPC, accounts, transactions, the local chain, and the deployment of the suite."""

from __future__ import annotations

from ethwire.rpc import Rpc
from keifu.chain._client import Call, ChainClient
from keifu.chain._deployer import FACTORY, Deployer, FactoryDeployer, RpcDeployer
from keifu.chain.anvil import Anvil
from keifu.chain.protocol import Deployment, Params, deploy_protocol
from keifu.keys import Account

__all__ = [
    "FACTORY",
    "Account",
    "Anvil",
    "Call",
    "ChainClient",
    "Deployer",
    "Deployment",
    "FactoryDeployer",
    "Params",
    "Rpc",
    "RpcDeployer",
    "deploy_protocol",
]
