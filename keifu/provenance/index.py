"""An index of the registry's events in SQLite, kept by the event follower: lineage without a node at hand."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from ethwire.rpc import Rpc
from keifu import abi
from keifu.chain.follower import Event, Follower
from keifu.errors import CheckFailed
from keifu.provenance._model import Record, RegistryDomain, Status
from keifu.provenance.registry import Entry, Logged

__all__ = ["Index"]

GIVE_UP_AFTER = 8  # failures of the node in a row

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (id BLOB PRIMARY KEY, block INTEGER NOT NULL, time INTEGER NOT NULL,
  digest BLOB NOT NULL, author TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS record_by_digest ON record (digest);
CREATE TABLE IF NOT EXISTS status (id BLOB NOT NULL, block INTEGER NOT NULL, log INTEGER NOT NULL,
  status INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (block, log));
CREATE TABLE IF NOT EXISTS link (parent BLOB NOT NULL, child BLOB NOT NULL, block INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS link_by_parent ON link (parent);
"""


class Index:
    """A RecordStore over `database`, and the sink of its follower.

    Logs are not trusted: a record that does not hash to its id raises CheckFailed, and nothing of its block is kept.
    Nor is the file: each record is hashed again when it is read.
    """

    def __init__(self, path: str | Path, rpc: Rpc, registry: str, *, first_block: int = 0) -> None:
        self.database = sqlite3.connect(path)
        self.database.executescript(_SCHEMA)
        self.rpc = rpc
        self.registry = registry.lower()
        self.domain = RegistryDomain(rpc.chain_id(), self.registry)
        self._interface = abi.load("ProvenanceRegistry").interface
        self.follower = Follower(rpc, [self.registry], self.database, self, first_block=first_block)

    def catch_up(self) -> int:
        """Follow to the head; the newest block accounted for. Raises RpcError when the node fails for long."""
        self.follower.run(lambda step: step.caught_up, give_up_after=GIVE_UP_AFTER)
        return self.follower.reached

    def entry(self, record_id: bytes) -> Entry | None:
        row = self.database.execute("SELECT body, time, block FROM record WHERE id = ?", (record_id,)).fetchone()
        if row is None:
            return None
        state = self.database.execute(
            "SELECT status, reason FROM status WHERE id = ? ORDER BY block DESC, log DESC LIMIT 1", (record_id,)
        ).fetchone() or (int(Status.ACTIVE), "")
        record = Record.from_json(json.loads(row[0]))
        if self.domain.record_id(record) != record_id:  # the file is open to whatever else runs on this machine
            said = f"the index has a record {record_id.hex()} that does not hash to it"
            raise CheckFailed(said, remedy="remove the index's file: it is made again from the node")
        return Entry(record_id, record, Status(state[0]), row[1], row[2], state[1])

    def contents(self, record_ids: Sequence[bytes]) -> dict[bytes, Logged]:
        """Contents of those of the records that are in the index."""
        found = ((record_id, self.entry(record_id)) for record_id in record_ids)
        return {key: Logged(entry.record, entry.block, entry.reason) for key, entry in found if entry is not None}

    def by_digest(self, digest: bytes, authors: Sequence[str] = ()) -> list[bytes]:
        """Ids of the records with this digest, by these authors (all, when none is named): anyone may register any
        digest, so trust comes from the author."""
        rows = self.database.execute("SELECT id, author FROM record WHERE digest = ? ORDER BY block", (digest,))
        wanted = {author.lower() for author in authors}
        return [row[0] for row in rows if not wanted or row[1] in wanted]

    def children(self, record_id: bytes) -> list[bytes]:
        rows = self.database.execute("SELECT DISTINCT child FROM link WHERE parent = ?", (record_id,))
        return [row[0] for row in rows]

    # sink ----------------------------------------------------------------------------------------------------------

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        for event in events:
            log = self._interface.read_log(event.address, event.topics, event.data)
            if log is None:
                continue
            if log.event == "Registered" and log.readable:  # else no document, and no record of ours, could hold it
                self._add(database, log.id, Record.from_args(log.record), event.number, event.block_time)
            elif log.event == "StatusChanged":
                row = (log.id, event.number, event.index, log.status, log.reason)
                database.execute("INSERT INTO status VALUES (?, ?, ?, ?, ?)", row)

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        for table in ("record", "status", "link"):
            database.execute(f"DELETE FROM {table} WHERE block >= ?", (first_block,))  # noqa: S608 - fixed names

    def _add(self, database: sqlite3.Connection, record_id: bytes, record: Record, block: int, time: int) -> None:
        if self.domain.record_id(record) != record_id:
            raise CheckFailed(
                f"block {block}: the record logged as {record_id.hex()} does not hash to it",
                remedy="the node changes logs: follow another one",
            )
        body = json.dumps(record.to_json())
        row = (record_id, block, time, record.digest, record.author, body)
        database.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", row)
        database.executemany(
            "INSERT INTO link VALUES (?, ?, ?)", [(link.parent, record_id, block) for link in record.links]
        )
