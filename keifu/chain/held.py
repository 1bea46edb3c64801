"""Locks on files that a process holds for as long as it lives: the kernel opens them however the process ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from keifu.errors import EnvironmentFault

__all__ = ["agent_socket", "hold", "holder_of", "state_folder"]


def state_folder() -> Path:
    """Where this user's programs keep what is not configuration (XDG)."""
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (state if state.is_absolute() else Path.home() / ".local" / "state") / "keifu"


def agent_socket() -> Path | None:
    """Where this user's key agent listens, or would; None when it is not to be used. KEIFU_AGENT names another place,
    or says `off`."""
    named = os.environ.get("KEIFU_AGENT", "")
    return None if named == "off" else Path(named) if named else state_folder() / "keys.sock"


def hold(held: ExitStack, path: Path, taken: Callable[[str], EnvironmentFault], *, use: str) -> None:
    """Hold the lock until the stack is closed; the process id is written into the file. Raises `taken(holder)` when
    another process has it, with "" for a holder that is not known, and EnvironmentFault when `use` cannot have it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = held.enter_context(path.open("a+"))
    except OSError as error:
        raise EnvironmentFault(f"{path} cannot be opened: {error.strerror}", remedy=f"{use} needs it") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip()
        raise taken(holder if holder.isdecimal() else "") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()


def holder_of(path: Path) -> int | None:
    """The process that holds the lock; None for nobody, 0 when it is not known which."""
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = path.read_text().strip()
        return int(text) if text.isdecimal() else 0
    except OSError:
        return None
    return None
