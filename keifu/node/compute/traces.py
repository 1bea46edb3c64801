"""Token ids of replies that can be disputed, by the roots of trace and prompt: all that a provider keeps of a reply.

They are on the disk before the reply's end leaves. Everything else of a trace is computed again from them. A trace
alone does not name its prompt: two tokens may have the same weights in a table, and leave the same lanes behind.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

from keifu.errors import EnvironmentFault
from keifu.inference.disputes import ids_root
from keifu.spec.inference_drawing import Drawing

__all__ = ["Traces"]

_TABLE = """CREATE TABLE IF NOT EXISTS reply (trace BLOB NOT NULL, inputs BLOB NOT NULL, time INTEGER NOT NULL,
  prompt BLOB NOT NULL, reply BLOB NOT NULL, PRIMARY KEY (trace, inputs)) WITHOUT ROWID"""
# Of drawn replies: a trace's root holds what its tokens are drawn by.
_DRAWN = "CREATE TABLE IF NOT EXISTS drawn (trace BLOB PRIMARY KEY, seed BLOB NOT NULL, scale INTEGER) WITHOUT ROWID"


class Traces:
    """One file. May be used by several threads."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        """Raises EnvironmentFault when it cannot be opened."""
        self._clock, self._mutex = clock, threading.Lock()
        try:
            self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute(_TABLE)
            self._database.execute(_DRAWN)
        except sqlite3.Error as error:
            raise EnvironmentFault(f"{file} cannot be opened: {error}", remedy="restore it from a backup") from error

    def keep(
        self, trace: bytes, prompt: Sequence[int], reply: Sequence[int], drawing: Drawing | None = None
    ) -> None:  # fmt: skip
        """On the disk when it returns. Raises EnvironmentFault when it cannot be."""
        row = (trace, ids_root(prompt), int(self._clock()), _packed(prompt), _packed(reply))
        try:
            with self._mutex:
                if drawing is not None:  # before the ids: they are never there without it
                    drawn = trace, drawing.seed, drawing.scale
                    self._database.execute("INSERT OR REPLACE INTO drawn VALUES (?, ?, ?)", drawn)
                self._database.execute("INSERT OR REPLACE INTO reply VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise EnvironmentFault(f"token ids cannot be written: {error}", remedy="make room on the disk") from error

    def ids(self, trace: bytes, inputs: bytes) -> tuple[list[int], list[int]] | None:
        """Prompt and reply; None for a reply that is not kept."""
        wanted = "SELECT prompt, reply FROM reply WHERE trace = ? AND inputs = ?"
        with self._mutex:
            row = self._database.execute(wanted, (trace, inputs)).fetchone()
        return (_unpacked(row[0]), _unpacked(row[1])) if row else None

    def drawing(self, trace: bytes) -> Drawing | None:
        """By what the tokens of a reply were drawn; None where they are the likeliest ones."""
        with self._mutex:
            row = self._database.execute("SELECT seed, scale FROM drawn WHERE trace = ?", (trace,)).fetchone()
        return Drawing.of(*row) if row else None

    def forget(self, before: int) -> None:
        """What was kept before a second."""
        with self._mutex:
            self._database.execute("DELETE FROM reply WHERE time < ?", (before,))
            self._database.execute("DELETE FROM drawn WHERE trace NOT IN (SELECT trace FROM reply)")

    def count(self) -> int:
        with self._mutex:
            return int(self._database.execute("SELECT count(*) FROM reply").fetchone()[0])

    def close(self) -> None:
        self._database.close()


def _packed(ids: Sequence[int]) -> bytes:
    return array("i", ids).tobytes()


def _unpacked(data: bytes) -> list[int]:
    return array("i", data).tolist()
