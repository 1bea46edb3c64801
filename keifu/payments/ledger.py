"""The file of a book: a row for each channel, and a row for what it used of a model on a day.

A few changes go straight to their rows. Many at once go as one row into a journal, which costs a fraction of that, and
after some dozen of those into their rows, too. Whoever opens the file puts what the journal has into the rows first.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from keifu.errors import EnvironmentFault

__all__ = ["Alike", "Kept", "Ledger", "Note", "Row", "kept_answer", "skip_numbers", "usage_rows"]

Row = tuple[Any, ...]
FEW = 8  # changed channels that are not worth a journal
LONGEST_JOURNAL = 64  # rows
ID_BYTES = 32
SHORT = 3  # values of what the journal has shorter than the tables
SKIPPED_NUMBERS = 1 << 32
_TABLES = """
CREATE TABLE IF NOT EXISTS channel (id BLOB PRIMARY KEY, payer TEXT NOT NULL, payer_authorizer TEXT NOT NULL,
  receiver TEXT NOT NULL, receiver_authorizer TEXT NOT NULL, token TEXT NOT NULL, withdraw_delay INTEGER NOT NULL,
  salt BLOB NOT NULL, most TEXT NOT NULL, signature BLOB NOT NULL, charged TEXT NOT NULL, number INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS usage (channel BLOB NOT NULL, day TEXT NOT NULL, model TEXT NOT NULL,
  requests INTEGER NOT NULL, input_units INTEGER NOT NULL, output_units INTEGER NOT NULL, fees TEXT NOT NULL,
  PRIMARY KEY (channel, day, model)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY, channel BLOB NOT NULL, request BLOB NOT NULL, response BLOB,
  receipt BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS kept_of ON kept (channel, request);
CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, changes BLOB NOT NULL);
"""
_NEW = "INSERT INTO channel VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_CHANGED = "UPDATE channel SET most = ?, signature = ?, charged = ?, number = ? WHERE id = ?"
_CHARGED = "UPDATE channel SET charged = ?, number = ? WHERE id = ?"
_USAGE = "INSERT OR REPLACE INTO usage VALUES (?, ?, ?, ?, ?, ?, ?)"
_KEPT = "INSERT INTO kept (channel, request, response, receipt) VALUES (?, ?, ?, ?)"
_BOUND = "DELETE FROM kept WHERE id <= (SELECT max(id) FROM kept) - ?"
_JOURNAL = "SELECT changes FROM journal ORDER BY seq"
_VOUCHER = "UPDATE channel SET most = ?, signature = ? WHERE id = ?"
_ANSWERED = "UPDATE channel SET charged = ?, number = number + ? WHERE id = ?"


class Alike(NamedTuple):
    """What answers have in common that are counted together."""

    day: str
    model: str
    fee: int  # of each
    input_units: int
    output_units: int


class Note(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What the journal has of one moment, of channels that have rows.

    `changed` is how channels stand; one whose voucher the file has comes as what was charged, number and id alone.
    `usage` is day, model, and a row for each channel that used it: the channel's place in `changed`, then what is
    counted. `vouchers` are amount, signature and id. `answered` are answers that are alike, as `Alike` has it, with the
    ids of their channels one behind the other: they come on top of what was before this note, and `changed` and `usage`
    have them already."""

    changed: list[Row]
    usage: list[Row]
    vouchers: list[Row] = []
    answered: list[tuple[str, str, int | str, int, int, bytes]] = []

    def counts(self) -> Iterator[tuple[Alike, bytes, int]]:
        """What is alike, a channel, and how many such answers it got."""
        for day, model, fee, units_in, units_out, ids in self.answered:
            channels = [ids[place : place + ID_BYTES] for place in range(0, len(ids), ID_BYTES)]
            for channel, times in Counter(channels).items():
                yield Alike(day, model, int(fee), units_in, units_out), channel, times

    def used(self) -> Iterator[Row]:
        """Usage as its table has it. Until 0.1 it came so, too."""
        for group in self.usage:
            if len(group) == SHORT:
                day, model, rows = group
                for place, *counts in rows:
                    yield self.changed[place][-1], day, model, *counts
            else:
                yield tuple(group)


_ENCODER, _DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Note)


class Kept(NamedTuple):
    """Answers of covered channels that are new, channels of which none are kept any more, and how many are kept."""

    answers: Sequence[Row] = ()
    uncovered: Sequence[Row] = ()
    most: int = 0


NOTHING_KEPT = Kept()


class Ledger:
    """Rows are as the tables have them: of `changed` the state, then the channel's id. One thread at a time writes.

    Raises EnvironmentFault when the file cannot be opened.
    """

    def __init__(self, file: Path) -> None:
        try:
            self.database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self.database.execute("PRAGMA journal_mode = WAL")
            self.database.execute("PRAGMA synchronous = FULL")
            self.database.executescript(_TABLES)
            _fold(self.database)
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise EnvironmentFault(f"{file} cannot be opened: {error}", remedy="restore it from a backup") from error

    def channels(self) -> Iterable[Row]:
        return self.database.execute("SELECT * FROM channel")

    def usage(self, day: str) -> Iterable[Row]:
        return self.database.execute("SELECT * FROM usage WHERE day = ?", (day,))

    def write(
        self, new: Sequence[Row], changed: Sequence[Row], usage: Sequence[Row], kept: Kept = NOTHING_KEPT
    ) -> None:
        """To the rows, in place of all that the journal has: they are newer."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            self.database.executemany(_NEW, new)
            self.database.executemany(_CHANGED, changed)
            self.database.executemany(_USAGE, usage)
            if kept.answers:
                self.database.executemany(_KEPT, kept.answers)
                self.database.execute(_BOUND, (kept.most,))
            self.database.executemany("DELETE FROM kept WHERE channel = ?", kept.uncovered)
            self.database.execute("DELETE FROM journal")
            self.database.execute("COMMIT")
        except BaseException:
            self.database.rollback()
            raise

    def note(self, note: Note) -> None:
        """To the journal, in a transaction of its own."""
        self.database.execute("INSERT INTO journal (changes) VALUES (?)", (_ENCODER.encode(note),))

    def close(self) -> None:
        self.database.close()


def kept_answer(file: Path, channel_id: bytes, request: bytes) -> tuple[bytes | None, bytes] | None:
    """What was answered to a request by its hash, and the receipt's text; None for what is not kept."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        found: tuple[bytes | None, bytes] | None = database.execute(
            "SELECT response, receipt FROM kept WHERE channel = ? AND request = ? ORDER BY response IS NULL, id"
            " LIMIT 1",
            (channel_id, request),
        ).fetchone()
        return found


def usage_rows(file: Path, first: str, last: str) -> list[Row]:
    """Of days from `first` to `last`, what the journal has included. Changes nothing."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        database.execute("BEGIN")
        found = {
            row[:3]: row
            for row in database.execute("SELECT * FROM usage WHERE day BETWEEN ? AND ?", (first, last))
        }  # fmt: skip
        if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal'").fetchone():
            for (noted,) in database.execute(_JOURNAL):
                note = _DECODER.decode(noted)
                for alike, channel, times in note.counts():
                    if first <= alike.day <= last:
                        key = channel, alike.day, alike.model
                        found[key] = _more(found.get(key, (*key, 0, 0, 0, 0)), alike, times)
                found |= {row[:3]: row for row in note.used() if first <= row[1] <= last}
    return sorted(found.values(), key=lambda row: (row[1], row[0], row[2]))


def skip_numbers(file: Path) -> None:
    """Of a book that is older than what was answered: numbers go on far above any that may have been given since."""
    with closing(Ledger(file)) as ledger:
        ledger.database.execute("UPDATE channel SET number = number + ?", (SKIPPED_NUMBERS,))


def _more(row: Row, alike: Alike, times: int) -> Row:
    """A row of usage after so many more answers."""
    *key, requests, units_in, units_out, fees = row
    units = units_in + times * alike.input_units, units_out + times * alike.output_units
    return *key, requests + times, *units, str(int(fees) + times * alike.fee)


def _fold(database: sqlite3.Connection) -> None:
    database.execute("BEGIN IMMEDIATE")
    for (noted,) in database.execute(_JOURNAL).fetchall():
        note = _DECODER.decode(noted)
        for alike, channel, times in note.counts():
            _fold_answers(database, alike, channel, times)
        database.executemany(_VOUCHER, note.vouchers)
        for row in note.changed:
            database.execute(_CHARGED if len(row) == SHORT else _CHANGED, row)
        database.executemany(_USAGE, note.used())
    database.execute("DELETE FROM journal")
    database.execute("COMMIT")


def _fold_answers(database: sqlite3.Connection, alike: Alike, channel: bytes, times: int) -> None:
    for (charged,) in database.execute("SELECT charged FROM channel WHERE id = ?", (channel,)).fetchall():
        database.execute(_ANSWERED, (str(int(charged) + times * alike.fee), times, channel))
    key = channel, alike.day, alike.model
    known = database.execute("SELECT * FROM usage WHERE channel = ? AND day = ? AND model = ?", key).fetchone()
    database.execute(_USAGE, _more(known or (*key, 0, 0, 0, 0), alike, times))
