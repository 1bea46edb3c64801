"""The file of a book: many changes are one row of a journal, and are there again whatever happens in between."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from keifu.errors import EnvironmentFault
from keifu.payments.book import Account, Book, Held, Usage
from keifu.payments.channel import Channel
from keifu.payments.ledger import FEW, LONGEST_JOURNAL, SKIPPED_NUMBERS, Ledger, skip_numbers

CHANNEL = Channel("0x01", "0x02", "0x03", "0x04", "0x05", 900, bytes(32))
MANY = FEW + 1
LARGE = 1 << 100  # no number of SQLite's
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


def test_few_changes_go_to_their_rows_and_many_to_the_journal(file: Path) -> None:
    async def script(book: Book) -> None:
        await charge(book, accounts(book))  # new channels always have rows
        assert (charged(file), rows(file, "journal")) == ({"1"}, [])
        await charge(book, accounts(book))
        assert (charged(file), len(rows(file, "journal"))) == ({"1"}, 1)
        await charge(book, accounts(book, FEW))  # while the journal is not empty, nothing passes it by
        assert (charged(file), len(rows(file, "journal"))) == ({"1"}, 2)

    async def few(book: Book) -> None:
        assert (charged(file), rows(file, "journal")) == ({"2", "3"}, [])
        await charge(book, accounts(book, FEW))
        assert (charged(file), rows(file, "journal")) == ({"2", "4"}, [])

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
            for ending in ("", "-wal"):
                shutil.copyfile(f"{file}{ending}", f"{copy}{ending}")
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
        assert rows(copy, "journal") == []


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
            for ending in ("", "-wal"):
                shutil.copyfile(f"{file}{ending}", f"{copy}{ending}")
            used = Book.usage_in(copy, "0000", "9999")
            assert {(id_, model): item for id_, _, model, item in used} == {
                key: Usage(count, 2 * count, 3 * count, count) for key, count in counted.items()
            }

    counted: dict[tuple[bytes, str], int] = {}
    with_book(file, script)
    assert len(rows(file, "usage")) == 2 * MANY


def test_the_journal_is_put_into_the_rows_before_it_is_long(file: Path) -> None:
    async def script(book: Book) -> None:
        await charge(book, accounts(book))
        lengths = []
        for _ in range(2 * LONGEST_JOURNAL + 2):
            await charge(book, accounts(book))
            lengths.append(len(rows(file, "journal")))
        assert max(lengths) == LONGEST_JOURNAL
        assert lengths.count(0) == 2
        [(number, *_)] = [row[11:] for row in rows(file, "channel")[:1]]
        assert number == 2 * LONGEST_JOURNAL + 3

    with_book(file, script)


def test_the_journal_has_a_voucher_once(file: Path) -> None:
    async def script(book: Book) -> None:
        for _ in range(3):
            await charge(book, accounts(book), ahead=2)
        [second, third] = [content for _, content in rows(file, "journal")]
        assert isinstance(second, bytes)
        assert isinstance(third, bytes)
        assert (second.count(b"v2"), second.count(b"v4")) == (0, 0)  # it came with the channels' rows
        assert third.count(b"v4") == MANY

    with_book(file, script)
    with closing(Book(file)) as book:
        assert {(item.most, item.signature, item.charged, item.number) for item in book.accounts.values()} == {
            (4, b"v4", 3, 3)
        }


def test_a_journal_of_an_older_version_is_read(file: Path) -> None:
    """It had every voucher, and of usage the rows as the table has them."""

    async def script(book: Book) -> None:
        await charge(book, accounts(book))

    with_book(file, script)
    day = rows(file, "usage")[0][1]
    changed = [(2, b"v2", 2, 2, id_) for id_ in IDS]
    noted = msgspec.msgpack.encode((changed, [(id_, day, "m", 2, 4, 6, 2) for id_ in IDS]))
    with closing(sqlite3.connect(file)) as database:
        database.execute("INSERT INTO journal (changes) VALUES (?)", (noted,))
        database.commit()
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


def test_usage_of_days_is_told_apart_in_rows_and_journal(file: Path) -> None:
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


def test_numbers_are_skipped_from_where_the_journal_left_them(file: Path) -> None:
    async def script(book: Book) -> None:
        await charge(book, accounts(book))
        await charge(book, accounts(book))

    with_book(file, script)
    assert len(rows(file, "journal")) == 1
    skip_numbers(file)
    with closing(Book(file)) as book:
        assert {item.number for item in book.accounts.values()} == {2 + SKIPPED_NUMBERS}
    assert SKIPPED_NUMBERS > 1 << 31  # more than any node has answered since its backup


def test_a_book_without_a_journal_is_opened_and_read(file: Path) -> None:
    async def script(book: Book) -> None:
        await charge(book, accounts(book, 1))

    with_book(file, script)
    with closing(sqlite3.connect(file)) as database:
        database.execute("DROP TABLE journal")
    assert len(Book.usage_in(file, "0000", "9999")) == 1
    with closing(Book(file)) as book:
        assert book.accounts[IDS[0]].charged == 1


LONGER = msgspec.msgpack.encode([[]] * 5)  # of a book that knows more of a moment than this one


@pytest.mark.parametrize("content", [b"\xc1", b"", b"\x92\x01\x02", LONGER])
def test_a_journal_that_cannot_be_read_is_said_so(file: Path, content: bytes) -> None:
    Book(file).close()
    with closing(sqlite3.connect(file)) as database:
        database.execute("INSERT INTO journal (changes) VALUES (?)", (content,))
        database.commit()
    with pytest.raises(EnvironmentFault, match="cannot be opened"):
        Book(file)
