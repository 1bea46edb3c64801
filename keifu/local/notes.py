"""Which local chains of this user run.

Each chain has a note in the user's state folder, `chains/<chain id>.json`. The process that keeps the chain holds the
lock beside the note. So a note whose lock is free belongs to a chain that was killed, even if another process has the
same process id now.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec

from keifu._files import read_bounded
from keifu.chain.deployments import recorded_genesis, user_folder
from keifu.errors import EnvironmentFault, InputError, UsageError

__all__ = [
    "NO_CHAIN",
    "Note",
    "claimed",
    "forget_dead",
    "grants_folder",
    "log_file",
    "refuse_second",
    "running",
    "stop",
    "the_chain",
]

NO_CHAIN = "no local chain is running"
START = "start one: keifu chain --detach"
GRACE_SECONDS = 60.0  # between asking a chain to stop and killing it
POLL_SECONDS = 0.02
LARGEST_NOTE = 1 << 20  # bytes
LOCK_TRIES = 20


class Note(msgspec.Struct):
    """A chain that runs: where it listens, who keeps it, and where its deployment is recorded."""

    chain_id: int
    url: str
    genesis: str
    pid: int
    record: str  # path of the deployment's record
    grants: str = ""  # folder of the published list, where there is a distribution
    ready: bool = False

    @property
    def exports(self) -> dict[str, str]:
        """What the next command needs in its environment. ape reads the second one."""
        found = {"KEIFU_RPC": self.url, "APE_FOUNDRY_HOST": self.url}
        if Path(self.record).parent != user_folder():
            found["KEIFU_DEPLOYMENTS"] = str(Path(self.record).parent)
        if self.grants:
            found["KEIFU_GRANTS"] = self.grants
        return found

    def save(self) -> None:
        path = _file(self.chain_id)
        partial = path.with_suffix(".partial")
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
        partial.replace(path)


@contextmanager
def claimed(chain_id: int) -> Iterator[None]:
    """Be the one who keeps the chain with this number. Whatever a killed one has left is removed first, and the note
    and the record of this one afterwards. Raises UsageError while another one keeps it."""
    path = _file(chain_id).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        _lock(lock, chain_id)
        _remove(chain_id)
        try:
            yield
        finally:
            _remove(chain_id)


def refuse_second(chain_id: int) -> None:
    """Raises UsageError while somebody keeps a chain with this number."""
    if not _held(chain_id):
        return
    note = _read(chain_id)
    raise UsageError(
        f"chain {chain_id} is running already" + (f" on {note.url}" if note else ""),
        remedy=f"keifu chain stop, or give this one another number: --chain-id {chain_id + 1}",
    )


def running() -> list[Note]:
    """Every chain of this user that runs and is ready, by number."""
    found = (_read(int(path.stem)) for path in _folder().glob("*.json") if path.stem.isdigit())
    return sorted(
        (note for note in found if note and note.ready and _held(note.chain_id)), key=lambda note: note.chain_id
    )


def forget_dead() -> list[Note]:
    """Remove the notes and records of chains that were killed; what was removed."""
    found = [_read(int(path.stem)) for path in _folder().glob("*.json") if path.stem.isdigit()]
    dead = [note for note in found if note and not _held(note.chain_id)]
    for note in dead:
        _remove(note.chain_id)
    return dead


def the_chain(chain_id: int = 0) -> Note:
    """The chain with this number, or the only one that runs.

    Raises EnvironmentFault when there is none, UsageError when there are several to choose from.
    """
    found = running()
    if chain_id:
        found = [note for note in found if note.chain_id == chain_id]
    if not found:
        which = f"no local chain {chain_id} is running" if chain_id else NO_CHAIN
        raise EnvironmentFault(which, remedy=f"{START} --chain-id {chain_id}" if chain_id else START)
    if len(found) > 1:
        listed = ", ".join(f"{note.chain_id} on {note.url}" for note in found)
        raise UsageError(f"{len(found)} local chains are running: {listed}", remedy="choose with --chain-id N")
    return found[0]


def stop(note: Note) -> None:
    """End a chain and wait until its note and record are gone. Safe for one that has just ended by itself."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not _held(note.chain_id):
            break
        with suppress(ProcessLookupError):
            os.kill(note.pid, number)
        deadline = time.monotonic() + GRACE_SECONDS
        while _held(note.chain_id) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    _remove(note.chain_id)


def log_file(chain_id: int) -> Path:
    """Where a chain in the background writes."""
    path = _file(chain_id).with_suffix(".log")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def grants_folder(chain_id: int) -> Path:
    """Where a chain publishes its list of grants."""
    return _file(chain_id).with_suffix(".grants")


def _folder() -> Path:
    return user_folder().parent / "chains"


def _file(chain_id: int) -> Path:
    return _folder() / f"{chain_id}.json"


def _read(chain_id: int) -> Note | None:
    try:
        return msgspec.json.decode(read_bounded(_file(chain_id), LARGEST_NOTE, "a note of a chain"), type=Note)
    except (InputError, msgspec.DecodeError, RecursionError):
        return None


def _lock(lock: IO[str], chain_id: int) -> None:
    for _ in range(LOCK_TRIES):
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(POLL_SECONDS)  # it may be a reader that only looks whether the lock is held
    return refuse_second(chain_id)


def _held(chain_id: int) -> bool:
    try:
        with _file(chain_id).with_suffix(".lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _remove(chain_id: int) -> None:
    """The note, and the record if it still is of the chain that was noted."""
    note = _read(chain_id)
    if note is None:
        return
    record = Path(note.record)
    try:
        if recorded_genesis(record) == note.genesis:
            record.unlink()
    except (OSError, InputError):
        pass
    shutil.rmtree(grants_folder(chain_id), ignore_errors=True)
    _file(chain_id).unlink(missing_ok=True)
