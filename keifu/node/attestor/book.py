"""What an attestor has signed: one statement for each request, for ever.

A statement is written down before it leaves. Whoever asks again gets the same one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from keifu.inft.requests import Answer, NotAttested
from keifu.inft.transfer import Transfer

__all__ = ["Book", "Promise"]

HOUR = 3_600
_TABLE = (
    "CREATE TABLE IF NOT EXISTS attested (request BLOB PRIMARY KEY, digest BLOB NOT NULL, answer BLOB NOT NULL,"
    " at INTEGER NOT NULL, statement BLOB NOT NULL, deadline INTEGER NOT NULL, bound INTEGER NOT NULL) WITHOUT ROWID"
)


@dataclass(frozen=True)
class Promise:
    """A transfer that binds coins, or may. Until `deadline` it can be brought, unix seconds."""

    request: bytes
    statement: bytes  # its hash (EIP-712's hashStruct)
    deadline: int


class Book:
    """In the node's database, which only the thread of the rounds writes."""

    def __init__(self, database: sqlite3.Connection, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._looked_at = b""  # the last promise
        database.execute(_TABLE)

    def answer(self, request: bytes) -> Answer | None:
        """What was signed for it."""
        row = self._database.execute("SELECT answer FROM attested WHERE request = ?", (request,)).fetchone()
        return msgspec.json.decode(row[0], type=Answer) if row else None

    def require_same(self, request: bytes, digest: str) -> None:
        """Raises NotAttested for a second statement: the first one can be out there, and two cost the lock."""
        found = self.answer(request)
        if found is not None and found.digest != digest:
            raise NotAttested(
                "answered", "this request was answered by another statement",
                "sign a new request; its salt makes it another one",
            )  # fmt: skip

    def keep(self, request: bytes, answer: Answer, transfer: Transfer) -> None:
        row = (
            request, bytes.fromhex(answer.digest), msgspec.json.encode(answer), int(self._clock()),
            transfer.statement.hash, transfer.deadline, int(transfer.backing) > 0,
        )  # fmt: skip
        self._database.execute("INSERT INTO attested VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def promises(self, most: int) -> list[Promise]:
        """What may bind coins still: the next ones, from the first again after the last."""
        rows = self._database.execute(
            "SELECT request, statement, deadline FROM attested WHERE bound AND request > ? ORDER BY request LIMIT ?",
            (self._looked_at, most),
        )
        found = [Promise(*row) for row in rows]
        self._looked_at = found[-1].request if len(found) == most else b""
        return found

    def settle(self, request: bytes) -> None:
        """It binds none any more."""
        self._database.execute("UPDATE attested SET bound = 0 WHERE request = ?", (request,))

    @property
    def hour(self) -> int:
        """How many were signed in the last one."""
        since = int(self._clock()) - HOUR
        return int(self._database.execute("SELECT count(*) FROM attested WHERE at >= ?", (since,)).fetchone()[0])

    @property
    def all(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM attested").fetchone()[0])
