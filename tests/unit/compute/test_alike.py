"""Answers that are alike are noted together, and counted later: nothing differs from counting each at once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from keifu.payments.book import Account, Book, Held, Usage
from keifu.payments.channel import Channel
from keifu.payments.ledger import FEW, LONGEST_JOURNAL
from keifu.units import DAY
from tests.unit.compute.book_files import killed, noted

CHANNEL = Channel("0x01", "0x02", "0x03", "0x04", "0x05", 900, bytes(32))
IDS = [bytes([number]) * 32 for number in range(2 * FEW)]
LARGE = 1 << 100  # no number of SQLite's
DAYS = "0000", "9999"

Used = dict[tuple[bytes, str], Usage]


class Counting:
    """What a book should hold, by plain sums."""

    def __init__(self) -> None:
        self.channels: dict[bytes, list[int]] = {id_: [0, 0] for id_ in IDS}  # charged, number
        self.used: Used = {}

    def add(self, id_: bytes, fee: int, model: str, units: tuple[int, int]) -> None:
        self.channels[id_][0] += fee
        self.channels[id_][1] += 1
        used = self.used.get((id_, model), Usage())
        more = used.requests + 1, used.input_units + units[0], used.output_units + units[1], used.fees + fee
        self.used[id_, model] = Usage(*more)

    def expect(self, file: Path) -> None:
        """Before anybody opens it to write, and afterwards."""
        assert used_in(file) == self.used
        with closing(Book(file)) as book:
            found = {item.id: [item.charged, item.number] for item in book.accounts.values()}
            assert found == {id_: values for id_, values in self.channels.items() if values[1]}
            assert all(item.settled == item.charged for item in book.accounts.values())
            assert all(item.most >= item.charged for item in book.accounts.values())
            assert all(item.signature == (b"v%d" % item.most if item.most else b"") for item in book.accounts.values())
        assert used_in(file) == self.used


def used_in(file: Path) -> Used:
    return {(id_, model): used for id_, _, model, used in Book.usage_in(file, *DAYS)}


def signed(charged: int) -> tuple[int, bytes]:
    """The voucher of a channel of which so much was charged: they are signed for steps of 50."""
    most = -(-charged // 50) * 50
    return most, b"v%d" % most


def copied(file: Path, folder: Path) -> Path:
    """As a kill leaves it."""
    return killed(file, folder / "copy.sqlite")


def opened(book: Book, id_: bytes) -> Account:
    return book.get(id_) or book.add(id_, replace(CHANNEL, salt=id_), Held(LARGE, 0))


def answer(book: Book, account: Account, fee: int, model: str, units: tuple[int, int]) -> int:
    account.keep(*signed(account.charged + fee))
    return book.answered(account, fee, model, units)


def answer_by_key(book: Book, account: Account, fee: int, model: str, units: tuple[int, int]) -> int:
    """Its voucher is signed once it is known what was charged."""
    number = book.answered(account, fee, model, units)
    account.keep(*signed(account.charged))
    return number


def stream(book: Book, account: Account, fee: int, model: str, units: tuple[int, int]) -> int:
    account.keep(*signed(account.charged + fee))
    book.charge(account, fee, model, units)
    return book.finish(account, fee)


@pytest.mark.parametrize("seed", range(4))
def test_any_mix_is_there_at_every_moment(tmp_path: Path, seed: int) -> None:
    """Answers and streams, of models and fees by turns, in moments that are long or short."""
    chosen, counting, file = random.Random(seed), Counting(), tmp_path / "money.sqlite"

    async def script(book: Book) -> None:
        for moment in range(LONGEST_JOURNAL + 20):
            for _ in range(chosen.choice([1, FEW, 3 * FEW])):
                account = opened(book, chosen.choice(IDS if moment % 5 == 0 else IDS[:FEW]))
                fee, model = chosen.choice([0, 1, 7, LARGE if seed == 0 else 3]), chosen.choice("ab")
                units = chosen.choice([(2, 3), (64, 1)])
                charging = stream if seed % 2 and chosen.random() < 0.1 else chosen.choice([answer, answer_by_key])
                number = charging(book, account, fee, model, units)
                counting.add(account.id, fee, model, units)
                assert number == account.number == counting.channels[account.id][1]
            await book.durable()
            if moment % 4 == 3:
                counting.expect(copied(file, tmp_path))

    async def run() -> None:
        with closing(Book(file)) as book:
            await script(book)

    asyncio.run(run())
    counting.expect(file)


async def one_each(book: Book) -> None:
    """A moment in which each channel gets an answer like the others', until the disk has it."""
    for id_ in IDS:
        answer(book, opened(book, id_), 20, "m", (64, 1))
    await book.durable()


def test_a_moment_is_one_short_note(tmp_path: Path) -> None:
    """Of answers that are alike a note has the ids of their channels, and no voucher that the file has."""
    file = tmp_path / "money.sqlite"

    async def script() -> None:
        with closing(Book(file)) as book:
            for _ in range(3):
                await one_each(book)
            second, third = noted(file)
            assert [second.count(id_) for id_ in IDS] == [1] * len(IDS)
            assert len(second) < len(b"".join(IDS)) + 60
            assert (second.count(b"v50"), third.count(b"v100")) == (0, len(IDS))

    asyncio.run(script())


def test_usage_of_another_day_stays_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [20_000 * DAY]
    monkeypatch.setattr("keifu.payments.book.time.time", lambda: now[0])
    file = tmp_path / "money.sqlite"

    async def script() -> None:
        with closing(Book(file)) as book:
            for _ in range(3):
                await one_each(book)
                now[0] += DAY
            copied(file, tmp_path)

    asyncio.run(script())
    copy = tmp_path / "copy.sqlite"
    for _ in range(2):
        rows = Book.usage_in(copy, *DAYS)
        assert Counter(day for _, day, *_ in rows) == dict.fromkeys(
            ("2024-10-04", "2024-10-05", "2024-10-06"), len(IDS)
        )
        assert {used.fees for *_, used in rows} == {20}
        assert len(Book.usage_in(copy, "2024-10-05", "2024-10-05")) == len(IDS)
        Book(copy).close()
