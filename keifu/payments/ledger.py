"""The file of a book: a row for each channel, and a row for what it used of a model on a day.

A few changes go straight to their rows. Many at once are one note in a file beside it (`keifu.payments.notes`), which
costs a fraction of that, and after some hundreds of notes they go into their rows, too. Whoever opens the file puts
what the notes have into the rows first.
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
from keifu.payments.notes import Notes, notes_in, place_of

__all__ = ["Alike", "Kept", "Ledger", "Note", "Row", "copy_whole", "kept_answer", "skip_numbers", "usage_rows"]

Row = tuple[Any, ...]
FEW = 8  # changed channels that are not worth a note
LONGEST_JOURNAL = 256  # notes, before they go into rows
ID_BYTES = 32
SHORT = 3  # values of what a note has shorter than the tables
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
CREATE TABLE IF NOT EXISTS noted (generation INTEGER NOT NULL);
INSERT INTO noted SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM noted);
"""
_NEW = "INSERT INTO channel VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_CHANGED = "UPDATE channel SET most = ?, signature = ?, charged = ?, number = ? WHERE id = ?"
_CHARGED = "UPDATE channel SET charged = ?, number = ? WHERE id = ?"
_USAGE = "INSERT OR REPLACE INTO usage VALUES (?, ?, ?, ?, ?, ?, ?)"
_KEPT = "INSERT INTO kept (channel, request, response, receipt) VALUES (?, ?, ?, ?)"
_BOUND = "DELETE FROM kept WHERE id <= (SELECT max(id) FROM kept) - ?"
_JOURNAL = "SELECT changes FROM journal ORDER BY seq"  # older books have their notes in a table
_GENERATION = "SELECT generation FROM noted"
_NEXT_GENERATION = "UPDATE noted SET generation = generation + 1"
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
    """What is noted of one moment, of channels that have rows.

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

    Raises EnvironmentFault when a file cannot be opened.
    """

    def __init__(self, file: Path) -> None:
        try:
            self.database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self.database.execute("PRAGMA journal_mode = WAL")
            self.database.execute("PRAGMA synchronous = FULL")
            self.database.executescript(_TABLES)
            _fold(self.database, place_of(file))
        except (sqlite3.Error, msgspec.MsgspecError, OSError) as error:
            raise EnvironmentFault(f"{file} cannot be opened: {error}", remedy="restore it from a backup") from error
        self._notes = Notes(place_of(file), _generation(self.database))

    def channels(self) -> Iterable[Row]:
        return self.database.execute("SELECT * FROM channel")

    def usage(self, day: str) -> Iterable[Row]:
        return self.database.execute("SELECT * FROM usage WHERE day = ?", (day,))

    def write(
        self, new: Sequence[Row], changed: Sequence[Row], usage: Sequence[Row], kept: Kept = NOTHING_KEPT
    ) -> None:
        """To the rows, in place of all notes: they are newer, and those are over."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            self.database.executemany(_NEW, new)
            self.database.executemany(_CHANGED, changed)
            self.database.executemany(_USAGE, usage)
            if kept.answers:
                self.database.executemany(_KEPT, kept.answers)
                self.database.execute(_BOUND, (kept.most,))
            self.database.executemany("DELETE FROM kept WHERE channel = ?", kept.uncovered)
            self.database.execute(_NEXT_GENERATION)
            self.database.execute("COMMIT")
        except BaseException:
            self.database.rollback()
            raise
        self._notes.begin_again()
        if len(changed) > FEW:  # the next ones may be noted
            self._notes.prepare()

    def encoded(self, note: Note) -> bytes | None:
        """For `note`; None where the notes have no room for it: then rows are written."""
        data = _ENCODER.encode(note)
        return data if self._notes.has_room(len(data)) else None

    def note(self, encoded: bytes) -> None:
        """On the disk when it returns."""
        self._notes.add(encoded)

    def close(self) -> None:
        self._notes.close()
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
    """Of days from `first` to `last`, what is noted included. Changes nothing."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        found, is_of_one_moment = {}, False
        while not is_of_one_moment:
            database.execute("BEGIN")
            used = database.execute("SELECT * FROM usage WHERE day BETWEEN ? AND ?", (first, last))
            found = {row[:3]: row for row in used}
            notes, generation = _notes_of(database, place_of(file)), _generation(database)
            database.execute("COMMIT")
            is_of_one_moment = generation == _generation(database)  # if not, its notes may be written over already
        for note in notes:
            for alike, channel, times in note.counts():
                if first <= alike.day <= last:
                    key = channel, alike.day, alike.model
                    found[key] = _more(found.get(key, (*key, 0, 0, 0, 0)), alike, times)
            found |= {row[:3]: row for row in note.used() if first <= row[1] <= last}
    return sorted(found.values(), key=lambda row: (row[1], row[0], row[2]))


def copy_whole(file: Path, target: Path) -> None:
    """A copy in one file, of a book that may be in use: what is noted is in its rows."""
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as before,
        closing(sqlite3.connect(target, isolation_level=None)) as after,
    ):
        is_of_one_moment = False
        while not is_of_one_moment:
            before.backup(after)
            notes = _notes_of(after, place_of(file))
            is_of_one_moment = _generation(after) == _generation(before)
        _put_into_rows(after, notes)


def skip_numbers(file: Path) -> None:
    """Of a book that is older than what was answered: numbers go on far above any that may have been given since."""
    with closing(Ledger(file)) as ledger:
        ledger.database.execute("UPDATE channel SET number = number + ?", (SKIPPED_NUMBERS,))


def _more(row: Row, alike: Alike, times: int) -> Row:
    """A row of usage after so many more answers."""
    *key, requests, units_in, units_out, fees = row
    units = units_in + times * alike.input_units, units_out + times * alike.output_units
    return *key, requests + times, *units, str(int(fees) + times * alike.fee)


def _generation(database: sqlite3.Connection) -> int:
    """Of the notes that are not in the rows; zero of an older book, which has none."""
    if not _has(database, "noted"):
        return 0
    [generation] = database.execute(_GENERATION).fetchone()
    return int(generation)


def _has(database: sqlite3.Connection, table: str) -> bool:
    return database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None


def _notes_of(database: sqlite3.Connection, file: Path) -> list[Note]:
    """What is in no row yet."""
    older = [noted for (noted,) in database.execute(_JOURNAL)] if _has(database, "journal") else []
    return [_DECODER.decode(noted) for noted in (*older, *notes_in(file, _generation(database)))]


def _fold(database: sqlite3.Connection, file: Path) -> None:
    _put_into_rows(database, _notes_of(database, file))


def _put_into_rows(database: sqlite3.Connection, notes: Sequence[Note]) -> None:
    database.execute("BEGIN IMMEDIATE")
    for note in notes:
        for alike, channel, times in note.counts():
            _fold_answers(database, alike, channel, times)
        database.executemany(_VOUCHER, note.vouchers)
        for row in note.changed:
            database.execute(_CHARGED if len(row) == SHORT else _CHANGED, row)
        database.executemany(_USAGE, note.used())
    database.execute("DROP TABLE IF EXISTS journal")
    database.execute(_NEXT_GENERATION)  # a note that was not written whole is over, too
    database.execute("COMMIT")


def _fold_answers(database: sqlite3.Connection, alike: Alike, channel: bytes, times: int) -> None:
    for (charged,) in database.execute("SELECT charged FROM channel WHERE id = ?", (channel,)).fetchall():
        database.execute(_ANSWERED, (str(int(charged) + times * alike.fee), times, channel))
    key = channel, alike.day, alike.model
    known = database.execute("SELECT * FROM usage WHERE channel = ? AND day = ? AND model = ?", key).fetchone()
    database.execute(_USAGE, _more(known or (*key, 0, 0, 0, 0), alike, times))
