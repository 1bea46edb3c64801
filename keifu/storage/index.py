"""The index of a store: one SQLite file, in which jobs and money have tables of their own beside it.

A *shard* has a root when it is sealed, and before that the id under which it is uploaded. It is *held* by those for
whom it is kept. A segment that nobody holds any more becomes *garbage* first, and its room is given back later, when
nobody reads it. Every public method that changes something is one transaction, durable when it
returns, but for `enter`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgspec

from keifu.chain.sqlite import transaction
from keifu.errors import EnvironmentFault
from keifu.storage.packs import Frame, Place

__all__ = ["Entry", "Index", "Row"]

BUSY_SECONDS = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS storage_shards (id INTEGER PRIMARY KEY, upload BLOB NOT NULL UNIQUE, root BLOB UNIQUE,
  leaves INTEGER NOT NULL, begun INTEGER NOT NULL, held INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS storage_unheld ON storage_shards (begun, leaves) WHERE held = 0;
CREATE TABLE IF NOT EXISTS storage_segments (shard INTEGER NOT NULL, number INTEGER NOT NULL, pack INTEGER NOT NULL,
  offset INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, path BLOB NOT NULL DEFAULT x'',
  PRIMARY KEY (shard, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS storage_holds (holder BLOB NOT NULL, shard INTEGER NOT NULL, PRIMARY KEY (holder, shard))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS storage_packs (pack INTEGER PRIMARY KEY AUTOINCREMENT, indexed INTEGER NOT NULL DEFAULT 0,
  used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS storage_garbage (id INTEGER PRIMARY KEY AUTOINCREMENT, pack INTEGER NOT NULL,
  offset INTEGER NOT NULL, size INTEGER NOT NULL);
"""
_COLUMNS = "id, upload, root, leaves, held"
_ENTER = "INSERT INTO storage_segments (shard, number, pack, offset, size, root) VALUES (?, ?, ?, ?, ?, ?)"
_INDEXED = "UPDATE storage_packs SET indexed = max(indexed, ?), used = used + ? WHERE pack = ?"
_FIND = (
    "SELECT pack, offset, size, s.root, path FROM storage_shards JOIN storage_segments s ON shard = id "
    "WHERE storage_shards.root = ? AND number BETWEEN ? AND ? ORDER BY number"
)
_GARBAGE = "INSERT INTO storage_garbage (pack, offset, size)"
_THROW = f"{_GARBAGE} SELECT pack, offset, size FROM storage_segments WHERE shard = ?"  # noqa: S608


@dataclass(frozen=True)
class Row:
    """A shard."""

    id: int
    upload: bytes
    root: bytes | None
    leaves: int
    held: int  # by how many


class Entry(msgspec.Struct, frozen=True):
    """A segment of a shard; `path` leads from its root to the shard's, and is empty before the shard is sealed."""

    place: Place
    root: bytes
    path: bytes


class Index:
    """One thread changes it at a time. Reading goes on beside that, over a connection of its own, and so does finding a
    segment to send: nobody who asks for one waits for a long list."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.changes = 0  # grows when a segment that was found before may be there no more
        self._writer, self._enterer, self._reader, self._finder = (self._connect() for _ in range(4))
        self._write_lock, self._read_lock, self._find_lock = (threading.Lock() for _ in range(3))
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = FULL")
        self._writer.executescript(_SCHEMA)
        self._enterer.execute("PRAGMA synchronous = NORMAL")
        for connection in (self._reader, self._finder):
            connection.execute("PRAGMA query_only = ON")

    def _connect(self) -> sqlite3.Connection:
        try:
            return sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
        except sqlite3.Error as error:
            raise EnvironmentFault(f"{self._file} cannot be used: {error}", remedy="restore it") from error

    def close(self) -> None:
        self._finder.close()
        self._reader.close()
        self._enterer.close()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # reading -------------------------------------------------------------------------------------------------------

    def shard(self, *, root: bytes | None = None, upload: bytes | None = None) -> Row | None:
        name, key = ("root", root) if root is not None else ("upload", upload)
        rows = self._read(f"SELECT {_COLUMNS} FROM storage_shards WHERE {name} = ?", key)  # noqa: S608 - our own names
        return Row(*rows[0]) if rows else None

    def segments(self, root: bytes, first: int, count: int) -> list[Entry]:
        """Those of `count` segments from `first` on that a sealed shard has: by one question, since each takes locks of
        the file."""
        with self._find_lock:
            rows = self._finder.execute(_FIND, (root, first, first + count - 1)).fetchall()
        return [Entry(Place(pack, offset, size), own, path) for pack, offset, size, own, path in rows]

    def kept(self, shard: int, first: int, count: int = 1) -> dict[int, bytes]:
        """Those of `count` segments that are there, sealed or not: roots by number."""
        question = "SELECT number, root FROM storage_segments WHERE shard = ? AND number BETWEEN ? AND ?"
        return dict(self._read(question, shard, first, first + count - 1))

    def roots(self, shard: int) -> list[tuple[int, bytes]]:
        """(number, root) of the segments of a shard that are there, in order."""
        return self._read("SELECT number, root FROM storage_segments WHERE shard = ? ORDER BY number", shard)

    def count(self, shard: int) -> int:
        return int(self._read("SELECT count(*) FROM storage_segments WHERE shard = ?", shard)[0][0])

    def first_missing(self, shard: int) -> int:
        rows = self._read(
            "SELECT number FROM storage_segments s WHERE shard = ?1 AND NOT EXISTS (SELECT 1 FROM storage_segments "
            "WHERE shard = ?1 AND number = s.number + 1) ORDER BY number LIMIT 1",
            shard,
        )
        return rows[0][0] + 1 if rows and self.kept(shard, 0) else 0

    def held_by(self, holder: bytes) -> list[bytes]:
        """Roots of what is kept for a holder."""
        found = self._read("SELECT root FROM storage_holds JOIN storage_shards ON id = shard WHERE holder = ?", holder)
        return [row[0] for row in found]

    def reserved(self, segment_leaves: int, *, unheld: bool = False) -> int:
        """Segments of all shards, whole ones, or of those that nobody holds."""
        where = "WHERE held = 0" if unheld else ""
        total = "SELECT total((leaves + ? - 1) / ?) FROM storage_shards"
        return int(self._read(f"{total} {where}", segment_leaves, segment_leaves)[0][0])

    def unheld_before(self, begun: int) -> list[Row]:
        rows = self._read(f"SELECT {_COLUMNS} FROM storage_shards WHERE held = 0 AND begun < ?", begun)  # noqa: S608
        return [Row(*row) for row in rows]

    def packs(self) -> list[tuple[int, int]]:
        """(pack, bytes of it that are indexed)."""
        return self._read("SELECT pack, indexed FROM storage_packs ORDER BY pack")

    def unused_packs(self) -> list[int]:
        return [row[0] for row in self._read("SELECT pack FROM storage_packs WHERE used = 0")]

    def garbage(self, newest: int, most: int) -> list[tuple[int, Place]]:
        """(id, place), the oldest first."""
        rows = self._read("SELECT * FROM storage_garbage WHERE id <= ? ORDER BY id LIMIT ?", newest, most)
        return [(row[0], Place(*row[1:])) for row in rows]

    def newest_garbage(self) -> int:
        return int(self._read("SELECT ifnull(max(id), 0) FROM storage_garbage")[0][0])

    def _read(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._read_lock:
            return self._reader.execute(question, values).fetchall()

    # changing ------------------------------------------------------------------------------------------------------

    def begin(self, upload: bytes, leaves: int, now: int) -> None:
        with self._write_lock, transaction(self._writer):
            self._writer.execute(
                "INSERT INTO storage_shards (upload, leaves, begun) VALUES (?, ?, ?)", (upload, leaves, now)
            )

    def new_pack(self) -> int:
        with self._write_lock, transaction(self._writer):
            number = self._writer.execute("INSERT INTO storage_packs DEFAULT VALUES").lastrowid
        assert number is not None
        return number

    def enter(self, found: Sequence[tuple[int, Frame, Place]]) -> None:
        """Segments that are written, by the ids of their shards. A power cut may undo it, and what follows it undoes
        nothing of what came before: then the packs are indexed less far, and their frames are found again."""
        rows = [(shard, frame.number, at.pack, at.offset, at.size, frame.root) for shard, frame, at in found]
        counts, ends = Counter(at.pack for _, _, at in found), {at.pack: at.end for _, _, at in found}
        with self._write_lock, transaction(self._enterer):
            self._enterer.executemany(_ENTER, rows)
            self._enterer.executemany(_INDEXED, [(ends[pack], count, pack) for pack, count in counts.items()])

    def throw(self, place: Place) -> None:
        """Room of a segment that belongs to nothing."""
        with self._write_lock, transaction(self._writer):
            self._writer.execute(
                f"{_GARBAGE} VALUES (?, ?, ?)",
                (place.pack, place.offset, place.size),
            )
            self._writer.execute(_INDEXED, (place.end, 1, place.pack))

    def seal(self, shard: int, root: bytes, paths: Iterable[bytes], *, instead_of: int | None = None) -> None:
        """`instead_of` is a shard that is thrown away: who held it holds the new one."""
        with self._write_lock, transaction(self._writer):
            if instead_of is not None:
                self._writer.execute("UPDATE storage_holds SET shard = ? WHERE shard = ?", (shard, instead_of))
                held = "(SELECT count(*) FROM storage_holds WHERE shard = id)"
                self._writer.execute(f"UPDATE storage_shards SET held = {held} WHERE id = ?", (shard,))  # noqa: S608
                self._remove(instead_of)
            rows = ((path, shard, number) for number, path in enumerate(paths))
            self._writer.executemany("UPDATE storage_segments SET path = ? WHERE shard = ? AND number = ?", rows)
            self._writer.execute("UPDATE storage_shards SET root = ? WHERE id = ?", (root, shard))
        self.changes += instead_of is not None

    def hold(self, shard: int, holder: bytes) -> None:
        with self._write_lock, transaction(self._writer):
            self._writer.execute("INSERT OR IGNORE INTO storage_holds VALUES (?, ?)", (holder, shard))
            self._writer.execute(
                "UPDATE storage_shards SET held = (SELECT count(*) FROM storage_holds WHERE shard = id) WHERE id = ?",
                (shard,),
            )

    def release(self, holder: bytes) -> list[Row]:
        """End what a holder holds: the shards that nobody holds now, which are gone."""
        with self._write_lock, transaction(self._writer):
            mine = "SELECT shard FROM storage_holds WHERE holder = ?"
            self._writer.execute(f"UPDATE storage_shards SET held = held - 1 WHERE id IN ({mine})", (holder,))  # noqa: S608
            gone = [
                Row(*row)
                for row in self._writer.execute(
                    f"SELECT {_COLUMNS} FROM storage_shards WHERE held = 0 AND id IN ({mine})",  # noqa: S608
                    (holder,),
                )
            ]
            self._writer.execute("DELETE FROM storage_holds WHERE holder = ?", (holder,))
            for row in gone:
                self._remove(row.id)
        self.changes += 1
        return gone

    def remove(self, shard: int) -> None:
        """A shard that nobody holds."""
        with self._write_lock, transaction(self._writer):
            self._remove(shard)
        self.changes += 1

    def _remove(self, shard: int) -> None:
        self._writer.execute(_THROW, (shard,))
        self._writer.execute("DELETE FROM storage_segments WHERE shard = ?", (shard,))
        self._writer.execute("DELETE FROM storage_shards WHERE id = ?", (shard,))

    def erased(self, rows: Sequence[tuple[int, Place]]) -> None:
        """Garbage whose room is given back."""
        with self._write_lock, transaction(self._writer):
            self._writer.executemany("DELETE FROM storage_garbage WHERE id = ?", [(number,) for number, _ in rows])
            self._writer.executemany(
                "UPDATE storage_packs SET used = used - 1 WHERE pack = ?", [(place.pack,) for _, place in rows]
            )

    def dropped(self, pack: int) -> None:
        with self._write_lock, transaction(self._writer):
            self._writer.execute("DELETE FROM storage_packs WHERE pack = ?", (pack,))
