"""What was deployed where, in `deployments/<chain id>.json`: written before and after each step, so that a run that
was cut off knows what it had decided and finds what it had done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from keifu.errors import ChainMismatch, InputError

__all__ = ["FOLDER", "Record", "find_folder", "open_record", "user_folder"]


def user_folder() -> Path:
    """Where the records of this user's local chains are, whatever folder a command is called in."""
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (state if state.is_absolute() else Path.home() / ".local" / "state") / "keifu" / "deployments"


def find_folder() -> Path:
    """The folder of records: KEIFU_DEPLOYMENTS, else `deployments` here or in a folder above, else the user's own."""
    if named := os.environ.get("KEIFU_DEPLOYMENTS"):
        return Path(named)
    here = Path.cwd()
    return next((found for place in (here, *here.parents) if (found := place / "deployments").is_dir()), user_folder())


FOLDER = find_folder()


class Record(msgspec.Struct):
    """One chain. `genesis` is the hash of its first block: two local chains share a number, never that."""

    chain_id: int
    genesis: str
    deployer: str = ""
    contracts: dict[str, str] = {}
    terms: dict[str, dict[str, Any]] = {}  # decisions that a later run must repeat, by area

    def save(self, folder: Path = FOLDER) -> Path:
        """Write it whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.chain_id}.json"
        partial = path.with_suffix(f".{os.getpid()}.partial")
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
        partial.replace(path)
        return path


def open_record(chain_id: int, genesis: str, folder: Path = FOLDER, *, disposable: bool = False) -> Record:
    """The record of a chain, empty when there is none.

    A record of another chain with the same number is put aside when the chain is `disposable` (a local one), else it
    raises ChainMismatch. Raises InputError for a damaged file.
    """
    path = folder / f"{chain_id}.json"
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Record)
    except FileNotFoundError:
        return Record(chain_id, genesis)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"cannot read {path}: {error}", remedy="restore it from version control") from error
    if record.genesis == genesis:
        return record
    if disposable:
        return Record(chain_id, genesis)
    raise ChainMismatch(
        f"{path} is of another chain {chain_id}: its first block is {record.genesis}, not {genesis}",
        remedy="check the network, or move the file away",
    )
