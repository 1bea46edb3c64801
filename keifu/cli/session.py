"""What a verb works on: one chain, its deployment record, and whoever signs. Nothing is contacted before it is used."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from keifu.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from keifu.chain import ChainClient, Deployment, RpcDeployer
    from keifu.chain.deployments import Record
    from keifu.keys import Account

__all__ = ["LOCAL_CHAIN", "RpcSession", "Session"]

LOCAL_CHAIN = 31_337
PASSWORDS = ("KEIFU_PASSWORD_FILE", "KEIFU_PASSWORD")


class Session(ABC):
    """One chain. Connects when `client` is first asked for."""

    folder: Path | None = None  # of deployment records, when one was named

    @cached_property
    @abstractmethod
    def client(self) -> ChainClient: ...

    @cached_property
    @abstractmethod
    def deployer(self) -> RpcDeployer:
        """Sends for the account that signs."""

    @cached_property
    @abstractmethod
    def account(self) -> Account:
        """The account that signs."""

    @abstractmethod
    def sign(self, digest: bytes) -> bytes:
        """The signing account's r, s, v over a digest."""

    @property
    def sender(self) -> str:
        return self.deployer.sender

    @property
    def is_local(self) -> bool:
        return self.client.chain_id == LOCAL_CHAIN

    @cached_property
    def _found(self) -> tuple[Record, Path]:
        from keifu.chain.deployments import find_record
        from keifu.chain.header import genesis_of

        genesis = genesis_of(self.client.rpc)
        return find_record(self.client.chain_id, genesis, self.folder, disposable=self.is_local)

    @property
    def record(self) -> Record:
        """What was deployed on this chain."""
        return self._found[0]

    def save(self, record: Record) -> None:
        record.save(self._found[1])

    def suite(self, *names: str) -> Deployment:
        """The recorded contracts. Raises EnvironmentFault when one of `names` is not recorded, or not there."""
        from keifu.chain import Deployment

        for name in names:
            address = self.record.contracts.get(name)
            if address is None:
                raise EnvironmentFault(f"no {name} is recorded for chain {self.client.chain_id}", remedy=self._remedy)
            self.require_code(address, name)
        return Deployment(dict(self.record.contracts))

    def require_code(self, address: str, name: str) -> None:
        """Raises EnvironmentFault when nothing is at the address of `name`."""
        if not self.client.code(address):
            raise EnvironmentFault(
                f"nothing is at {address} on chain {self.client.chain_id}, where {name} should be",
                remedy="the address is of another chain, or of one that was started anew",
            )

    @property
    def _remedy(self) -> str:
        if self.is_local:
            return "`keifu chain` starts a chain with the suite on it; --deployments names another folder of records"
        return "name the folder of its record with --deployments, or deploy it with `keifu tge deploy`"


class RpcSession(Session):
    """A node, and a key in this process."""

    def __init__(
        self,
        *,
        rpc: str,
        deployments: Path | None,
        key_file: Path | None = None,
        role: str | None = None,
        chain_id: int | None = None,
        must_sign: bool = True,
    ) -> None:
        self.url, self.folder, self.chain_id = rpc, deployments, chain_id
        context = click.get_current_context()
        signs = "key_file" in context.params
        if key_file and role:
            if context.get_parameter_source("key_file") == context.get_parameter_source("role"):
                raise UsageError("--key-file and --role are two senders", remedy="give one of them")
            if context.get_parameter_source("role") is ParameterSource.ENVIRONMENT:
                role = None
            else:
                key_file = None
        if signs and not role and (must_sign or key_file):
            _require_key(key_file)
        self.key_file, self.role = key_file, role

    @cached_property
    def client(self) -> ChainClient:
        from ethwire.rpc import connect
        from keifu.chain import ChainClient

        connection = connect(self.url)
        click.get_current_context().call_on_close(connection.close)
        if self.chain_id:
            connection.require_chain(self.chain_id)
        return ChainClient(connection)

    @cached_property
    def is_local(self) -> bool:
        from keifu.local import running

        return self.client.chain_id == LOCAL_CHAIN or any(note.url == self.url for note in running())

    @property
    def signer(self) -> Account | None:
        """The account that signs, where one was named."""
        return self.account if self.role or self.key_file else None

    @cached_property
    def account(self) -> Account:
        """The account that signs."""
        from keifu.chain.held import agent_socket
        from keifu.keys import Account
        from keifu.keys.keystore import password
        from keifu.keys.unlock import unlock

        if self.role:
            if not self.is_local:
                raise UsageError(
                    f"--role is for local chains, this is chain {self.client.chain_id}: anyone can make a role's key",
                    remedy="--key-file FILE",
                )
            return Account.from_role(self.role)
        assert self.key_file is not None
        return unlock(self.key_file, agent_socket(), password)

    @cached_property
    def deployer(self) -> RpcDeployer:
        from keifu.chain import RpcDeployer

        return RpcDeployer(self.client, self.account, self.record.factory)

    def sign(self, digest: bytes) -> bytes:
        return self.account.sign(digest)


def _require_key(key_file: Path | None) -> None:
    """Raises UsageError for a key that cannot be opened anyway."""
    from keifu.chain.held import agent_socket
    from keifu.keys.unlock import has_agent

    if key_file is None:
        raise UsageError("no key to sign with", remedy="--key-file FILE, or --role NAME on a local chain")
    if not key_file.is_file():
        raise UsageError(f"there is no key file {key_file}", remedy="--key-file FILE, or --role NAME on a local chain")
    if not any(os.environ.get(name) is not None for name in PASSWORDS) and not has_agent(agent_socket()):
        raise UsageError("no password for the key file", remedy=f"set {PASSWORDS[0]} to a file, or {PASSWORDS[1]}")
