"""Words under seal. A word is on the disk before its seal is sent: without its salt it cannot be shown, and
that costs a fine.

The salt is made of the key's signature over demand and seat, which is the same each time: a member that has lost its
disk and kept its key finds the word that it has sealed when it computes again.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ethwire.eip712 import Domain, StructType
from keifu.chain.sqlite import transaction
from keifu.chain.suite import REEXECUTION
from keifu.keys import Account, keccak256
from keifu.node.chain import NodeChain
from keifu.reexecution.reading import seal
from keifu.reexecution.tolerance import Word

__all__ = ["Said", "Words"]

_TABLES = """
CREATE TABLE IF NOT EXISTS reexecutor_word (demand INTEGER NOT NULL, seat INTEGER NOT NULL, word INTEGER NOT NULL,
  answer BLOB NOT NULL, digest BLOB NOT NULL, salt BLOB NOT NULL, why TEXT NOT NULL, PRIMARY KEY (demand, seat))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reexecutor_open (number INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS reexecutor_read (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);
INSERT OR IGNORE INTO reexecutor_read VALUES (1, 0);
"""
_SALT = StructType("WordSalt", demand="uint256", seat="uint256")


@dataclass(frozen=True)
class Said:
    """A word that is not changed any more, with the answer that it was found by."""

    demand: int
    seat: int
    word: Word
    answer: bytes
    digest: bytes
    salt: bytes
    why: str

    def seal(self, member: str) -> bytes:
        return seal(self.demand, self.word, self.digest, self.salt, member)


class Words:
    """Of one member."""

    def __init__(self, chain: NodeChain, account: Account, database: sqlite3.Connection) -> None:
        self._account, self._database = account, database
        self._domain = Domain("Keifu ReExecutor", "1", chain.id, chain.suite[REEXECUTION])
        database.executescript(_TABLES)

    def get(self, demand: int, seat: int) -> Said | None:
        row = self._database.execute(
            "SELECT word, answer, digest, salt, why FROM reexecutor_word WHERE demand = ? AND seat = ?", (demand, seat)
        ).fetchone()
        return Said(demand, seat, Word(row[0]), *row[1:]) if row else None

    def keep(self, demand: int, seat: int, word: Word, answer: bytes, digest: bytes, why: str) -> Said:
        """Write a word down; the first that was written stays."""
        made = self.made(demand, seat, word, answer, digest, why)
        self._database.execute(
            "INSERT OR IGNORE INTO reexecutor_word VALUES (?, ?, ?, ?, ?, ?, ?)",
            (demand, seat, int(word), answer, digest, made.salt, why),
        )
        found = self.get(demand, seat)
        assert found is not None
        return found

    def correct(self, said: Said) -> None:
        """The chain has the seal of this word, and of no other: one that was sent before the disk was lost."""
        row = (said.demand, said.seat, int(said.word), said.answer, said.digest, said.salt, said.why)
        self._database.execute("INSERT OR REPLACE INTO reexecutor_word VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def made(self, demand: int, seat: int, word: Word, answer: bytes, digest: bytes, why: str) -> Said:
        """A word as this key seals it."""
        signature = self._account.sign(self._domain.digest(_SALT, demand, seat))
        return Said(demand, seat, word, answer, digest, keccak256(signature), why)

    # which demands are looked at -----------------------------------------------------------------------------------

    def open(self, count: int, most: int) -> list[int]:
        """Those that were not dropped, of the first `count`; `most` new ones a call."""
        read: int = self._database.execute("SELECT number FROM reexecutor_read").fetchone()[0]
        last = min(count, read + most)
        with transaction(self._database):
            rows = [(number,) for number in range(read + 1, last + 1)]
            self._database.executemany("INSERT OR IGNORE INTO reexecutor_open VALUES (?)", rows)
            self._database.execute("UPDATE reexecutor_read SET number = max(number, ?)", (last,))
        return [row[0] for row in self._database.execute("SELECT number FROM reexecutor_open ORDER BY number")]

    def drop(self, number: int) -> None:
        """Nothing is left to do in a demand."""
        self._database.execute("DELETE FROM reexecutor_open WHERE number = ?", (number,))
