"""What a client of storage must not lose, in a folder of its own: headers and keys of its files, what was promised and
paid, quotes, what it saw of providers, and records of erased files.

Keys stand in boxes that only the account's signature opens; those of public data stand as they are. Whatever may cost
coins is on the disk before it is sent. One process at a time stores and pays; anybody reads.

A file is `planned` (header and keys are kept), `sent` (all shards are sealed at their nodes), then `opening` (its deal
may have been paid). It is `open` (the deal is on the chain), `stored` (each shard was accepted), and at last `ended`
(its deal was closed) or `erased`.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from keifu.chain.client_folder import ClientFolder
from keifu.chain.held import state_folder
from keifu.errors import EnvironmentFault, UsageError
from keifu.storage.client.offers import UNKNOWN_MILLISECONDS, Past
from keifu.storage.provider.messages import Record

__all__ = ["FOLDER_VARIABLE", "Holder", "Kept", "KeptQuote", "Ledger", "Statement", "usual_folder"]

FOLDER_VARIABLE = "KEIFU_STORAGE"
APPLICATION, VERSION = 0x4B467374, 1
SEEN = 64  # newest requests of a provider that count
_SCHEMA = (
    "CREATE TABLE file (number INTEGER PRIMARY KEY, state TEXT NOT NULL, path TEXT NOT NULL, mark TEXT NOT NULL,"
    " chain INTEGER NOT NULL, deal BLOB, root BLOB, facts BLOB NOT NULL, keys BLOB)",
    "CREATE INDEX by_path ON file (path)",
    "CREATE TABLE quote (number INTEGER PRIMARY KEY, facts BLOB NOT NULL)",
    "CREATE TABLE seen (id INTEGER PRIMARY KEY, provider TEXT NOT NULL, milliseconds INTEGER)",
    "CREATE INDEX by_provider ON seen (provider, id)",
    "CREATE TABLE statement (file INTEGER NOT NULL, shard INTEGER NOT NULL, provider TEXT NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY (file, shard, provider)) WITHOUT ROWID",
    "CREATE TABLE journal (id INTEGER PRIMARY KEY, facts BLOB NOT NULL)",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)


def usual_folder() -> Path:
    """The client's folder, unless another is named: KEIFU_STORAGE, or in this user's own state."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else state_folder() / "storage"


class Holder(msgspec.Struct, frozen=True):
    """Who is to store one shard, and where it is reached."""

    provider: str
    url: str
    region: str
    operator: str


class Kept(msgspec.Struct, frozen=True):
    """One file as its client knows it. Amounts are in gwei; `most` and `price` of what is paid in another token are in
    its smallest units."""

    name: str
    deals: str  # the contract
    client: str
    size: int
    manifest: int
    k: int
    m: int
    masked: bool
    public: bool
    prefix: bytes
    commitment: bytes
    seconds: int
    most: int  # that all may cost
    restitution: int | None
    holders: tuple[Holder, ...]
    made: int  # unix seconds of the chain
    roots: tuple[bytes, ...] = ()
    salt: bytes = b""
    price: int = 0
    accept_by: int = 0
    end: int = 0
    promised: int = 0  # gwei for a lost shard
    renewing: int = 0  # the end that was asked for and perhaps paid; 0 when none is
    erased: int = 0  # unix seconds of the chain
    named: tuple[str, ...] = ()  # providers as the deal's root names them
    endowment: str = ""  # the contract that pays for it, where it is one
    naming: tuple[str, ...] = ()  # providers that a next term may have been opened with
    token: str = ""  # in which it is paid, in lower case; "" for the suite's coin


class Row(msgspec.Struct, frozen=True):
    """A file with what it is found by, and the box with its keys, empty once they were shredded."""

    number: int
    state: str
    path: str
    mark: str
    chain: int
    deal: bytes
    root: bytes
    kept: Kept
    keys: bytes


class KeptQuote(msgspec.Struct, frozen=True):
    """What was quoted, in gwei or smallest units of another token: a `put` by its number pays no more."""

    path: str
    cost: int
    k: int
    m: int
    masked: bool
    public: bool
    seconds: int
    restitution: int | None
    providers: tuple[str, ...]
    token: str = ""


class Statement(msgspec.Struct, frozen=True):
    """A provider's signed word that a shard is deleted, as it came."""

    shard: int
    provider: str
    text: str


class Ledger(ClientFolder):
    """One client's folder."""

    FILE, SCHEMA, APPLICATION = "storage.sqlite", _SCHEMA, APPLICATION
    USE, DOES = "a client of storage", "stores from"

    # files ---------------------------------------------------------------------------------------------------------

    def begin(self, path: str, mark: str, chain: int, kept: Kept, keys: bytes) -> Row:
        """A file that is to be stored: its header and keys count from now on."""
        with self._writing() as database:
            made = database.execute(
                "INSERT INTO file (state, path, mark, chain, facts, keys) VALUES ('planned', ?, ?, ?, ?, ?)",
                (path, mark, chain, msgspec.msgpack.encode(kept), keys),
            ).lastrowid
            assert made is not None
            return self.file(made)

    def change(
        self, row: Row, state: str, kept: Kept, *, keys: bytes = b"", root: bytes = b"", deal: bytes = b""
    ) -> Row:
        """What becomes of a file; empty values stay as they are."""
        with self._writing() as database:
            database.execute(
                "UPDATE file SET state = ?, facts = ?, keys = ?, root = ?, deal = ? WHERE number = ?",
                (state, msgspec.msgpack.encode(kept), keys or row.keys, root or row.root, deal or row.deal, row.number),
            )
            return self.file(row.number)

    def shred(self, row: Row, kept: Kept) -> Row:
        """The keys of a file are gone: where they stood are zeros. `scrub` empties what stands beside the file."""
        with self._writing() as database:
            database.execute(
                "UPDATE file SET state = 'erased', facts = ?, keys = NULL WHERE number = ?",
                (msgspec.msgpack.encode(kept), row.number),
            )
        return self.file(row.number)

    def scrub(self) -> None:
        """What was shredded stands in no journal either. Raises EnvironmentFault while another process reads there."""
        with self._mutex:
            (is_busy, _, _) = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise EnvironmentFault(
                f"shredded keys still stand in {self.folder / self.FILE}-wal, which another process reads",
                remedy="end it, and erase again",
            )

    def file(self, number: int) -> Row:
        """Raises UsageError for one that was never kept."""
        found = self._rows("SELECT * FROM file WHERE number = ?", (number,))
        if not found:
            raise UsageError(f"there is no file {number} here", remedy="keifu store ls")
        return _row(found[0])

    def files(self) -> list[Row]:
        return [_row(row) for row in self._rows("SELECT * FROM file ORDER BY number")]

    def at(self, path: str, mark: str, chain: int) -> list[Row]:
        """Files that were made of this path as it is now, the newest first."""
        rows = self._rows(
            "SELECT * FROM file WHERE path = ? AND mark = ? AND chain = ? ORDER BY number DESC", (path, mark, chain)
        )
        return [_row(row) for row in rows]

    def by_deal(self, deal: bytes) -> Row | None:
        found = self._rows("SELECT * FROM file WHERE deal = ?", (deal,))
        return _row(found[0]) if found else None

    # quotes --------------------------------------------------------------------------------------------------------

    def keep_quote(self, quote: KeptQuote) -> int:
        with self._writing() as database:
            made = database.execute("INSERT INTO quote (facts) VALUES (?)", (msgspec.msgpack.encode(quote),)).lastrowid
            assert made is not None
            return made

    def quote(self, number: int) -> KeptQuote:
        """Raises UsageError for one that was never given."""
        found = self._rows("SELECT facts FROM quote WHERE number = ?", (number,))
        if not found:
            raise UsageError(f"quote {number} was never given here", remedy="keifu store quote PATH")
        return msgspec.msgpack.decode(found[0][0], type=KeptQuote)

    # what was seen -------------------------------------------------------------------------------------------------

    def saw(self, provider: str, milliseconds: int | None) -> None:
        """A provider answered in this time, or failed (None)."""
        with self._writing() as database:
            database.execute("INSERT INTO seen (provider, milliseconds) VALUES (?, ?)", (provider, milliseconds))
            database.execute(
                "DELETE FROM seen WHERE provider = ? AND id NOT IN"
                " (SELECT id FROM seen WHERE provider = ? ORDER BY id DESC LIMIT ?)",
                (provider, provider, SEEN),
            )

    def past(self) -> dict[str, Past]:
        times: dict[str, list[int]] = {}
        faults: dict[str, int] = {}
        for provider, taken in self._rows("SELECT provider, milliseconds FROM seen"):
            if taken is None:
                faults[provider] = faults.get(provider, 0) + 1
            else:
                times.setdefault(provider, []).append(taken)
        return {who: Past(_middle(times.get(who, [])), faults.get(who, 0)) for who in dict.fromkeys([*times, *faults])}

    # erased files --------------------------------------------------------------------------------------------------

    def keep_statement(self, file: int, said: Statement) -> None:
        with self._writing() as database:
            row = (file, said.shard, said.provider, said.text)
            database.execute("INSERT OR REPLACE INTO statement VALUES (?, ?, ?, ?)", row)

    def statements(self, file: int) -> list[Statement]:
        rows = self._rows("SELECT shard, provider, text FROM statement WHERE file = ? ORDER BY shard", (file,))
        return [Statement(*row) for row in rows]

    # what a watcher has sent ------------------------------------------------------------------------------------------

    def note(self, record: Record) -> None:
        with self._writing() as database:
            database.execute("INSERT INTO journal (facts) VALUES (?)", (msgspec.msgpack.encode(record),))

    def notes(self) -> list[Record]:
        """In the order in which they were made."""
        return [msgspec.msgpack.decode(facts) for (facts,) in self._rows("SELECT facts FROM journal ORDER BY id")]

    # inside --------------------------------------------------------------------------------------------------------

    def _prepare(self, database: sqlite3.Connection) -> None:
        database.execute("PRAGMA secure_delete = ON")


def _row(found: tuple[Any, ...]) -> Row:
    number, state, path, mark, chain, deal, root, facts, keys = found
    kept = msgspec.msgpack.decode(facts, type=Kept)
    return Row(number, state, path, mark, chain, deal or b"", root or b"", kept, keys or b"")


def _middle(times: list[int]) -> int:
    return sorted(times)[len(times) // 2] if times else UNKNOWN_MILLISECONDS
