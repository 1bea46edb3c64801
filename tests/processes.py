"""Processes that a test started, found by who started them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["children", "end_chains", "end_group", "held_up"]

TURNS, TURN_SECONDS = 100, 0.05  # that a process may take to end when it is asked to


def children(pid: int) -> list[int]:
    """The processes that `pid` started and that still run."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    return [int(child) for child, parent in map(str.split, listed.splitlines()) if int(parent) == pid]


@contextmanager
def held_up(pid: int, seconds: float) -> Iterator[None]:
    """The process gets no processor for so long, as on a machine that has none to give, and then goes on."""
    os.kill(pid, signal.SIGSTOP)
    release = threading.Timer(seconds, os.kill, (pid, signal.SIGCONT))
    release.start()
    try:
        yield
    finally:
        release.join()


def end_group(group: int) -> None:
    """Ask every process of a group to end, wait until all have, and kill what does not."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
        for _ in range(TURNS):
            if not _is_alive(group):
                return
            time.sleep(TURN_SECONDS)
        os.killpg(group, signal.SIGKILL)


def _is_alive(group: int) -> bool:
    """Whether a process of the group runs. One that nobody waits for stays in the list when it has ended, as Z."""
    listed = subprocess.run(["ps", "-A", "-o", "pgid=,stat="], check=True, capture_output=True, text=True).stdout
    found = [line.split() for line in listed.splitlines()]
    return any(int(of) == group and not state.startswith("Z") for of, state in found)


def end_chains(home: Path) -> None:
    """End what `keifu chain` has started for the user of this home, and wait until it has ended."""
    for note in home.glob(".local/state/keifu/chains/*.json"):
        with suppress(ProcessLookupError, FileNotFoundError):  # it ends by itself at this moment
            keeper = json.loads(note.read_text())["pid"]
            os.kill(keeper, signal.SIGTERM)
            while note.exists():
                os.kill(keeper, 0)
                time.sleep(0.01)
