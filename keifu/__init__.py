"""Keifu: provenance, staking, storage and compute whose every claim can be checked.

The front door: what nodes, SDKs and dApps import, by one flat name each. A name is loaded when it is first used.

    import keifu
    with keifu.connect(role="author") as k:
        data = k.datasets.publish("data", licence="CC-BY-4.0")

programs    connect, connect_async, Keifu, AsyncKeifu, Published, Promotion, Verdict, Delegation
chain       Rpc, ChainClient, RpcDeployer, Anvil, Deployment, Params, deploy_protocol
contracts   load (a packaged ABI), Contract, Interface, Receipt
keys        Account, Domain, StructType, checksum, keccak256, recover
provenance  Provenance, Record, Link, Attestation, Label, Heartbeat, PolicyEntry, Kind, Relation, Status,
            digest_path, TreeDigest, walk, Lineage
agents      DataFolder, Transfer, LeaseOffer, Order, SignedOrder (intelligent NFTs),
            Grant, Limit, Target (sessions of tokens' accounts)
trees       Tree
amounts     COIN, coins, parse_amount
errors      KeifuError and everything below it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.abi import Contract, Interface, Receipt, load
    from keifu.accounts import Grant, Limit, Target
    from keifu.chain import Anvil, ChainClient, Deployment, Params, Rpc, RpcDeployer, deploy_protocol
    from keifu.errors import (
        AbiError,
        ArtifactError,
        ChainMismatch,
        CheckFailed,
        EnvironmentFault,
        InputError,
        KeifuError,
        Revert,
        RpcError,
        UsageError,
    )
    from keifu.inft import DataFolder, LeaseOffer, Order, SignedOrder, Transfer
    from keifu.keys import Account, Domain, StructType, checksum, keccak256, recover
    from keifu.merkle import Tree
    from keifu.provenance import Attestation, Heartbeat, Kind, Label, Link, PolicyEntry, Record, Relation, Status
    from keifu.provenance.digest import TreeDigest, digest_path
    from keifu.provenance.lineage import Lineage, walk
    from keifu.provenance.registry import Provenance
    from keifu.sdk import AsyncKeifu, Delegation, Keifu, Promotion, Published, Verdict, connect, connect_async
    from keifu.units import COIN, coins, parse_amount

__all__ = [
    "COIN",
    "AbiError",
    "Account",
    "Anvil",
    "ArtifactError",
    "AsyncKeifu",
    "Attestation",
    "ChainClient",
    "ChainMismatch",
    "CheckFailed",
    "Contract",
    "DataFolder",
    "Delegation",
    "Deployment",
    "Domain",
    "EnvironmentFault",
    "Grant",
    "Heartbeat",
    "InputError",
    "Interface",
    "Keifu",
    "KeifuError",
    "Kind",
    "Label",
    "LeaseOffer",
    "Limit",
    "Lineage",
    "Link",
    "Order",
    "Params",
    "PolicyEntry",
    "Promotion",
    "Provenance",
    "Published",
    "Receipt",
    "Record",
    "Relation",
    "Revert",
    "Rpc",
    "RpcDeployer",
    "RpcError",
    "SignedOrder",
    "Status",
    "StructType",
    "Target",
    "Transfer",
    "Tree",
    "TreeDigest",
    "UsageError",
    "Verdict",
    "__version__",
    "checksum",
    "coins",
    "connect",
    "connect_async",
    "deploy_protocol",
    "digest_path",
    "keccak256",
    "load",
    "parse_amount",
    "recover",
    "walk",
]

__version__ = "0.1.0"

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.abi": (
            "Contract",
            "Interface",
            "Receipt",
            "load",
        ),
        "keifu.accounts": (
            "Grant",
            "Limit",
            "Target",
        ),
        "keifu.chain": (
            "Anvil",
            "ChainClient",
            "Deployment",
            "Params",
            "Rpc",
            "RpcDeployer",
            "deploy_protocol",
        ),
        "keifu.errors": (
            "AbiError",
            "ArtifactError",
            "ChainMismatch",
            "CheckFailed",
            "EnvironmentFault",
            "InputError",
            "KeifuError",
            "Revert",
            "RpcError",
            "UsageError",
        ),
        "keifu.inft": (
            "DataFolder",
            "LeaseOffer",
            "Order",
            "SignedOrder",
            "Transfer",
        ),
        "keifu.keys": (
            "Account",
            "Domain",
            "StructType",
            "checksum",
            "keccak256",
            "recover",
        ),
        "keifu.merkle": ("Tree",),
        "keifu.provenance": (
            "Attestation",
            "Heartbeat",
            "Kind",
            "Label",
            "Link",
            "PolicyEntry",
            "Record",
            "Relation",
            "Status",
        ),
        "keifu.provenance.digest": (
            "TreeDigest",
            "digest_path",
        ),
        "keifu.provenance.lineage": (
            "Lineage",
            "walk",
        ),
        "keifu.provenance.registry": ("Provenance",),
        "keifu.sdk": (
            "AsyncKeifu",
            "Delegation",
            "Keifu",
            "Promotion",
            "Published",
            "Verdict",
            "connect",
            "connect_async",
        ),
        "keifu.units": (
            "COIN",
            "coins",
            "parse_amount",
        ),
    },
)
