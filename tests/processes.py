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

__all__ = ["children", "end_chains", "held_up"]


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


def end_chains(home: Path) -> None:
    """End what `keifu chain` has started for the user of this home, and wait until it has ended."""
    for note in home.glob(".local/state/keifu/chains/*.json"):
        with suppress(ProcessLookupError, FileNotFoundError):  # it ends by itself at this moment
            keeper = json.loads(note.read_text())["pid"]
            os.kill(keeper, signal.SIGTERM)
            while note.exists():
                os.kill(keeper, 0)
                time.sleep(0.01)
