"""What a watcher remembers of its canaries: what they cost today, which replies were judged, which are disputed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

from keifu.errors import EnvironmentFault
from keifu.units import DAY

__all__ = ["OPEN", "OVER", "RIGHT", "CanaryBook"]

RIGHT, OPEN, OVER = "right", "open", "over"  # of a reply: nothing to do, to be disputed, done with
_TABLES = (
    "CREATE TABLE IF NOT EXISTS cover (time INTEGER NOT NULL, price TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS reply (receipt BLOB PRIMARY KEY, state TEXT NOT NULL, words TEXT NOT NULL)"
    " WITHOUT ROWID",
)


class CanaryBook:
    """One file, of one thread."""

    def __init__(self, file: Path) -> None:
        """Raises EnvironmentFault when it cannot be opened."""
        try:
            self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            for table in _TABLES:
                self._database.execute(table)
        except sqlite3.Error as error:
            raise EnvironmentFault(f"{file} cannot be opened: {error}", remedy="move it away to begin anew") from error

    def pay(self, now: int, price: int) -> None:
        """A cover, before its transaction: a kill counts it at least once."""
        self._database.execute("INSERT INTO cover VALUES (?, ?)", (now, str(price)))

    def covers(self, now: int) -> int:
        """What they cost on the day of a second."""
        rows = self._database.execute("SELECT price FROM cover WHERE time >= ?", (now - now % DAY,))
        return sum(int(price) for (price,) in rows)

    def judge(self, receipt: bytes, state: str, words: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO reply VALUES (?, ?, ?)", (receipt, state, words))

    def state(self, receipt: bytes) -> str:
        """Empty for a reply that was not judged yet."""
        row = self._database.execute("SELECT state FROM reply WHERE receipt = ?", (receipt,)).fetchone()
        return str(row[0]) if row else ""

    def counts(self) -> Counter[str]:
        return Counter(dict(self._database.execute("SELECT state, count(*) FROM reply GROUP BY state").fetchall()))

    def close(self) -> None:
        self._database.close()
