"""The file of a book: many changes are one note beside it, and are there again whatever happens in between."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from keifu.errors import EnvironmentFault
from keifu.payments.book import Account, Book, Held, Usage
from keifu.payments.channel import Channel
from keifu.payments.ledger import FEW, LONGEST_JOURNAL, SKIPPED_NUMBERS, Ledger, copy_whole, skip_numbers
from keifu.payments.notes import BLOCK, Notes, notes_in, place_of
from tests.unit.compute.book_files import killed, noted

CHANNEL = Channel("0x01", "0x02", "0x03", "0x04", "0x05", 900, bytes(32))
MANY = FEW + 1
LARGE = 1 << 100  # no number of SQLite's
HEAD = 16  # bytes before a note
IDS = [bytes([number]) * 32 for number in range(MANY)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "money.sqlite"


def with_book(file: Path, script: Callable[[Book], Awaitable[None]]) -> None:
    async def run() -> None:
        book = Book(file)
        try:
            await script(book)
        finally:
            book.close()

    asyncio.run(run())


def accounts(book: Book, count: int = MANY) -> list[Account]:
    found = [book.get(id_) or book.add(id_, replace(CHANNEL, salt=id_), Held(LARGE, 0)) for id_ in IDS]
    return found[:count]


async def charge(book: Book, changed: Sequence[Account], fee: int = 1, ahead: int = 1) -> None:
    """Vouchers and charges of a moment; a voucher is for `ahead` of them."""
    for account in changed:
        most = -(-(account.charged + fee) // (ahead * fee)) * ahead * fee
        account.keep(most, b"v%d" % most)
        book.charge(account, fee, "m", (2, 3))
        book.finish(account, fee)
    await book.durable()


def rows(file: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own names


def charged(file: Path) -> set[str]:
    return {str(row[10]) for row in rows(file, "channel")}


def test_few_changes_go_to_their_rows_and_many_are_noted(file: Path) -> None:
    async def script(book: Book) -> None:
        await charge(book, accounts(book))  # new channels always have rows
        assert (charged(file), noted(file)) == ({"1"}, [])
        await charge(book, accounts(book))
        assert (charged(file), len(noted(file))) == ({"1"}, 1)
        await charge(book, accounts(book, FEW))  # while something is noted, nothing passes it by
        assert (charged(file), len(noted(file))) == ({"1"}, 2)

    async def few(book: Book) -> None:
        assert (charged(file), noted(file)) == ({"2", "3"}, [])
        await charge(book, accounts(book, FEW))
        assert (charged(file), noted(file)) == ({"2", "4"}, [])

    with_book(file, script)
    with_book(file, few)


@pytest.mark.parametrize("ahead", [1, 5])
def test_a_copy_of_the_file_at_any_moment_has_what_was_durable_then(file: Path, tmp_path: Path, ahead: int) -> None:
    """As a kill leaves it: what was charged, signed and counted, by channel and by usage."""
    moments = LONGEST_JOURNAL + 5

    async def script(book: Book) -> None:
        for moment in range(1, moments + 1):
            await charge(book, accounts(book, MANY if moment % 7 else 1), ahead=ahead)
            copy = tmp_path / f"copy-{moment}.sqlite"
            killed(file, copy)
            states.append((copy, [(item.most, item.signature, item.charged, item.number) for item in accounts(book)]))

    states: list[tuple[Path, list[tuple[int, bytes, int, int]]]] = []
    with_book(file, script)
    for copy, wanted in states:
        used = Book.usage_in(copy, "0000", "9999")  # before anybody opens it to write
        assert [item.fees for _, _, _, item in used] == [item[2] for item in wanted]
        with closing(Book(copy)) as book:
            found = [book.accounts[id_] for id_ in IDS]
            assert [(item.most, item.signature, item.charged, item.number) for item in found] == wanted
            assert [item.settled for item in found] == [item[2] for item in wanted]
        assert Book.usage_in(copy, "0000", "9999") == used
        assert noted(copy) == []


def test_usage_of_models_that_take_turns_is_all_there(file: Path, tmp_path: Path) -> None:
    """Within a moment and from one to the next, at few channels and at many, in the journal and in the rows."""
    turns = ["ab", "b", "ba", "aab", "a", "abab"]

    async def script(book: Book) -> None:
        for moment in range(LONGEST_JOURNAL + len(turns)):
            changed = accounts(book, 1 if moment % 5 == 4 else MANY)
            for account in changed:
                for model in turns[moment % len(turns)]:
                    account.keep(account.charged + 1, b"v")
                    book.charge(account, 1, model, (2, 3))
                    counted[account.id, model] = counted.get((account.id, model), 0) + 1
            await book.durable()
            copy = tmp_path / "copy.sqlite"
            killed(file, copy)
            used = Book.usage_in(copy, "0000", "9999")
            assert {(id_, model): item for id_, _, model, item in used} == {
                key: Usage(count, 2 * count, 3 * count, count) for key, count in counted.items()
            }

    counted: dict[tuple[bytes, str], int] = {}
    with_book(file, script)
    assert len(rows(file, "usage")) == 2 * MANY


def test_notes_are_put_into_the_rows_before_they_are_many(file: Path) -> None:
    async def script(book: Book) -> None:
        await charge(book, accounts(book))
        lengths = []
        for _ in range(2 * LONGEST_JOURNAL + 2):
            await charge(book, accounts(book))
            lengths.append(len(noted(file)))
        assert max(lengths) == LONGEST_JOURNAL
        assert lengths.count(0) == 2
        [(number, *_)] = [row[11:] for row in rows(file, "channel")[:1]]
        assert number == 2 * LONGEST_JOURNAL + 3

    with_book(file, script)


def test_notes_have_a_voucher_once(file: Path) -> None:
    async def script(book: Book) -> None:
        for _ in range(3):
            await charge(book, accounts(book), ahead=2)
        [second, third] = noted(file)
        assert (second.count(b"v2"), second.count(b"v4")) == (0, 0)  # it came with the channels' rows
        assert third.count(b"v4") == MANY

    with_book(file, script)
    with closing(Book(file)) as book:
        assert {(item.most, item.signature, item.charged, item.number) for item in book.accounts.values()} == {
            (4, b"v4", 3, 3)
        }


def test_notes_of_an_older_book_are_read(file: Path) -> None:
    """They were rows of a table, and had every voucher, and of usage the rows as the table has them."""

    async def script(book: Book) -> None:
        await charge(book, accounts(book))

    with_book(file, script)
    day = rows(file, "usage")[0][1]
    changed = [(2, b"v2", 2, 2, id_) for id_ in IDS]
    note = msgspec.msgpack.encode((changed, [(id_, day, "m", 2, 4, 6, 2) for id_ in IDS]))
    older(file, note)
    assert [item for *_, item in Book.usage_in(file, "0000", "9999")] == [Usage(2, 4, 6, 2)] * MANY
    with closing(Book(file)) as book:
        assert {(item.most, item.signature, item.charged, item.number) for item in book.accounts.values()} == {
            (2, b"v2", 2, 2)
        }


def test_sums_that_no_number_of_sqlite_holds(file: Path) -> None:
    async def script(book: Book) -> None:
        await charge(book, accounts(book), LARGE)
        await charge(book, accounts(book), LARGE)

    with_book(file, script)
    with closing(Book(file)) as book:
        assert {item.charged for item in book.accounts.values()} == {2 * LARGE}
    assert {item.fees for *_, item in Book.usage_in(file, "0000", "9999")} == {2 * LARGE}


def test_usage_of_days_is_told_apart_in_rows_and_notes(file: Path) -> None:
    async def script(book: Book) -> None:
        await charge(book, accounts(book))
        await charge(book, accounts(book))
        assert len(Book.usage_in(file, "0000", "9999")) == MANY
        assert Book.usage_in(file, "0000", "1999") == []

    with_book(file, script)


def test_what_was_written_survives_a_loss_of_power(file: Path) -> None:
    """Every commit waits for the disk (FULL): a voucher that was worked for is not in a buffer alone."""
    with closing(Ledger(file)) as ledger:
        assert ledger.database.execute("PRAGMA synchronous").fetchone() == (2,)
        assert ledger.database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_numbers_are_skipped_from_where_notes_left_them(file: Path) -> None:
    async def script(book: Book) -> None:
        await charge(book, accounts(book))
        await charge(book, accounts(book))

    with_book(file, script)
    assert len(noted(file)) == 1
    skip_numbers(file)
    with closing(Book(file)) as book:
        assert {item.number for item in book.accounts.values()} == {2 + SKIPPED_NUMBERS}
    assert SKIPPED_NUMBERS > 1 << 31  # more than any node has answered since its backup


def test_a_book_without_notes_is_opened_and_read(file: Path) -> None:
    async def script(book: Book) -> None:
        await charge(book, accounts(book, 1))

    with_book(file, script)
    place_of(file).unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as database:
        database.execute("DROP TABLE noted")
    assert len(Book.usage_in(file, "0000", "9999")) == 1
    with closing(Book(file)) as book:
        assert book.accounts[IDS[0]].charged == 1


LONGER = msgspec.msgpack.encode([[]] * 5)  # of a book that knows more of a moment than this one
UNREADABLE = [b"\xc1", b"", b"\x92\x01\x02", LONGER]


@pytest.mark.parametrize("content", UNREADABLE)
def test_a_note_that_cannot_be_read_is_said_so(file: Path, content: bytes) -> None:
    with closing(Ledger(file)) as ledger:
        ledger.note(content)
    with pytest.raises(EnvironmentFault, match="cannot be opened"):
        Book(file)


@pytest.mark.parametrize("content", UNREADABLE)
def test_an_older_note_that_cannot_be_read_is_said_so(file: Path, content: bytes) -> None:
    Book(file).close()
    older(file, content)
    with pytest.raises(EnvironmentFault, match="cannot be opened"):
        Book(file)


def test_what_the_notes_have_no_room_for_goes_into_the_rows(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keifu.payments.notes.ROOM", 3 * BLOCK)
    states = []

    async def script(book: Book) -> None:
        for _ in range(12):
            await charge(book, accounts(book))
            states.append((len(noted(file)), charged(file)))
            assert {item.fees for *_, item in Book.usage_in(file, "0000", "9999")} == {len(states)}

    with_book(file, script)
    assert (3, 0) in [(before, after) for (before, _), (after, _) in pairwise(states)]
    assert all(total == {str(moment)} for moment, (notes, total) in enumerate(states, 1) if not notes)
    with closing(Book(file)) as book:
        assert {item.charged for item in book.accounts.values()} == {12}


def test_a_note_that_was_not_written_whole_is_none(file: Path, tmp_path: Path) -> None:
    """Wherever the write ended, and whatever stands behind it: all that was durable before is there."""

    async def script(book: Book) -> None:
        for moment in range(3):
            await charge(book, accounts(book))
            killed(file, tmp_path / f"{moment}.sqlite")

    with_book(file, script)
    [first, second] = noted(tmp_path / "2.sqlite")
    begin, end = BLOCK, BLOCK + HEAD + len(second)
    whole = place_of(tmp_path / "2.sqlite").read_bytes()
    for cut in range(begin, end):
        torn = killed(tmp_path / "2.sqlite", tmp_path / "torn.sqlite")
        behind = bytes(end - cut) if cut % 2 else bytes(byte ^ 0xFF for byte in whole[cut:end])
        place_of(torn).write_bytes(whole[:cut] + behind + whole[end:])
        if cut % 16 in (0, 1):  # opened, too
            with closing(Book(torn)) as book:
                assert {item.charged for item in book.accounts.values()} == {2}
        else:
            assert noted(torn) == [first]


@pytest.mark.parametrize("is_direct", [True, False])
def test_notes_of_any_length_are_read_as_they_were_written(
    file: Path, is_direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by a file system that takes no blocks directly; and a shorter note after a longer one."""
    if not is_direct:
        monkeypatch.delattr("os.O_DIRECT", raising=False)
    lengths = [1, BLOCK - HEAD, BLOCK - HEAD + 1, 5 * BLOCK, 40 * BLOCK, 2, 0]
    notes = Notes(file, 7)
    with closing(notes):
        for round_ in range(2):
            written = [bytes([round_ + 1]) * length for length in lengths]
            for number, note in enumerate(written):
                notes.add(note)
                assert list(notes_in(file, notes.generation)) == written[: number + 1]
            notes.begin_again()
            assert not list(notes_in(file, notes.generation))


def test_a_file_system_that_takes_no_blocks_directly_takes_notes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems open a file so, and refuse the write."""
    straight = os.pwrite

    def refuse(descriptor: int, data: bytes, at: int) -> int:
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_DIRECT:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return straight(descriptor, data, at)

    monkeypatch.setattr("os.pwrite", refuse)
    with closing(Notes(file, 1)) as notes:
        notes.add(b"owed")
    assert list(notes_in(file, 1)) == [b"owed"]


def test_a_copy_of_a_book_in_use_is_whole_in_one_file(file: Path, tmp_path: Path) -> None:
    async def script(book: Book) -> None:
        for moment in range(4):
            await charge(book, accounts(book))
            copy_whole(file, copy := tmp_path / f"{moment}.sqlite")
            assert not place_of(copy).exists()
            assert charged(copy) == {str(moment + 1)}
            with closing(Book(copy)) as copied:
                assert [item.most for item in copied.accounts.values()] == [item.most for item in accounts(book)]

    with_book(file, script)


@pytest.mark.parametrize("what", ["usage", "copy"])
def test_whoever_reads_while_notes_go_into_rows_reads_again(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Between the rows and the notes of a reader the book has written its rows, and new notes over the old ones."""

    async def script(book: Book) -> None:
        await charge(book, accounts(book))
        await charge(book, accounts(book))
        await charge(book, accounts(book))

    def between(place: Path, generation: int) -> Iterator[bytes]:
        looks.append(generation)
        if len(looks) == 1:
            with closing(Ledger(file)) as ledger:
                ledger.note(later)
        return notes_in(place, generation)

    looks: list[int] = []
    with_book(file, script)
    later = msgspec.msgpack.encode(([], [], [], [("2020-01-01", "m", 1, 2, 3, b"".join(IDS))]))
    monkeypatch.setattr("keifu.payments.ledger.notes_in", between)
    if what == "usage":
        sums = Counter[bytes]()
        for id_, _, _, used in Book.usage_in(file, "0000", "9999"):
            sums[id_] += used.fees
        assert set(sums.values()) == {4}
    else:
        copy_whole(file, tmp_path / "copy.sqlite")
        assert charged(tmp_path / "copy.sqlite") == {"4"}
    assert len(set(looks)) > 1


def older(file: Path, note: bytes) -> None:
    """A note where books had theirs before."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, changes BLOB NOT NULL)")
        database.execute("INSERT INTO journal (changes) VALUES (?)", (note,))
        database.commit()
