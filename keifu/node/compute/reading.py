"""Up to which block a contract's events were read, kept on the disk."""

from __future__ import annotations

import sqlite3

__all__ = ["Position"]

REORGANISED = 64  # blocks that are read again
_TABLE = "CREATE TABLE IF NOT EXISTS compute_read (contract TEXT PRIMARY KEY, block INTEGER NOT NULL) WITHOUT ROWID"


class Position:
    """Of one contract. What is read twice does no harm."""

    def __init__(self, database: sqlite3.Connection, contract: str, first_block: int) -> None:
        self._database, self._contract, self._first = database, contract, first_block
        database.execute(_TABLE)

    @property
    def next(self) -> int:
        """The block from which is read."""
        read = self._database.execute("SELECT block FROM compute_read WHERE contract = ?", (self._contract,)).fetchone()
        return max(self._first, read[0] - REORGANISED) if read else self._first

    def keep(self, head: int) -> None:
        self._database.execute("INSERT OR REPLACE INTO compute_read VALUES (?, ?)", (self._contract, head))
