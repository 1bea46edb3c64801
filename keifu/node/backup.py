"""Backup and hand-over of a node: one file with its configuration and what it must not lose, and never its key.

Where it is restored the node gets a key of its own, so no key is in two places. A juror's key is its account and stays
the same: its owner names the key file, and the chain shows when two machines use it (`fence`).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keifu.chain.finality import final_depth
from keifu.errors import EnvironmentFault, InputError, UsageError
from keifu.keys.private_file import write_private
from keifu.node import fence
from keifu.node.chain import account_of
from keifu.node.folder import NodeFolder
from keifu.node.kinds import Kind
from keifu.node.notary.book import begin_above_the_head
from keifu.node.services import write_services
from keifu.node.settings import FILE, NodeSettings, load_settings
from keifu.node.setup import key_of, toml_of
from keifu.payments.ledger import copy_whole, skip_numbers

__all__ = ["REPLACES", "Restored", "abandon_orders", "backup", "replaced", "restore"]

REPLACES = "replaces"  # file with the address of the key that the folder's own takes the place of
MANIFEST = "backup.json"
FORMAT = 1
LARGEST = 1 << 30  # bytes of one file
SAME_KEY = ("juror", "compute", "relayer", "attestor", "notary", "reexecutor")  # kinds whose key is their account


@dataclass(frozen=True)
class Restored:
    """What was restored, and whose place its key takes; "" when it is the same key."""

    folder: Path
    account: str
    replaces: str


def backup(kind: Kind, folder: Path, target: Path) -> tuple[str, ...]:
    """Write the backup of a node, which may run; the files in it. Raises InputError when the target is there already,
    EnvironmentFault when something cannot be read or written."""
    settings = load_settings(kind.settings, folder)[0]
    try:
        with tempfile.TemporaryDirectory() as scratch:
            files = _copied(folder, Path(scratch), settings)
            manifest = {
                "format": FORMAT,
                "kind": kind.name,
                "chain": settings.chain.id,
                "genesis": settings.chain.genesis,
                "account": account_of(folder, settings.key),
                "files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
            }
            body = io.BytesIO()
            with tarfile.open(fileobj=body, mode="w:gz") as archive:
                _add(archive, MANIFEST, json.dumps(manifest, indent=2).encode())
                for path in files:
                    _add(archive, path.name, path.read_bytes())
        write_private(target, body.getvalue(), remedy="a backup is never overwritten; choose another file")
    except (OSError, sqlite3.Error) as error:
        target.unlink(missing_ok=True)
        raise EnvironmentFault(
            f"cannot back up {folder}: {error}", remedy="make room, or choose another file"
        ) from error
    return tuple(path.name for path in files)


def restore(kind: Kind, source: Path, folder: Path, *, key_file: Path | None = None, role: str = "") -> Restored:
    """Make a node of a backup, whole or not at all. Raises InputError for a file that is no backup or was changed,
    UsageError for a folder that is there or a key that must not be used twice."""
    folder = folder.absolute()
    if folder.exists():
        raise UsageError(f"{folder} is there already", remedy="name a folder that is not there yet")
    manifest, files = _read(source)
    if manifest["kind"] != kind.name:
        raise InputError(
            f"{source} is of a node of kind {manifest['kind']!r}", remedy=f"keifu node {manifest['kind']} restore"
        )
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True, mode=0o700)
        for name, content in files.items():
            write_private(partial / name, content, remedy="name another folder")
        is_local = final_depth(manifest["chain"]) == 0
        key, account = key_of(partial, key_file=key_file, role=role, is_local=is_local)
        replaces = _settle_key(kind, partial, manifest["account"], account.lower())
        _write_settings(kind, partial, key)
        _second_keys(kind, partial)
        NodeFolder(partial).lock.touch()
        write_services(kind.name, partial, folder)
        fence.belong_here(partial)
        load_settings(kind.settings, partial, environment={})
        partial.replace(folder)
    except (OSError, sqlite3.Error) as error:
        raise EnvironmentFault(f"cannot make {folder}: {error}", remedy="name another folder") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Restored(folder, account, replaces)


def replaced(folder: Path) -> tuple[str, ...]:
    """The key whose place the folder's own takes, after `restore`."""
    path = folder / REPLACES
    return (path.read_text().strip(),) if path.is_file() else ()


def _copied(folder: Path, scratch: Path, settings: NodeSettings) -> list[Path]:
    """Copies of what a node must not lose. The sender's database comes last: what the node's own knows to be sent is in
    it then."""
    place, copies = NodeFolder(folder), [Path(shutil.copy(folder / FILE, scratch / FILE))]
    decisions = getattr(getattr(settings, "juror", None), "decisions", None)
    if decisions is not None and (folder / decisions).is_file():
        copies.append(Path(shutil.copy(folder / decisions, scratch / Path(decisions).name)))
    for database in (place.database_file, place.money_file, place.traces_file, place.sender_file):
        if database.is_file():
            copies.append(scratch / database.name)
            (copy_whole if database == place.money_file else _copy)(database, copies[-1])
    return copies


def _copy(database: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as before,
        closing(sqlite3.connect(target)) as after,
    ):
        before.backup(after)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))


def _read(source: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest, and the files that it names, each compared with its digest."""
    try:
        with tarfile.open(source, mode="r:gz") as archive:
            found = {entry.name: _content(archive, entry) for entry in archive}
        manifest = json.loads(found.pop(MANIFEST))
        named: Mapping[str, str] = manifest["files"]
        if manifest["format"] != FORMAT or named.keys() != found.keys() or FILE not in found:
            raise ValueError("it is not whole")
        for name, content in found.items():
            if "/" in name or name.startswith(".") or hashlib.sha256(content).hexdigest() != named[name]:
                raise ValueError(f"{name[:60]} was changed")
        _ = (str(manifest["kind"]), int(manifest["chain"]), str(manifest["account"]))
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{source} is no backup of a node: {error}", remedy="take another backup") from error
    return manifest, found


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry) if entry.isfile() else None
    if file is None or entry.size > LARGEST:
        raise ValueError(f"{entry.name[:60]} is no file of a node")
    return file.read()


def _settle_key(kind: Kind, folder: Path, before: str, account: str) -> str:
    """Let the databases belong to the key; the address of the one that it takes the place of."""
    place = NodeFolder(folder)
    if account == before:
        if kind.name not in SAME_KEY:
            raise UsageError(
                f"{account} may still act where the backup was made",
                remedy="leave --key-file away: the restored node gets a key of its own",
            )
        if place.money_file.exists():
            skip_numbers(place.money_file)
        if place.database_file.exists():
            abandon_orders(place.database_file)
            begin_above_the_head(place.database_file)
        return ""
    if kind.name in SAME_KEY:
        raise UsageError(
            f"a {kind.name}'s key is its account: the backup is of {before}", remedy="name its key file: --key-file"
        )
    place.sender_file.unlink(missing_ok=True)  # of the other account
    if place.database_file.exists():
        with closing(sqlite3.connect(place.database_file)) as database:
            database.execute("UPDATE node_owner SET value = ? WHERE name = 'key'", (account,))
            database.execute("DROP TABLE IF EXISTS node_alone")
            database.commit()
    (folder / REPLACES).write_text(before + "\n")
    return before


def _second_keys(kind: Kind, folder: Path) -> None:
    """A key beside the node's own is in no backup: the restored node gets another one, which its operator names."""
    own: Mapping[str, Any] = tomllib.loads((folder / FILE).read_text())[kind.name]
    for name, table in own.items():
        if isinstance(table, Mapping) and table.get("file") == f"{name}.json":
            key_of(folder, name=name)


def _write_settings(kind: Kind, folder: Path, key: Mapping[str, str]) -> None:
    """The configuration with another key."""
    found = tomllib.loads((folder / FILE).read_text())
    top = {name: value for name, value in found.items() if not isinstance(value, dict) and name != "kind"}
    tables = {name: value for name, value in found.items() if isinstance(value, dict)} | {"key": key}
    last = tables.pop(kind.name)
    (folder / FILE).write_text(toml_of(kind.name, {**tables, kind.name: last}, top))


def abandon_orders(file: Path) -> None:
    """Of a restored compute node: answers that were not signed when it was saved may have been signed since, so they
    are not signed again."""
    with closing(sqlite3.connect(file)) as database:
        if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'compute_order'").fetchone():
            why = "the node was restored from a backup"
            database.execute(
                "UPDATE compute_order SET state = 'lost', why = ? WHERE state IN ('accepting', 'working')", (why,)
            )
            database.commit()
