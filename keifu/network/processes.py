"""Processes that outlive who started them and are still known for sure.

A part holds the lock on its file from its first moment to its last: the descriptor is handed to it. The kernel opens
the lock however the part ends. So a process id that stands in a file whose lock is held is the part's, and no other's.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from keifu.chain.held import holder_of

__all__ = ["end_all", "running_since", "start"]

# Writes its own number into the file before it becomes the part, so that no moment is without it.
_ANNOUNCED = ["sh", "-c", 'echo "$$" >"$0" && exec "$@"']
LARGEST_LOG = 16 << 20
POLL_SECONDS = 0.05


def start(
    command: Sequence[str], lock: Path, log: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes] | None:
    """Run the part whose file is `lock`, in a session of its own; None while another process holds the file."""
    for path in (lock, log):
        path.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".old.log"))
    with lock.open("a") as held, log.open("ab") as output:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        held.truncate(0)  # whoever had the number that stands there is gone
        return subprocess.Popen(  # noqa: S603
            [*_ANNOUNCED, str(lock), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            pass_fds=(held.fileno(),),
            start_new_session=True,
        )


def running_since(lock: Path) -> tuple[int, float] | None:
    """Process and start (unix seconds) of the part that runs; None when it does not."""
    if not (holder := holder_of(lock)):
        return None
    return holder, lock.stat().st_mtime


def end_all(locks: Iterable[Path], patience: float) -> list[Path]:
    """Ask the parts to end, all at once, and kill those that have not ended in time; those that ran."""
    ran = [lock for lock in locks if holder_of(lock) is not None]
    until, asked = time.monotonic() + patience, set[int]()
    while holders := [holder for lock in ran if (holder := holder_of(lock)) is not None]:
        is_over = time.monotonic() > until
        for holder in holders:
            # 0 is one whose number is not written yet: the next look finds it.
            if holder and (is_over or holder not in asked):
                _send(holder, signal.SIGKILL if is_over else signal.SIGTERM)
                asked.add(holder)
        time.sleep(POLL_SECONDS)
    return ran


def _send(process: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)
