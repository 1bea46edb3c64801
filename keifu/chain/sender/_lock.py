"""One sender an account: a lock on this machine for the account, and one beside the database for other machines' mounts
and containers. The kernel opens both when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path

from keifu.errors import EnvironmentFault

__all__ = ["locked"]


def locked(database: Path, chain_id: int, address: str) -> ExitStack:
    """Hold both locks until the stack is closed. Raises EnvironmentFault, naming the holder, when one is taken."""
    held = ExitStack()
    folder = _folder()
    try:
        _hold(held, folder / f"{chain_id}-{address}.lock", f"account {address} on chain {chain_id}")
        _hold(held, database.with_name(database.name + ".lock"), f"the database {database}")
    except BaseException:
        held.close()
        raise
    return held


def _folder() -> Path:
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (state if state.is_absolute() else Path.home() / ".local" / "state") / "keifu" / "senders"


def _hold(held: ExitStack, path: Path, what: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = held.enter_context(path.open("a+"))
    except OSError as error:
        raise EnvironmentFault(f"{path} cannot be opened: {error.strerror}", remedy="sending needs it") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip()
        raise EnvironmentFault(
            f"another process{f' ({holder})' if holder.isdecimal() else ''} already sends for {what}",
            remedy="stop it first, or hand the intents to it; nothing was sent",
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
