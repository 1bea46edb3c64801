"""Talking to a chain: JSON-RPC, accounts, transactions, the local chain, and the deployment of the suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from ethwire.rpc import Rpc
    from keifu.chain._client import Call, ChainClient
    from keifu.chain._deployer import FACTORY, ClientDeployer, Deployer, FactoryDeployer, RpcDeployer
    from keifu.chain._transaction import ExternalAccount, Fees, Transaction, sign_transaction
    from keifu.chain.anvil import Anvil
    from keifu.chain.factory import created_address
    from keifu.chain.protocol import Deployment, Params, deploy_protocol
    from keifu.keys import Account

__all__ = [
    "FACTORY",
    "Account",
    "Anvil",
    "Call",
    "ChainClient",
    "ClientDeployer",
    "Deployer",
    "Deployment",
    "ExternalAccount",
    "FactoryDeployer",
    "Fees",
    "Params",
    "Rpc",
    "RpcDeployer",
    "Transaction",
    "created_address",
    "deploy_protocol",
    "sign_transaction",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.chain._client": ["Call", "ChainClient"],
        "keifu.chain._deployer": ["FACTORY", "ClientDeployer", "Deployer", "FactoryDeployer", "RpcDeployer"],
        "keifu.chain._transaction": ["ExternalAccount", "Fees", "Transaction", "sign_transaction"],
        "keifu.chain.anvil": ["Anvil"],
        "keifu.chain.factory": ["created_address"],
        "keifu.chain.protocol": ["Deployment", "Params", "deploy_protocol"],
        "ethwire.rpc": ["Rpc"],
        "keifu.keys": ["Account"],
    },
)
