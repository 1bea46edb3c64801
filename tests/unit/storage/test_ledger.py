"""What a client of storage keeps, and that what it shreds is gone from every file of its folder."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from keifu.errors import EnvironmentFault
from keifu.storage.client.ledger import Kept, Ledger, Row

KEYS = b"the box of a file's keys, which nobody else has" * 3
KEPT = Kept(
    name="data", deals="0x", client="0x", size=1, manifest=0, k=1, m=1, masked=True, public=False, prefix=b"",
    commitment=b"", seconds=1, most=1, restitution=None, holders=(), made=0,
)  # fmt: skip


def begun(ledger: Ledger) -> Row:
    return ledger.begin("data", "mark", 1, KEPT, KEYS)


def left(folder: Path) -> list[str]:
    """Files that still have the keys."""
    return [path.name for path in sorted(folder.iterdir()) if KEYS in path.read_bytes()]


def test_shredded_keys_are_in_no_file_of_the_folder(tmp_path):
    with Ledger(tmp_path) as ledger:
        row = begun(ledger)
        assert left(tmp_path) == ["storage.sqlite-wal"]
        ledger.shred(row, KEPT)
        ledger.scrub()
        assert left(tmp_path) == []


def test_keys_that_a_reader_holds_in_the_journal_are_said_to_be_there(tmp_path):
    """A reader of an older state keeps it readable for itself: the journal cannot be emptied."""
    with Ledger(tmp_path) as ledger:
        row = begun(ledger)
        ledger._database.execute("PRAGMA busy_timeout = 0")
        reader = sqlite3.connect(tmp_path / "storage.sqlite", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM file").fetchall()
        ledger.shred(row, KEPT)
        with pytest.raises(EnvironmentFault, match=r"shredded keys still stand in .*storage.sqlite-wal"):
            ledger.scrub()
        reader.close()
        ledger.scrub()
        assert left(tmp_path) == []
