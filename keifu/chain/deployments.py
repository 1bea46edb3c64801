"""What was deployed where, in `deployments/<chain id>.json`: written before and after each step, so that a run that
was cut off knows what it had decided and finds what it had done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from keifu.errors import ChainMismatch, InputError

__all__ = ["FOLDER_VARIABLE", "Record", "find_record", "open_record", "record_folders", "user_folder"]

FOLDER_VARIABLE = "KEIFU_DEPLOYMENTS"
NAME = "deployments"


def user_folder() -> Path:
    """Where the records of this user's local chains are, whatever folder a command is called in."""
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (state if state.is_absolute() else Path.home() / ".local" / "state") / "keifu" / NAME


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


class Record(msgspec.Struct):
    """One chain. `genesis` is the hash of its first block: two local chains share a number, never that."""

    chain_id: int
    genesis: str
    deployer: str = ""
    contracts: dict[str, str] = {}
    terms: dict[str, dict[str, Any]] = {}  # decisions that a later run must repeat, by area

    def save(self, folder: Path) -> Path:
        """Write it whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.chain_id}.json"
        partial = path.with_suffix(f".{os.getpid()}.partial")
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
        partial.replace(path)
        return path


def find_record(
    chain_id: int, genesis: str, chosen: Path | None = None, *, disposable: bool = False
) -> tuple[Record, Path]:
    """The record of a chain, and the folder that it is in, or belongs into when there is none yet: the chosen one, else
    the user's own for a `disposable` (local) chain, `deployments` here or above for any other.

    Raises ChainMismatch and InputError as `open_record` does.
    """
    for folder in record_folders(chosen):
        record = open_record(chain_id, genesis, folder, disposable=disposable)
        if record.contracts or record.terms:
            return record, folder
    home = user_folder() if disposable else _near() or Path.cwd() / NAME
    return Record(chain_id, genesis), _named(chosen) or home


def open_record(chain_id: int, genesis: str, folder: Path, *, disposable: bool = False) -> Record:
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
