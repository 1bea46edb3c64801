"""What becomes of followed events: rows, in one transaction with the follower's position, or safely beside it.

In SQLite the follower and the tables share one file: one transaction. In PostgreSQL the tables are in another database
than the position, which stays in a file, the journal. There, rows are committed before the position moves, and go away
after it went back. So the tables may hold more than the position says, never less; what is more is removed before
anything is added, and when the process starts.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Sequence

from keifu.chain.follower import Event
from keifu.errors import EnvironmentFault
from keifu.index.made import Rows
from keifu.index.store import Store

__all__ = ["Journal", "JournalledSink", "TableSink"]

_JOURNAL = """
CREATE TABLE IF NOT EXISTS index_journal (id INTEGER PRIMARY KEY CHECK (id = 1), identity TEXT NOT NULL,
  reached INTEGER NOT NULL, revert INTEGER);
"""
Standing = Callable[[], tuple[int, str]]  # number and hash of the block where the follower stands


class TableSink:
    """Of tables in the follower's own database."""

    def __init__(self, store: Store, standing: Standing) -> None:
        self.store = store
        self.rows = Rows(store)
        self._standing = standing

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        del database  # the store's own
        self.store.write(list(self.rows.of(events)), *self._standing())

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        del database
        self.store.revert(first_block)
        self.store.stand_at(first_block - 1, "")

    def settle(self) -> None:
        """After a step: what the sink could not know inside of it."""
        if (standing := self._standing())[1] != self.store.position.hash:
            with self.store.database.transaction():
                self.store.stand_at(*standing)


class Journal:
    """In the follower's database: to where the tables are sure to be written, and from where they are to be undone."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        database.executescript(_JOURNAL)
        database.execute("INSERT OR IGNORE INTO index_journal VALUES (1, ?, -1, NULL)", (secrets.token_hex(8),))
        database.commit()

    @property
    def identity(self) -> str:
        return str(self.database.execute("SELECT identity FROM index_journal").fetchone()[0])

    @property
    def reached(self) -> int:
        return int(self.database.execute("SELECT reached FROM index_journal").fetchone()[0])

    @property
    def stale_from(self) -> int:
        """The first block of which the tables may hold rows that do not count."""
        reached, revert = self.database.execute("SELECT reached, revert FROM index_journal").fetchone()
        return int(reached + 1 if revert is None else min(reached + 1, revert))

    def undo_from(self, first_block: int) -> None:
        self.database.execute(
            "UPDATE index_journal SET reached = min(reached, ?), revert = min(coalesce(revert, ?), ?)",
            (first_block - 1, first_block, first_block),
        )

    def settled(self, reached: int) -> None:
        self.database.execute("UPDATE index_journal SET reached = ?, revert = NULL", (reached,))


class JournalledSink(TableSink):
    """Of tables in another database than the follower's."""

    def __init__(self, store: Store, standing: Standing, journal: Journal) -> None:
        super().__init__(store, standing)
        self.journal = journal
        self._require_same()

    def _require_same(self) -> None:
        """Raises EnvironmentFault when tables and journal do not belong together."""
        name, kept = self.store.database.name, self.store.meta("journal")
        if kept is None:
            with self.store.database.transaction():
                self.store.set(journal=self.journal.identity)
        elif kept != self.journal.identity:
            raise EnvironmentFault(
                f"{name} was written with another journal", remedy="name that one by --journal, or an empty database"
            )
        if self.store.position.number < self.journal.reached:
            raise EnvironmentFault(
                f"{name} is older than its journal, as if it came from a backup",
                remedy="index into an empty database, with a new --journal",
            )

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        del database  # the journal is in it
        standing = self._standing()
        with self.store.database.transaction():
            self.store.revert(self.journal.stale_from)
            self.store.write(list(self.rows.of(events)), *standing)
        self.journal.settled(standing[0])

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        del database
        self.journal.undo_from(first_block)

    def settle(self) -> None:
        stale, standing = self.journal.stale_from, self._standing()
        if stale <= self.store.position.number or standing[1] != self.store.position.hash:
            with self.store.database.transaction():
                self.store.revert(stale)
                self.store.stand_at(*standing)
            self.journal.settled(standing[0])
