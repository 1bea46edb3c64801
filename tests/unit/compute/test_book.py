"""What a receiver has earned: what may be charged, and what is on the disk when an answer leaves."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.payments.book import Account, Book, Held, Refused
from keifu.payments.channel import Channel
from keifu.payments.ledger import skip_numbers

CHANNEL = Channel("0x01", "0x02", "0x03", "0x04", "0x05", 900, bytes(32))
ID, OTHER = b"\x01" * 32, b"\x02" * 32


def with_book(file: Path, script: Callable[[Book], Awaitable[None]]) -> None:
    async def run() -> None:
        book = Book(file)
        try:
            await script(book)
        finally:
            book.close()

    asyncio.run(run())


def account(held: Held, **values: int) -> Account:
    found = Account(ID, CHANNEL, held)
    for name, value in values.items():
        setattr(found, name, value)
    return found


@pytest.mark.parametrize(
    ("held", "values", "most", "fee", "credit", "code"),
    [
        (Held(100, 0), {}, 10, 10, 0, ""),
        (Held(100, 0), {}, 9, 10, 0, "cumulative_amount_mismatch"),
        (Held(100, 0), {}, 9, 10, 5, "cumulative_amount_mismatch"),  # credit is for who has paid
        (Held(100, 0), {"most": 10, "charged": 10}, 15, 10, 5, ""),
        (Held(100, 0), {"most": 10, "charged": 10}, 14, 10, 5, "cumulative_amount_mismatch"),
        (Held(100, 0), {"most": 10, "charged": 10, "reserved": 10}, 20, 10, 0, "cumulative_amount_mismatch"),
        (Held(100, 0), {"most": 10, "charged": 10, "reserved": 10}, 30, 10, 0, ""),
        (Held(100, 0), {}, 101, 10, 0, "cumulative_exceeds_balance"),
        (Held(100, 0, 95), {}, 10, 10, 0, "cumulative_exceeds_balance"),
        (Held(100, 50), {"charged": 50}, 50, 0, 0, "cumulative_below_claimed"),
        (Held(100, 0), {"is_closing": 1}, 10, 10, 0, "channel_busy"),
        (Held(100, 0), {"most": 95, "charged": 95}, 95, 10, 50, "cumulative_amount_mismatch"),  # beyond the deposit
        (Held(100, 0, final=0), {}, 10, 10, 0, "cumulative_amount_mismatch"),  # a deposit that may go back
        (Held(100, 0, final=0), {"most": 1}, 10, 10, 10, ""),
        (Held(100, 0, final=10), {}, 10, 10, 0, ""),
    ],
)
def test_what_may_begin(held: Held, values: dict[str, int], most: int, fee: int, credit: int, code: str) -> None:
    found = account(held, **values)
    if not code:
        found.require(most, fee, credit)
        return
    with pytest.raises(Refused) as refused:
        found.require(most, fee, credit)
    assert refused.value.code == code


def test_a_receipt_counts_answers_that_have_ended_alone(tmp_path: Path) -> None:
    """What a stream was charged so far stands in the receipt of the stream, not in that of another answer."""

    async def script(book: Book) -> None:
        account = book.add(ID, CHANNEL, Held(100, 0))
        book.charge(account, 30, "a stream", (1, 1))
        book.charge(account, 5, "an answer", (1, 1))
        assert (book.finish(account, 5), account.settled, account.charged) == (1, 5, 35)
        assert (book.finish(account, 30), account.settled) == (2, 35)

    with closing(Book(tmp_path / "money.sqlite")) as book:
        asyncio.run(script(book))


def test_a_lower_voucher_takes_nothing_away() -> None:
    found = account(Held(100, 0))
    found.keep(20, b"better")
    found.keep(10, b"worse")
    assert (found.most, found.signature) == (20, b"better")


def test_what_is_durable_is_there_again(tmp_path: Path) -> None:
    async def first(book: Book) -> None:
        found = book.add(ID, CHANNEL, Held(100, 0))
        found.keep(30, b"signature")
        book.charge(found, 25, "m", (2, 3))
        assert book.finish(found, 25) == 1
        await book.durable()

    async def second(book: Book) -> None:
        found = book.get(ID)
        assert found is not None
        assert (found.most, found.signature, found.number) == (30, b"signature", 1)
        assert (found.charged, found.settled) == (25, 25)
        assert found.held == Held(0, 0)
        book.charge(found, 5, "m", (1, 1))
        await book.durable()

    file = tmp_path / "money.sqlite"
    with_book(file, first)
    with_book(file, second)
    [(channel, _, model, used)] = Book.usage_in(file, "0000", "9999")
    assert (channel, model, used.requests, used.input_units, used.output_units, used.fees) == (ID, "m", 2, 3, 4, 30)


def test_changes_that_come_while_others_are_written_are_written_after_them(tmp_path: Path) -> None:
    async def script(book: Book) -> None:
        found = book.add(ID, CHANNEL, Held(100, 0))
        waiting = []
        for _ in range(20):
            book.charge(found, 1, "m", (0, 0))
            waiting.append(book.durable())
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)
        with closing(sqlite3.connect(tmp_path / "money.sqlite")) as database:
            assert database.execute("SELECT charged FROM channel").fetchall() == [("20",)]

    with_book(tmp_path / "money.sqlite", script)


def test_what_was_claimed_before_the_book_knew_it_was_charged(tmp_path: Path) -> None:
    async def script(book: Book) -> None:
        assert book.add(ID, CHANNEL, Held(100, 40)).charged == 40

    with_book(tmp_path / "money.sqlite", script)


def test_a_disk_that_takes_nothing_ends_the_service(tmp_path: Path) -> None:
    faults: list[Exception] = []

    async def script() -> None:
        book = Book(tmp_path / "money.sqlite", faults.append)
        found = book.add(ID, CHANNEL, Held(100, 0))
        book._ledger.database.execute("DROP TABLE usage")
        book.charge(found, 1, "m", (0, 0))
        with pytest.raises(EnvironmentFault, match="cannot be written"):
            await book.durable()
        with pytest.raises(EnvironmentFault, match="cannot be written"):
            await book.durable()
        book.close()

    asyncio.run(script())
    assert len(faults) == 1


def test_a_strangers_channel_that_names_a_key_takes_no_ones_place(tmp_path: Path) -> None:
    async def script(book: Book) -> None:
        mine = book.add(ID, CHANNEL, Held(100, 0))
        book.add(OTHER, CHANNEL, Held(1, 0))
        assert book.of_authorizer("0x02") is mine
        assert book.of_authorizer("0x09") is None

    with_book(tmp_path / "money.sqlite", script)


def test_after_a_restore_numbers_go_on_far_above(tmp_path: Path) -> None:
    async def script(book: Book) -> None:
        found = book.get(ID) or book.add(ID, CHANNEL, Held(100, 0))
        numbers.append(book.finish(found, 0))
        await book.durable()

    numbers: list[int] = []
    file = tmp_path / "money.sqlite"
    with_book(file, script)
    skip_numbers(file)
    with_book(file, script)
    assert numbers[0] == 1
    assert numbers[1] > 1 << 32


def test_answers_of_covered_channels_are_kept_up_to_a_bound(tmp_path: Path) -> None:
    """The first answer to a request is shown; one whose bytes were too many only where there is no other."""
    file = tmp_path / "money.sqlite"

    async def script(book: Book) -> None:
        book.most_kept = 3
        book.cover({ID, OTHER})
        for channel, request, response in ((OTHER, b"a", b"0"), (ID, b"a", b"1"), (ID, b"b", None), (ID, b"b", b"2")):
            book.keep_answer(channel, request, response, b"receipt of %b" % (response or b"much"))
        await book.durable()
        assert Book.answer_in(file, OTHER, b"a") is None
        assert Book.answer_in(file, ID, b"a") == (b"1", b"receipt of 1")
        assert Book.answer_in(file, ID, b"b") == (b"2", b"receipt of 2")
        assert Book.answer_in(file, ID, b"c") is None
        book.cover(set())
        await book.durable()
        assert Book.answer_in(file, ID, b"a") is None

    with_book(file, script)


@pytest.mark.parametrize("content", [b"this is no database, and it is long enough to be read as one" * 20])
def test_a_file_that_is_no_book_is_said_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "money.sqlite"
    file.write_bytes(content)
    with pytest.raises(EnvironmentFault, match="cannot be opened"):
        Book(file)


def test_a_voucher_without_its_signature_is_not_gone_on_with(tmp_path: Path) -> None:
    async def script(book: Book) -> None:
        found = book.add(ID, CHANNEL, Held(100, 0))
        found.most = 5
        book.charge(found, 5, "m", (0, 0))
        await book.durable()

    file = tmp_path / "money.sqlite"
    with_book(file, script)
    with pytest.raises(CheckFailed, match="no signature"):
        Book(file)


def test_a_payer_that_names_nobody_signs_itself() -> None:
    own = Channel("0x" + "AB" * 20, ZERO_ADDRESS, "0x03", "0x04", "0x05", 900, bytes(32))
    assert Account(ID, own, Held(0, 0)).signer == "0x" + "ab" * 20
    assert Account(ID, CHANNEL, Held(0, 0)).signer == "0x02"
