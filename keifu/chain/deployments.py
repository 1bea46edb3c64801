"""The manifest of a deployment, `deployments/<chain id>.json`: what was chosen, and how each contract was made.

Written before and after each step, whole or not at all, so that a run that was cut off knows what it had decided and
finds what it had done.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from keifu._files import read_bounded
from keifu.chain.creation import Creation
from keifu.chain.held import state_folder
from keifu.chain.parameters import Params
from keifu.chain.suite import FACTORY
from keifu.errors import ChainMismatch, InputError

__all__ = [
    "FOLDER_VARIABLE", "SCHEMA", "Holders", "Record", "find_record", "open_record", "record_folders",
    "record_schema", "recorded_genesis", "user_folder",
]  # fmt: skip

FOLDER_VARIABLE = "KEIFU_DEPLOYMENTS"
NAME = "deployments"
SCHEMA = 1
LARGEST_RECORD = 16 << 20  # bytes
RESTORE = "restore it from version control"
PUT_AWAY = "move it away and deploy again with the same account: what is there is found, nothing is made twice"


def user_folder() -> Path:
    """Where the records of this user's local chains are, whatever folder a command is called in."""
    return state_folder() / NAME


def record_folders(chosen: Path | None = None) -> list[Path]:
    """Where records are looked for, in order: `chosen` or KEIFU_DEPLOYMENTS alone when there is one, else `deployments`
    here or in the nearest folder above, then the user's own."""
    if chosen := _named(chosen):
        return [chosen]
    near = _near()
    return [*([near] if near else []), user_folder()]


def _named(chosen: Path | None) -> Path | None:
    named = os.environ.get(FOLDER_VARIABLE)
    return chosen or (Path(named) if named else None)


def _near() -> Path | None:
    here = Path.cwd()
    return next((found for place in (here, *here.parents) if (found := place / NAME).is_dir()), None)


class Holders(msgspec.Struct, frozen=True):
    """Who may propose and cancel in the timelock, and who may execute; the zero address stands for anyone."""

    proposers: tuple[str, ...]
    executors: tuple[str, ...]


class Record(msgspec.Struct):
    """One suite on one chain. `genesis` is the hash of its first block: two local chains share a number, never that."""

    chain_id: int
    genesis: str
    schema: int = SCHEMA
    deployer: str = ""
    first_block: int = 0  # no contract of the suite is older
    parameters: dict[str, Any] = {}  # see `Params.data`; empty before a deployment has begun
    creations: dict[str, Creation] = msgspec.field(default={}, name="contracts")
    pending: Creation | None = None  # what was about to be made when this was written
    compiler: str = ""  # that made the packaged artefacts
    commit: str = ""  # of the sources, where the command ran in a clone
    services: dict[str, dict[str, int]] = {}  # by contract: horizon in seconds and multiple, once the hub has listed it
    settings: tuple[str, ...] = ()  # what else the timelock has set, as `keifu.chain.verify` words it
    holders: Holders | None = None  # of the timelock since a hand-over; before it the parameters say so

    @property
    def contracts(self) -> Mapping[str, str]:
        """Address of each contract that is there, by name."""
        return MappingProxyType({name: creation.address for name, creation in self.creations.items()})

    @property
    def factory(self) -> str:
        return self.contracts.get(FACTORY, "")

    @property
    def held_by(self) -> Holders | None:
        """Who holds the timelock now; None before a deployment has begun."""
        params = self.params
        return self.holders or (Holders(params.proposers, params.executors) if params else None)

    @property
    def params(self) -> Params | None:
        """What was chosen; None before a deployment has begun. Raises InputError for damaged parameters."""
        return Params.from_data(self.parameters) if self.parameters else None

    def save(self, folder: Path) -> Path:
        """Write it whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.chain_id}.json"
        partial = path.with_suffix(f".{os.getpid()}.partial")
        with partial.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        return path


class _Head(msgspec.Struct):
    """What tells whether the rest can be read."""

    genesis: str
    schema: int = 0  # of records that were written before there was a schema


def find_record(
    chain_id: int, genesis: str, chosen: Path | None = None, *, disposable: bool = False
) -> tuple[Record, Path]:
    """The record of a chain, and the folder that it is in, or belongs into when there is none yet: the chosen one, else
    the user's own for a `disposable` (local) chain, `deployments` here or above for any other.

    Raises ChainMismatch and InputError as `open_record` does.
    """
    for folder in record_folders(chosen):
        record = open_record(chain_id, genesis, folder, disposable=disposable)
        if record.contracts or record.parameters:
            return record, folder
    home = user_folder() if disposable else _near() or Path.cwd() / NAME
    return Record(chain_id, genesis), _named(chosen) or home


def open_record(chain_id: int, genesis: str, folder: Path, *, disposable: bool = False) -> Record:
    """The record of a chain, empty when there is none.

    A record of another chain with the same number is put aside when the chain is `disposable` (a local one), else it
    raises ChainMismatch. Raises InputError for a damaged file and for a schema that this version does not know.
    """
    path = folder / f"{chain_id}.json"
    try:
        text, head = _read_head(path)
    except InputError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return Record(chain_id, genesis)
        raise
    if head.genesis != genesis:
        if disposable:
            return Record(chain_id, genesis)
        raise ChainMismatch(
            f"{path} is of another chain {chain_id}: its first block is {head.genesis}, not {genesis}",
            remedy="check the network, or move the file away",
        )
    if head.schema != SCHEMA:
        known = "has no schema number" if not head.schema else f"has schema {head.schema}"
        remedy = PUT_AWAY if head.schema < SCHEMA else "use the version of Keifu that wrote it, or a newer one"
        raise InputError(f"{path} {known}, this version reads {SCHEMA}", remedy=remedy)
    return _decode(path, text, chain_id)


def recorded_genesis(path: Path) -> str:
    """Hash of the first block of the chain that a record is of. Raises InputError when the file is no record."""
    return _read_head(path)[1].genesis


def _read_head(path: Path) -> tuple[bytes, _Head]:
    """The file, and what says of which chain it is."""
    text = read_bounded(path, LARGEST_RECORD, "a record of a deployment", remedy=RESTORE)
    try:
        return text, msgspec.json.decode(text, type=_Head)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"cannot read {path}: {error}", remedy=RESTORE) from error


def _decode(path: Path, text: bytes, chain_id: int) -> Record:
    try:
        record = msgspec.json.decode(text, type=Record)
        _ = record.params
    except (msgspec.DecodeError, RecursionError, InputError) as error:
        raise InputError(f"cannot read {path}: {error}", remedy=RESTORE) from error
    if record.chain_id != chain_id:
        raise InputError(f"{path} says it is of chain {record.chain_id}", remedy=RESTORE)
    return record


def record_schema() -> dict[str, Any]:
    """The JSON schema of a record."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manifest of a deployment: deployments/<chain id>.json",
        **msgspec.json.schema(Record),
    }
