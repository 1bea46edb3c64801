"""What a notary has signed: one block for each number, and numbers only rise.

A signature is on the disk before anybody gets it. So a process that was killed, a chain that lost blocks, and endpoints
that contradict themselves never make two of one number (NOT-1). A book does not know what its key has signed before
when it is new, was restored from a backup, or lies in a folder that took over from elsewhere. Then it begins above the
newest block that the other chain has now.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from keifu.provenance.signed_headers import BlockHeader, SignedHeader

__all__ = ["Book", "begin_above_the_head"]

KEPT = 1_024  # headers
SHOWN = 64  # of them, the newest
_TABLES = (
    "CREATE TABLE IF NOT EXISTS notarised (number INTEGER PRIMARY KEY, hash BLOB NOT NULL, time INTEGER NOT NULL,"
    " signature BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS notary_floor (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL,"
    " alone_since INTEGER NOT NULL)",
)


class Book:
    """In the node's database, which only the thread of the rounds writes. `alone_since` is the fence's: its key has
    acted elsewhere where that is another one than when the book began."""

    def __init__(self, database: sqlite3.Connection, key: str, chain_id: int, alone_since: int = 0) -> None:
        self._database, self._key, self._chain_id, self._alone_since = database, key, chain_id, alone_since
        for table in _TABLES:
            database.execute(table)

    @property
    def floor(self) -> int | None:
        """No block up to this number is signed; None before the book has begun."""
        row = self._database.execute(
            "SELECT number FROM notary_floor WHERE alone_since = ?", (self._alone_since,)
        ).fetchone()
        return None if row is None else int(row[0])

    def begin(self, head: int) -> None:
        """Once: nothing up to the other chain's newest block, nor up to what it knows to be signed."""
        self._database.execute(
            "INSERT INTO notary_floor VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET number = max(number,"
            " excluded.number), alone_since = excluded.alone_since WHERE alone_since != excluded.alone_since",
            (head, self._alone_since),
        )

    def newest(self) -> SignedHeader | None:
        found = self._headers(1)
        return found[0] if found else None

    def shown(self) -> list[SignedHeader]:
        """The newest ones first."""
        return self._headers(SHOWN)

    def may_sign(self, number: int) -> bool:
        """NOT-1."""
        floor = self.floor
        return floor is not None and number > floor

    def sign(self, number: int, block: bytes, now: int, make: Callable[[BlockHeader], bytes]) -> SignedHeader:
        """Sign and write down, in this order, before anybody gets it. The floor goes up with the same write."""
        if not self.may_sign(number):
            raise ValueError(f"block {number} is not above what was signed")
        header = BlockHeader(self._key, self._chain_id, number, block, now)
        signed = SignedHeader(header, make(header))
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.execute("INSERT INTO notarised VALUES (?, ?, ?, ?)", (number, block, now, signed.signature))
            self._database.execute("UPDATE notary_floor SET number = ?", (number,))
            self._database.execute(
                "DELETE FROM notarised WHERE number NOT IN (SELECT number FROM notarised ORDER BY number DESC LIMIT ?)",
                (KEPT,),
            )
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
        return signed

    def _headers(self, most: int) -> list[SignedHeader]:
        rows = self._database.execute(
            "SELECT number, hash, time, signature FROM notarised ORDER BY number DESC LIMIT ?", (most,)
        )
        return [
            SignedHeader(BlockHeader(self._key, self._chain_id, number, block, time), signature)
            for number, block, time, signature in rows
        ]


def begin_above_the_head(file: Path) -> None:
    """Of a restored notary: what its key signed since the backup is not in it."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("DROP TABLE IF EXISTS notary_floor")
        database.commit()
