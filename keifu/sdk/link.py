"""The chain below the SDK: connected when it is first needed, by the same settings as the commands."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ethwire.rpc import connect
from keifu.chain import ChainClient, Deployment, RpcDeployer
from keifu.chain.deployments import Record, find_record
from keifu.chain.finality import final_depth
from keifu.chain.header import genesis_of
from keifu.errors import EnvironmentFault, UsageError
from keifu.keys import Account
from keifu.keys.keystore import load_account, password
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Provenance

__all__ = ["Link", "Settings"]

USUAL_NODE = "http://127.0.0.1:8545"
REGISTRY, ENVIRONMENTS = "ProvenanceRegistry", "Environments"


@dataclass(frozen=True)
class Settings:
    """How the chain is reached, and who signs. What is empty comes from the variables that the commands read."""

    rpc: str = ""
    deployments: Path | None = None
    role: str = ""
    key_file: Path | None = None
    password: str = ""

    @property
    def url(self) -> str:
        return self.rpc or os.environ.get("KEIFU_RPC") or USUAL_NODE


class Link:
    """One chain and one account."""

    def __init__(self, settings: Settings) -> None:
        if settings.role and settings.key_file:
            raise UsageError("a role and a key file are two senders", remedy="give one of them")
        self.settings = settings

    @cached_property
    def client(self) -> ChainClient:
        return ChainClient(connect(self.settings.url))

    @cached_property
    def record(self) -> Record:
        client = self.client
        is_local = final_depth(client.chain_id) == 0
        record, folder = find_record(
            client.chain_id, genesis_of(client.rpc), self.settings.deployments, disposable=is_local
        )
        if not record.contracts:
            raise EnvironmentFault(
                f"no suite is recorded for chain {client.chain_id} in {folder}",
                remedy="`keifu up` starts a local network; on another chain name the folder of its record:"
                " connect(deployments=…) or KEIFU_DEPLOYMENTS",
            )
        return record

    @cached_property
    def account(self) -> Account:
        """Who signs. Raises UsageError when nobody was named."""
        given = self.settings
        role = given.role or ("" if given.key_file else os.environ.get("KEIFU_ROLE", ""))
        if role:
            if final_depth(self.client.chain_id):
                raise UsageError(
                    f"role {role!r} is for local chains: anyone can make its key", remedy="connect(key_file=…)"
                )
            return Account.from_role(role)
        file = given.key_file or os.environ.get("KEIFU_KEY_FILE")
        if not file:
            raise UsageError("nobody signs", remedy="connect(key_file=…), or connect(role=…) on a local chain")
        return load_account(Path(file), given.password.encode() if given.password else password())

    @cached_property
    def suite(self) -> Deployment:
        return Deployment(dict(self.record.contracts))

    @cached_property
    def deployer(self) -> RpcDeployer:
        """Sends for the account."""
        return RpcDeployer(self.client, self.account, self.record.factory)

    @cached_property
    def provenance(self) -> Provenance:
        return Provenance(
            self.client, self.suite[REGISTRY], self.suite[ENVIRONMENTS], first_block=self.record.first_block
        )

    @property
    def proved(self) -> Proved:
        """The newest block, against which answers are proved."""
        return Proved.now(self.provenance)

    def close(self) -> None:
        if "client" in self.__dict__:
            self.client.rpc.close()
