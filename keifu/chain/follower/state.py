"""Where a follower is, in the database of its sinks: what it follows, how far, and what of it waits for a proof."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from msgspec.structs import astuple

from keifu.chain.follower._model import Block, Source, Unproved
from keifu.chain.sqlite import transaction
from keifu.errors import ChainMismatch, EnvironmentFault, UsageError

__all__ = ["DENSE", "PACKED", "SCHEMA", "Pending", "Row", "State"]

SCHEMA = 2
DENSE = 128  # recent block hashes that are all kept
SPARSE = 1_024  # of older ones every so many, so that a chain that changed deeper down is still found out
PACKED = 200  # blocks that wait for a proof, written as one row until it is their turn: that takes a tenth of the time
MAX_TRIES = 3  # answers without a proof until a block is marked as unproved
_TABLES = """
CREATE TABLE IF NOT EXISTS follower_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS follower_contract (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE,
  topics TEXT NOT NULL, first_block INTEGER NOT NULL, reached INTEGER, joined INTEGER);
CREATE TABLE IF NOT EXISTS follower_block (number INTEGER PRIMARY KEY, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS follower_unproved (number INTEGER NOT NULL, scope INTEGER NOT NULL, hash TEXT NOT NULL,
  parent TEXT NOT NULL, receipts_root TEXT NOT NULL, digest BLOB NOT NULL, url TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT '', PRIMARY KEY (number, scope)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS follower_to_prove ON follower_unproved (number) WHERE why = '';
CREATE TABLE IF NOT EXISTS follower_packed (first INTEGER NOT NULL, last INTEGER NOT NULL, scope INTEGER NOT NULL,
  size INTEGER NOT NULL, facts BLOB NOT NULL, PRIMARY KEY (first, scope)) WITHOUT ROWID;
"""


class Pending(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A block whose logs are not proved yet: what was taken in of it, and from whom. It is packed as a list."""

    number: int
    hash: str
    parent: str
    receipts_root: str
    digest: bytes
    url: str


_PACKED = msgspec.msgpack.Decoder(list[Pending])


@dataclass(frozen=True)
class Row:
    """A block that waits for its proof. `scope` says of which contracts the logs are: see `State.sources`."""

    block: Block
    scope: int
    digest: bytes
    url: str


class State:
    """Everything is read from the database and written in one transaction with what the sinks do."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        database.isolation_level = None  # transactions are begun and ended here
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "follower_source" in tables:
            raise UsageError("an earlier version of Keifu wrote this database", remedy="follow into a new file")
        if "follower_meta" in tables and (schema := int(self._meta("schema") or SCHEMA)) > SCHEMA:
            raise UsageError(
                f"a newer version of Keifu wrote this database (schema {schema}, this one reads {SCHEMA})",
                remedy="use that version, or follow into a new file",
            )
        with self._write_faults():
            database.executescript(_TABLES)
        self.generation = int(self._meta("generation") or 0)

    # what is followed ----------------------------------------------------------------------------------------------

    @property
    def is_new(self) -> bool:
        return self._meta("chain") is None

    def claim(self, chain_id: int, genesis: str, sources: Sequence[Source]) -> None:
        """Make the database this deployment's, or raise ChainMismatch when it is another one's. Contracts that it does
        not know yet are added, and their past is read before they join the others."""
        kept = self._meta("chain")
        if kept is not None and (kept != str(chain_id) or self._meta("genesis") != genesis):
            raise ChainMismatch(
                f"this database follows chain {kept} that begins with {self._meta('genesis')}, "
                f"not chain {chain_id} that begins with {genesis}",
                remedy="use another file",
            )
        known = {source.address: source for source in self._rows()}
        given = {source.address: source for source in sources}
        left_out = sorted(known.keys() - given.keys())
        moved = [item for item in given.values() if item.address in known and _differs(item, known[item.address])]
        if left_out or moved:
            what = ", ".join(left_out or [item.address for item in moved])
            how = "" if left_out else " from another block or with other topics"
            raise ChainMismatch(f"this database follows {what}{how}", remedy="use another file")
        with self.transaction():
            if kept is None:
                first = min(source.first_block for source in sources)
                self._set(chain=chain_id, genesis=genesis, schema=SCHEMA, generation=0, reached=first - 1, first=first)
            for source in given.values():
                if source.address not in known:
                    self._add(source)
            self.database.execute("UPDATE follower_unproved SET why = '', tries = 0")

    def _add(self, source: Source) -> None:
        row = (source.address, " ".join(sorted(source.topics)), source.first_block)
        if source.first_block > self.reached or self.reached < self.first:
            generation = self.generation
            if self.reached >= self.first:
                generation = self._next_generation()
            self.database.execute("INSERT INTO follower_contract VALUES (NULL, ?, ?, ?, NULL, ?)", (*row, generation))
        else:
            self.database.execute(
                "INSERT INTO follower_contract VALUES (NULL, ?, ?, ?, ?, NULL)", (*row, source.first_block - 1)
            )

    def sources(self, scope: int) -> list[Source]:
        """A scope of zero or more: all contracts that had joined at that generation. Below: the one with id -scope."""
        if scope < 0:
            return self._rows("WHERE id = ?", -scope)
        return self._rows("WHERE joined <= ?", scope)

    def late(self) -> tuple[int, int] | None:
        """The scope of a contract that was added later, and how far its past is read; None when all have joined."""
        row = self.database.execute(
            "SELECT -id, reached FROM follower_contract WHERE joined IS NULL ORDER BY id LIMIT 1"
        ).fetchone()
        return None if row is None else (int(row[0]), int(row[1]))

    def _rows(self, where: str = "", *values: int) -> list[Source]:
        query = f"SELECT address, first_block, topics FROM follower_contract {where} ORDER BY id"  # noqa: S608 - ours
        return [
            Source(address, first, frozenset(topics.split()))
            for address, first, topics in self.database.execute(query, values)
        ]

    # how far -------------------------------------------------------------------------------------------------------

    @property
    def reached(self) -> int:
        return int(self._meta("reached") or -1)

    @property
    def first(self) -> int:
        return int(self._meta("first") or 0)

    def hash_of(self, number: int) -> str | None:
        row = self.database.execute("SELECT hash FROM follower_block WHERE number = ?", (number,)).fetchone()
        return None if row is None else str(row[0])

    def kept(self, newest: int) -> list[tuple[int, str]]:
        """Numbers and hashes that are kept up to `newest`, newest first."""
        query = "SELECT number, hash FROM follower_block WHERE number <= ? ORDER BY number DESC"
        return list(self.database.execute(query, (newest,)))

    def advance(self, blocks: Sequence[Block], pending: Sequence[Pending]) -> None:
        """All joined contracts are followed to the last of `blocks`. Inside a transaction."""
        before, last = blocks[0].number - 1, blocks[-1].number
        if self.reached != before:
            raise UsageError(
                "another process follows into this database: it moved meanwhile", remedy="stop one of the two"
            )
        older = blocks[:-DENSE][-blocks[0].number % SPARSE :: SPARSE]
        rows = [(block.number, block.hash) for block in (*older, *blocks[-DENSE:])]
        self.database.executemany("INSERT OR REPLACE INTO follower_block VALUES (?, ?)", rows)
        self.database.execute(
            "DELETE FROM follower_block WHERE number <= ? AND number % ? != 0", (last - DENSE, SPARSE)
        )
        self._wait_for_proof(pending, self.generation)
        self._set(reached=last)

    def advance_late(self, scope: int, before: int, last: int, pending: Sequence[Pending]) -> None:
        """The past of one contract is read to `last`; it joins when that is as far as the others. Inside a
        transaction."""
        if self.late() != (scope, before):
            raise UsageError(
                "another process follows into this database: it moved meanwhile", remedy="stop one of the two"
            )
        self._wait_for_proof(pending, scope)
        self.database.execute("UPDATE follower_contract SET reached = ? WHERE id = ?", (last, -scope))
        if last >= self.reached:
            self.database.execute(
                "UPDATE follower_contract SET reached = NULL, joined = ? WHERE id = ?",
                (self._next_generation(), -scope),
            )

    def rewind(self, number: int, block_hash: str | None) -> None:
        """Nothing above `number` counts any more. Inside a transaction."""
        self._unpack("WHERE last > ?", number)
        for table in ("follower_block", "follower_unproved"):
            self.database.execute(f"DELETE FROM {table} WHERE number > ?", (number,))  # noqa: S608 - fixed names
        if block_hash is not None and number >= self.first:
            self.database.execute("INSERT OR REPLACE INTO follower_block VALUES (?, ?)", (number, block_hash))
        self.database.execute(
            "UPDATE follower_contract SET reached = max(first_block - 1, min(reached, ?)) WHERE reached IS NOT NULL",
            (number,),
        )
        self._set(reached=number)

    def limit_of(self, url: str, what: str) -> int | None:
        """How many blocks, or requests, an endpoint served at once, as an earlier run has found."""
        kept = self._meta(f"{what} at once {url}")
        return None if kept is None else int(kept)

    def keep_limit(self, url: str, what: str, size: int) -> None:
        """Inside a transaction."""
        self._set(**{f"{what} at once {url}": size})

    # proofs --------------------------------------------------------------------------------------------------------

    def _wait_for_proof(self, pending: Sequence[Pending], scope: int) -> None:
        for part in (pending[at : at + PACKED] for at in range(0, len(pending), PACKED)):
            if len(part) < PACKED // 10:
                self._insert(part, scope)
                continue
            values = (part[0].number, part[-1].number, scope, len(part), msgspec.msgpack.encode(part))
            self.database.execute("INSERT OR REPLACE INTO follower_packed VALUES (?, ?, ?, ?, ?)", values)

    def _insert(self, pending: Iterable[Pending], scope: int) -> None:
        self.database.executemany(
            f"INSERT OR REPLACE INTO follower_unproved VALUES (?, {scope:d}, ?, ?, ?, ?, ?, 0, '')",  # noqa: S608 - a number
            map(astuple, pending),
        )

    def _packed(self, where: str, *values: int) -> list[tuple[int, int, list[Pending]]]:
        """First block, scope and content of some that are packed."""
        query = f"SELECT first, scope, facts FROM follower_packed {where}"  # noqa: S608 - ours
        rows = self.database.execute(query, values).fetchall()
        return [(first, scope, _PACKED.decode(facts)) for first, scope, facts in rows]

    def _unpack(self, where: str, *values: int) -> None:
        """Inside a transaction."""
        for first, scope, packed in self._packed(where, *values):
            self._insert(packed, scope)
            self.database.execute("DELETE FROM follower_packed WHERE first = ? AND scope = ?", (first, scope))

    @property
    def pending(self) -> int:
        """How many blocks wait for a proof."""
        row = self.database.execute(
            "SELECT (SELECT count(*) FROM follower_unproved WHERE why = '')"
            " + (SELECT coalesce(sum(size), 0) FROM follower_packed)"
        ).fetchone()
        return int(row[0])

    def to_prove(self, most: int) -> list[Row]:
        """The oldest blocks that wait for a proof, all of one scope."""
        oldest = "SELECT min(number) FROM follower_unproved WHERE why = ''"
        due = f"WHERE first <= coalesce(({oldest}), (SELECT min(first) FROM follower_packed))"  # noqa: S608 - ours
        if self.database.execute(f"SELECT 1 FROM follower_packed {due}").fetchone():  # noqa: S608 - ours
            with self.transaction():
                self._unpack(due)
        rows = self.database.execute(
            "SELECT number, scope, hash, parent, receipts_root, digest, url FROM follower_unproved"
            " WHERE why = '' ORDER BY number LIMIT ?",
            (most,),
        ).fetchall()
        return [
            Row(Block(number, block_hash, parent, 0, 0, root, None), scope, digest, url)
            for number, scope, block_hash, parent, root, digest, url in rows
            if scope == rows[0][1]
        ]

    def settle(self, proved: Sequence[Row], failed: dict[int, str], scope: int) -> list[int]:
        """Drop the proved ones, and mark those that failed too often; the numbers of these. Inside a transaction."""
        self.database.executemany(
            "DELETE FROM follower_unproved WHERE number = ? AND scope = ? AND hash = ?",
            [(row.block.number, row.scope, row.block.hash) for row in proved],
        )
        marked: list[int] = []
        for number, why in failed.items():
            self.database.execute(
                "UPDATE follower_unproved SET tries = tries + 1, why = CASE WHEN tries + 1 >= ? THEN ? ELSE '' END"
                " WHERE number = ? AND scope = ?",
                (MAX_TRIES, why, number, scope),
            )
            query = "SELECT why FROM follower_unproved WHERE number = ? AND scope = ?"
            row = self.database.execute(query, (number, scope)).fetchone()
            marked += [number] if row and row[0] else []
        return marked

    def unproved(self) -> list[Unproved]:
        found = [Unproved(*row) for row in self.database.execute("SELECT number, url, why FROM follower_unproved")]
        found += [Unproved(item.number, item.url, "") for *_, packed in self._packed("") for item in packed]
        return sorted(found, key=lambda item: item.number)

    # transactions --------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """BEGIN IMMEDIATE … COMMIT, or nothing at all. Raises EnvironmentFault when the database cannot be written."""
        with self._write_faults():
            try:
                with transaction(self.database):
                    yield
            except BaseException:
                self.generation = int(self._meta("generation") or 0)
                raise

    @contextmanager
    def _write_faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise EnvironmentFault(
                f"the database cannot be written: {error}",
                remedy="nothing of it was kept, and nothing before it is lost: make room, then go on",
            ) from error

    def _next_generation(self) -> int:
        self.generation += 1
        self._set(generation=self.generation)
        return self.generation

    def _meta(self, key: str) -> str | None:
        row = self.database.execute("SELECT value FROM follower_meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def _set(self, **values: int | str) -> None:
        rows = [(key, str(value)) for key, value in values.items()]
        self.database.executemany("INSERT OR REPLACE INTO follower_meta VALUES (?, ?)", rows)


def _differs(given: Source, known: Source) -> bool:
    return given.first_block < known.first_block or given.topics != known.topics
