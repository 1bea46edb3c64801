"""What a storage node remembers, in the database of its folder: deals that were handed to it, and its core's journal.

Only the thread of the rounds writes here. Each row is on the disk when a method returns.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from keifu.chain.sqlite import transaction
from keifu.keys import keccak256
from keifu.storage.deals import Placed
from keifu.storage.layout import word
from keifu.storage.provider.messages import Record, ShardId

__all__ = ["Handed", "Known", "Records", "holder_of"]

_TABLES = """
CREATE TABLE IF NOT EXISTS storage_deals (deal BLOB PRIMARY KEY, k INTEGER NOT NULL, named BLOB NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS storage_codes (deal BLOB PRIMARY KEY, signature BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS storage_free (only INTEGER PRIMARY KEY, day INTEGER NOT NULL, given INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS storage_handed (deal BLOB NOT NULL, number INTEGER NOT NULL, signed INTEGER NOT NULL,
  deleted INTEGER NOT NULL, PRIMARY KEY (deal, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS storage_journal (id INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS storage_sent (intent TEXT PRIMARY KEY, sent TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS storage_erased (deal BLOB NOT NULL, number INTEGER NOT NULL, root BLOB NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY (deal, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS storage_owed (deal BLOB NOT NULL, number INTEGER NOT NULL, token TEXT NOT NULL,
  settled INTEGER NOT NULL, PRIMARY KEY (deal, number)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Known:
    """What a client, or another provider, said of a deal. `named` agrees with the deal's root; `k` is the client's word
    where there is its `signature`, else hearsay."""

    k: int
    named: tuple[Placed, ...]
    signature: bytes = b""


@dataclass(frozen=True)
class Handed:
    """A shard that a client handed over; `signed` is the deadline of a signature that is out."""

    shard: ShardId
    signed: int
    deleted: bool


class _Named(msgspec.Struct):
    provider: str
    root: str
    leaves: int


class Records:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.executescript(_TABLES)

    # deals ---------------------------------------------------------------------------------------------------------

    def know(self, deal: bytes, known: Known) -> None:
        named = [_Named(item.provider, item.root.hex(), item.leaves) for item in known.named]
        row = deal, known.k, msgspec.json.encode(named)
        with transaction(self._database):
            self._database.execute("INSERT OR REPLACE INTO storage_deals VALUES (?, ?, ?)", row)
            self._database.execute("INSERT OR REPLACE INTO storage_codes VALUES (?, ?)", (deal, known.signature))

    def known(self, deal: bytes) -> Known | None:
        row = self._database.execute(
            "SELECT k, named, signature FROM storage_deals LEFT JOIN storage_codes USING (deal) WHERE deal = ?", (deal,)
        ).fetchone()
        if row is None:
            return None
        named = [Placed(item.provider, bytes.fromhex(item.root), item.leaves)
                 for item in msgspec.json.decode(row[1], type=list[_Named])]  # fmt: skip
        return Known(row[0], tuple(named), row[2] or b"")

    def hand(self, shard: ShardId, signed: int = 0) -> None:
        """A shard is here for a deal. The deadline of its first signature stays: nobody moves it by asking again."""
        with transaction(self._database):
            self._database.execute(
                "INSERT INTO storage_handed VALUES (?, ?, ?, 0) ON CONFLICT (deal, number) DO UPDATE SET "
                "signed = iif(signed, signed, excluded.signed), deleted = 0",
                (shard.deal, shard.index, signed),
            )
            self._database.execute(
                "DELETE FROM storage_erased WHERE deal = ? AND number = ?", (shard.deal, shard.index)
            )

    def signed(self, shard: ShardId) -> int:
        """The deadline of its signature; 0 when none was given."""
        row = (shard.deal, shard.index)
        found = self._database.execute(
            "SELECT signed FROM storage_handed WHERE deal = ? AND number = ?", row
        ).fetchone()
        return found[0] if found else 0

    def handed(self, *, all_of_them: bool = False) -> list[Handed]:
        where = "" if all_of_them else "WHERE deleted = 0"
        rows = self._database.execute(f"SELECT deal, number, signed, deleted FROM storage_handed {where}")  # noqa: S608
        return [Handed(ShardId(row[0], row[1]), row[2], bool(row[3])) for row in rows]

    def drop(self, shard: ShardId) -> None:
        """It was not taken."""
        row = (shard.deal, shard.index)
        self._database.execute("DELETE FROM storage_handed WHERE deal = ? AND number = ?", row)

    def erase(self, shard: ShardId, root: bytes, at: int) -> None:
        """The shard's bytes are gone, at this chain time."""
        with transaction(self._database):
            self._database.execute(
                "UPDATE storage_handed SET deleted = 1 WHERE deal = ? AND number = ?", (shard.deal, shard.index)
            )
            self._database.execute(
                "INSERT OR REPLACE INTO storage_erased VALUES (?, ?, ?, ?)", (shard.deal, shard.index, root, at)
            )

    def erased(self, shard: ShardId) -> tuple[bytes, int] | None:
        """Root and chain time of a deletion."""
        question = "SELECT root, at FROM storage_erased WHERE deal = ? AND number = ?"
        row = self._database.execute(question, (shard.deal, shard.index)).fetchone()
        return (row[0], row[1]) if row else None

    # what other tokens pay for ---------------------------------------------------------------------------------------

    def owe(self, shard: ShardId, token: str) -> None:
        """Another token than the coin pays for a shard that is stored here."""
        self._database.execute(
            "INSERT INTO storage_owed VALUES (?, ?, ?, 0) ON CONFLICT (deal, number) DO UPDATE SET settled = 0",
            (shard.deal, shard.index, token),
        )

    def settle(self, shard: ShardId) -> None:
        """Nothing is owed for it any more."""
        row = (shard.deal, shard.index)
        self._database.execute("UPDATE storage_owed SET settled = 1 WHERE deal = ? AND number = ?", row)

    def owed(self) -> list[ShardId]:
        rows = self._database.execute("SELECT deal, number FROM storage_owed WHERE settled = 0 ORDER BY deal, number")
        return [ShardId(*row) for row in rows]

    def tokens(self) -> list[str]:
        """In which this node was ever paid, beside the coin."""
        return [token for (token,) in self._database.execute("SELECT DISTINCT token FROM storage_owed ORDER BY token")]

    # what is free --------------------------------------------------------------------------------------------------

    def note_free(self, day: int, given: int) -> None:
        """So many bytes of this day went without payment."""
        self._database.execute("INSERT OR REPLACE INTO storage_free VALUES (1, ?, ?)", (day, given))

    def free(self) -> tuple[int, int]:
        """The last day that was noted, and its bytes."""
        found = self._database.execute("SELECT day, given FROM storage_free").fetchone()
        return (found[0], found[1]) if found else (0, 0)

    # the core's journal --------------------------------------------------------------------------------------------

    def append(self, record: Record) -> None:
        self._database.execute("INSERT INTO storage_journal (record) VALUES (?)", (json.dumps(record),))

    def journal(self) -> Iterator[Record]:
        for (text,) in self._database.execute("SELECT record FROM storage_journal ORDER BY id").fetchall():
            yield json.loads(text)

    def shorten(self, records: Iterable[Record], unsettled: Iterable[str]) -> None:
        """The same in fewer words; what is settled is not asked for again."""
        with transaction(self._database):
            self._database.execute("DELETE FROM storage_journal")
            rows = [(json.dumps(record),) for record in records]
            self._database.executemany("INSERT INTO storage_journal (record) VALUES (?)", rows)
            kept = [(intent, sent) for intent in unsettled if (sent := self.sent(intent))]
            self._database.execute("DELETE FROM storage_sent")
            self._database.executemany("INSERT INTO storage_sent VALUES (?, ?)", kept)

    def note_sent(self, intents: Iterable[str], sent: str) -> None:
        """Under which id of the sender the core's intents go."""
        with transaction(self._database):
            rows = [(intent, sent) for intent in intents]
            self._database.executemany("INSERT OR REPLACE INTO storage_sent VALUES (?, ?)", rows)

    def sent(self, intent: str) -> str | None:
        row = self._database.execute("SELECT sent FROM storage_sent WHERE intent = ?", (intent,)).fetchone()
        return row[0] if row else None


def holder_of(shard: ShardId) -> bytes:
    """For whom the store keeps a shard."""
    return keccak256(shard.deal + word(shard.index))
