"""Making a node: a folder with configuration, key if it has none, and what runs and shows it; whole, or not at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ethwire.rpc import connect
from keifu.chain import ChainClient
from keifu.chain.finality import final_depth
from keifu.chain.header import genesis_of
from keifu.errors import EnvironmentFault, UsageError
from keifu.keys import Account
from keifu.keys.keystore import password, save_account
from keifu.node.chain import open_key, suite_on
from keifu.node.fence import belong_here
from keifu.node.folder import NodeFolder
from keifu.node.kinds import Kind
from keifu.node.sections import KeySettings
from keifu.node.services import write_services
from keifu.node.settings import FILE, load_settings
from keifu.provenance import environment_id

__all__ = ["Made", "Wish", "key_of", "make_node", "toml_of"]

KEY = "key"


@dataclass(frozen=True)
class Wish:
    """What somebody who makes a node says. `own` are the values of its kind's section."""

    rpc: str
    listen: str
    deployments: Path | None = None
    key_file: Path | None = None
    role: str = ""
    environment: str = ""  # an id, or the name of one
    owner: str = ""  # whose environment, where it is named
    webhook: str | None = None  # where alerts go
    second_key: str = ""  # the table of its kind's section whose key is another one, made with the node
    own: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """What was made."""

    folder: Path
    account: str
    files: tuple[str, ...]


def make_node(kind: Kind, folder: Path, wish: Wish) -> Made:
    """Ask the endpoint which chain it is, and write everything. Raises UsageError when something is there already."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty", remedy="name a folder that is not there yet")
    chain_id, genesis, environments = _chain(wish)
    own = dict(wish.own)
    if wish.environment:
        own = {"environment": _environment(wish, chain_id, environments), **own}
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        is_local = final_depth(chain_id) == 0
        key, account = key_of(partial, key_file=wish.key_file, role=wish.role, is_local=is_local)
        if wish.second_key:
            role = f"{wish.role} {wish.second_key}" if wish.role else ""
            own[wish.second_key] = key_of(partial, role=role, is_local=is_local, name=wish.second_key)[0]
        tables: dict[str, Mapping[str, Any]] = {
            "chain": {"rpc": wish.rpc, "id": chain_id, "genesis": genesis} | _deployments(wish),
            "key": key,
            "http": {"listen": wish.listen},
            **({"alerts": {"url": wish.webhook}} if wish.webhook else {}),
            kind.name: own,
        }
        (partial / FILE).write_text(toml_of(kind.name, tables))
        NodeFolder(partial).lock.touch()
        belong_here(partial)
        write_services(kind.name, partial, folder)
        load_settings(kind.settings, partial, environment={})  # what it could not read itself is refused now
        partial.replace(folder)
    except OSError as error:
        raise EnvironmentFault(f"cannot make {folder}: {error.strerror}", remedy="name another folder") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Made(folder, account, tuple(sorted(path.name for path in folder.iterdir())))


def _chain(wish: Wish) -> tuple[int, str, str]:
    with ExitStack() as held:
        rpc = connect(wish.rpc)
        held.callback(rpc.close)
        client = ChainClient(rpc)
        genesis = genesis_of(rpc)
        record = suite_on(client, genesis, wish.deployments)
        return client.chain_id, genesis, record.contracts["Environments"]


def _environment(wish: Wish, chain_id: int, environments: str) -> str:
    plain = wish.environment.lower().removeprefix("0x")
    if len(plain) == 64 and all(digit in "0123456789abcdef" for digit in plain):  # noqa: PLR2004 - digits of an id
        return plain
    if not wish.owner:
        raise UsageError(f"environment {wish.environment!r} of whom?", remedy="--owner ADDRESS, or its id")
    return environment_id(chain_id, environments, wish.owner, wish.environment).hex()


def _deployments(wish: Wish) -> dict[str, str]:
    return {"deployments": str(wish.deployments.absolute())} if wish.deployments else {}


def key_of(
    folder: Path, *, key_file: Path | None = None, role: str = "", is_local: bool = False, name: str = KEY
) -> tuple[dict[str, str], str]:
    """The key's table, and its address; a new key in the folder when none was named."""
    if role or key_file:
        named = {"role": role} if role else {"file": str((key_file or folder).absolute())}
        account = open_key(KeySettings(**named), folder, is_local=is_local)  # type: ignore[arg-type]
        return named, account.address
    made = Account(secrets.token_bytes(32))
    save_account(made, folder / f"{name}.json", password())
    return {"file": f"{name}.json"}, made.address


def toml_of(kind: str, tables: Mapping[str, Mapping[str, Any]], top: Mapping[str, Any] | None = None) -> str:
    """A node's configuration; `top` stands above its tables.

    Its last value is one that has to be there: a file that was cut off is noticed.
    """
    lines = [
        f"# A node of kind {kind}. `keifu node {kind} run FOLDER --show-config` prints every value and its source.",
        f"kind = {_quoted(kind)}",
        *(f"{name} = {_quoted(value)}" for name, value in (top or {}).items()),
    ]
    for name, values in tables.items():
        inner = {key: value for key, value in values.items() if isinstance(value, Mapping)}
        plain = {key: value for key, value in values.items() if key not in inner}
        lines += ["", f"[{name}]", *(f"{key} = {_quoted(value)}" for key, value in plain.items())]
        for key, value in inner.items():
            lines += ["", f"[{name}.{key}]", *(f"{_quoted(one)} = {_quoted(item)}" for one, item in value.items())]
    return "\n".join(lines) + "\n"


def _quoted(value: str | int | bool | Sequence[str] | Mapping[str, Any]) -> str:
    """As TOML, whose strings and lists of strings are written as JSON's."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_quoted(name)} = {_quoted(item)}" for name, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
