"""The chain of a node: endpoint, suite and key, each compared with what is expected."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ethwire.rpc import Rpc, connect
from keifu.chain import ChainClient, Deployment
from keifu.chain.creation import code_hash
from keifu.chain.deployments import Record, find_record
from keifu.chain.finality import final_depth
from keifu.chain.header import Header, genesis_of
from keifu.chain.held import agent_socket
from keifu.errors import ChainMismatch, EnvironmentFault, InputError, RpcError, UsageError
from keifu.keys import Account
from keifu.keys.agent import AgentAccount
from keifu.keys.keystore import address_in, password, read_password
from keifu.keys.unlock import unlock
from keifu.node.sections import ChainSettings, KeySettings

if TYPE_CHECKING:
    from keifu.node.logs import Secrets

__all__ = ["NEEDED", "NodeChain", "account_of", "open_chain", "open_key", "suite_on"]

# Contracts that nodes of the kinds that there are call.
NEEDED = ("StakingHub", "KeifuToken", "AlignmentCourt", "ProvenanceRegistry", "Environments", "HeartbeatService")


@dataclass(frozen=True)
class NodeChain:
    """An endpoint that serves the right chain, with the suite on it."""

    client: ChainClient
    record: Record
    genesis: str

    @property
    def rpc(self) -> Rpc:
        return self.client.rpc

    @property
    def id(self) -> int:
        return self.client.chain_id

    @property
    def is_local(self) -> bool:
        """A chain of one node, which has a clock of its own."""
        return final_depth(self.id) == 0

    @cached_property
    def suite(self) -> Deployment:
        return Deployment(dict(self.record.contracts))

    def newest(self) -> Header:
        """The newest block. Raises RpcError."""
        return self.rpc.call_as(Header, "eth_getBlockByNumber", "latest", False)


def open_chain(settings: ChainSettings, held: ExitStack) -> NodeChain:
    """Connect, and compare chain, first block and code. Raises RpcError, ChainMismatch, EnvironmentFault."""
    try:
        return _compared(settings, held)
    except RpcError as error:
        error.remedy = error.remedy or "let chain.rpc name another endpoint"
        raise


def _compared(settings: ChainSettings, held: ExitStack) -> NodeChain:
    rpc = connect(settings.rpc)
    held.callback(rpc.close)
    rpc.require_chain(settings.id)
    genesis = genesis_of(rpc)
    if genesis != settings.genesis:
        raise ChainMismatch(
            f"the endpoint serves another chain {settings.id}: it begins with {genesis}, not {settings.genesis}",
            remedy="correct chain.rpc; a local chain that was started anew needs a node that is made anew",
        )
    client = ChainClient(rpc)
    return NodeChain(client, suite_on(client, genesis, settings.deployments), genesis)


def suite_on(client: ChainClient, genesis: str, deployments: Path | None) -> Record:
    """The record of the suite there, whose contracts have the code that was written down. Raises EnvironmentFault."""
    try:
        record, folder = find_record(
            client.chain_id, genesis, deployments, disposable=final_depth(client.chain_id) == 0
        )
    except InputError as error:
        raise EnvironmentFault(error.message, remedy=error.remedy) from error
    for name in NEEDED:
        made = record.creations.get(name)
        if made is None:
            raise EnvironmentFault(
                f"no {name} is recorded for chain {client.chain_id} in {folder}",
                remedy="name the folder of its record by chain.deployments or KEIFU_DEPLOYMENTS",
            )
        if (found := code_hash(client.code(made.address))) != made.code_hash:
            raise EnvironmentFault(
                f"{name} at {made.address} has code {found}, the record says {made.code_hash}",
                remedy="the record is of another deployment, or the endpoint lies: ask another one",
            )
    return record


def open_key(
    settings: KeySettings, folder: Path, *, is_local: bool, secrets: Secrets | None = None, apart: bool = False
) -> Account:
    """The node's account. Raises EnvironmentFault when its file is not there, is wrong, or others may read it."""
    try:
        account = _account(settings, folder, is_local, secrets, apart)
    except UsageError as error:
        raise EnvironmentFault(error.message, remedy=error.remedy) from error
    if secrets is not None and not isinstance(account, AgentAccount):
        secrets.hide(account.secret().hex())
    return account


def account_of(folder: Path, settings: KeySettings) -> str:
    """The node's account, without opening its key; "" when its file does not name it. Raises InputError."""
    if settings.role:
        return Account.from_role(settings.role).address
    return address_in(folder / settings.file) if settings.file else ""


def _account(settings: KeySettings, folder: Path, is_local: bool, secrets: Secrets | None, apart: bool) -> Account:
    if settings.role:
        if not is_local:
            raise UsageError(
                f"key.role {settings.role!r} is for local chains: anyone can make a role's key",
                remedy="name a key file: key.file",
            )
        return Account.from_role(settings.role)
    if settings.file is None:
        raise UsageError("no key to sign with", remedy="key.file, or key.role on a local chain")

    def word() -> bytes:
        found = read_password(folder / settings.password_file) if settings.password_file else password()
        if secrets is not None:
            secrets.hide(found.decode(errors="replace"))
        return found

    return unlock(folder / settings.file, agent_socket(), word, apart=apart)
