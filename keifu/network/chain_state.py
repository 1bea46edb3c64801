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
from pathlib import Path

from ethwire.rpc import Rpc
from keifu.chain import ChainClient
from keifu.errors import KeifuError
from keifu.local.suite import warp

__all__ = ["ChainKeeper", "keep_first_block"]

POLL_SECONDS = 0.1
PAUSE_FACTOR = 5
DUMP_SECONDS = 60.0


def keep_first_block(path: Path) -> None:
    """anvil makes a first block at each start, before it reads the old ones, and dumps all of them later: the oldest is
    the chain's, and which of several it would take is chance."""
    state = json.loads(path.read_bytes())
    first = [block for block in state["blocks"] if int(block["header"]["number"], 16) == 0]
    if len(first) > 1:
        right = min(first, key=lambda block: int(block["header"]["timestamp"], 16))
        state["blocks"] = [block for block in state["blocks"] if block is right or block not in first]
        _write_whole(path, json.dumps(state, separators=(",", ":")).encode())


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
        """Save again and again until `stopped(seconds)`, which waits, says so. A chain that was killed and answers
        again catches up first."""
        pause, has_answered = POLL_SECONDS, True
        while not stopped(pause):
            began = time.monotonic()
            try:
                if not has_answered:
                    self.catch_up()
                has_answered = self.save()
            except KeifuError:
                has_answered = False
            pause = max(POLL_SECONDS, PAUSE_FACTOR * (time.monotonic() - began))

    def catch_up(self) -> None:
        """After a restart: a chain whose time was turned on goes on from there, not from the machine's clock."""
        client = ChainClient(self._rpc)
        if (ahead := client.now - int(time.time())) > 0:
            warp(client, ahead)

    def close(self) -> None:
        self._rpc.close()


def _write_whole(path: Path, state: bytes) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(state)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
