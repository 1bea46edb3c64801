"""What the commands of `keifu prov` share: how to reach the chain, whose key signs, how to print."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from keifu.chain import ChainClient, Rpc
from keifu.chain.deployments import FOLDER, open_record
from keifu.errors import UsageError
from keifu.keys import Account
from keifu.keys.keystore import load_account, password
from keifu.provenance._model import digest_bytes
from keifu.provenance.registry import Provenance

__all__ = ["Session", "as_json", "chain_options", "emit", "key_option", "open_session", "record_argument"]

LOCAL_CHAIN = 31_337


@dataclass
class Session:
    """An open connection to one registry."""

    source: Provenance

    def account(self, key_file: Path | None, role: str) -> Account:
        """The account that signs: from a key file, or a role's on the local chain."""
        if role:
            if self.source.chain.chain_id != LOCAL_CHAIN:
                raise UsageError("roles are for the local chain only: anyone can make their keys")
            return Account.from_role(role)
        if key_file is None:
            raise UsageError("no key to sign with", remedy="--key-file FILE, or --role NAME on a local chain")
        return load_account(key_file, password())


def open_session(
    rpc: str,
    registry: str | None = None,
    environments: str | None = None,
    deployments: Path = FOLDER,
    first_block: int = 0,
) -> Session:
    """Connect; addresses not given come from the deployment's record. Raises UsageError when it has none."""
    connection = Rpc(rpc)
    click.get_current_context().call_on_close(connection.close)
    client = ChainClient(connection)
    if registry is None:
        known = _deployed(deployments, client)
        registry, environments = known.get("ProvenanceRegistry"), environments or known.get("Environments")
    if registry is None:
        raise UsageError(
            f"chain {client.chain_id} has no known ProvenanceRegistry", remedy="--registry ADDRESS, or KEIFU_REGISTRY"
        )
    return Session(Provenance(client, registry, environments, first_block=first_block))


def chain_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--rpc, --registry, --environments; the command gets a Session as its first argument."""

    def connect(
        rpc: str, registry: str | None, environments: str | None, deployments: Path, first_block: int, **rest: Any
    ) -> Any:
        return command(open_session(rpc, registry, environments, deployments, first_block), **rest)

    connect.__name__, connect.__doc__ = command.__name__, command.__doc__
    connect.__dict__.update(command.__dict__)
    for option in (
        click.option("--rpc", envvar="KEIFU_RPC", default="http://127.0.0.1:8545", show_default=True, help="node"),
        click.option("--registry", envvar="KEIFU_REGISTRY", help="address of ProvenanceRegistry"),
        click.option("--environments", envvar="KEIFU_ENVIRONMENTS", help="address of Environments"),
        click.option(
            "--deployments",
            type=click.Path(path_type=Path),
            default=FOLDER,
            show_default=True,
            help="folder that says where the suite is on each chain",
        ),
        click.option("--first-block", default=0, show_default=True, help="no record is older than this"),
    ):
        connect = option(connect)
    return connect


def key_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--key-file and --role."""
    command = click.option("--role", default="", help="account of a role, on a local chain only")(command)
    return click.option(
        "--key-file",
        envvar="KEIFU_KEY_FILE",
        type=click.Path(path_type=Path),
        help="encrypted key file, as `ape accounts generate` writes; password by KEIFU_PASSWORD_FILE or KEIFU_PASSWORD",
    )(command)


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "json_out", is_flag=True, help="print one JSON document")(command)


def record_argument(name: str = "record_id") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A record's id in hex."""

    def parse(_: click.Context, __: click.Parameter, value: str) -> bytes:
        return digest_bytes(value, "record id")

    return click.argument(name, metavar=name.upper(), callback=parse)


def emit(document: Any, text: str, json_out: bool) -> None:
    """`document` for machines or `text` for people, on standard output."""
    click.echo(json.dumps(document, indent=2) if json_out else text)


def _deployed(folder: Path, client: ChainClient) -> Mapping[str, str]:
    """Addresses by contract name, as the deployment of this very chain wrote them down."""
    genesis = client.rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
    return open_record(client.chain_id, genesis, folder, disposable=client.chain_id == LOCAL_CHAIN).contracts
