"""Keeping the state of a network's own chain on the disk while it goes on, so that a killed chain begins where it was.

What is written is whole: beside the old file, and then in its place. A dump takes longer as the chain grows, so the
pause between two is a multiple of what the last one took.
"""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ethwire.rpc import Rpc
from keifu.errors import KeifuError

__all__ = ["ChainKeeper", "open_state"]

POLL_SECONDS = 0.1
PAUSE_FACTOR = 5
DUMP_SECONDS = 60.0


def open_state(path: Path) -> int:
    """Make a saved state ready to be loaded; unix seconds from which the chain's clock goes on.

    anvil makes a first block at each start, before it reads the old ones, and dumps all of them later. The oldest is
    the chain's; which of several anvil would take is chance. Its clock begins at the machine's time, which may be
    earlier than that of the newest block, where time was turned on.
    """
    state = json.loads(path.read_bytes())
    first = [block for block in state["blocks"] if int(block["header"]["number"], 16) == 0]
    if len(first) > 1:
        right = min(first, key=lambda block: int(block["header"]["timestamp"], 16))
        state["blocks"] = [block for block in state["blocks"] if block is right or block not in first]
        _write_whole(path, json.dumps(state, separators=(",", ":")).encode())
    return max(int(time.time()), int(state["block"]["timestamp"], 16) + 1)


class ChainKeeper:
    """Saves the chain at `url` into `path`. `saved` is the number of the newest block that is on the disk."""

    def __init__(self, url: str, path: Path) -> None:
        self._rpc = Rpc(url, attempts=1, timeout=DUMP_SECONDS)
        self._path = path
        self._hash = ""
        self.saved = -1

    def save(self) -> bool:
        """Save what is new; whether the chain has answered."""
        try:
            before = self._rpc.call("eth_getBlockByNumber", "latest", False)
            if before["hash"] != self._hash:
                dump = bytes.fromhex(self._rpc.call("anvil_dumpState").removeprefix("0x"))
                _write_whole(self._path, gzip.decompress(dump))
                self._hash, self.saved = before["hash"], int(before["number"], 16)
        except KeifuError:
            return False
        return True

    def follow(self, stopped: Callable[[float], bool]) -> None:
        """Save again and again until `stopped(seconds)`, which waits, says so."""
        pause = POLL_SECONDS
        while not stopped(pause):
            began = time.monotonic()
            self.save()
            pause = max(POLL_SECONDS, PAUSE_FACTOR * (time.monotonic() - began))

    def save_last(self) -> None:
        """Save for the last time: nothing is mined any more, so whoever sends now waits for the next start."""
        with suppress(KeifuError):
            self._rpc.call("evm_setIntervalMining", 0)
        self.save()

    def close(self) -> None:
        self._rpc.close()


def _write_whole(path: Path, state: bytes) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(state)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
