"""What an answer costs, and that none leaves before the disk has what is owed for it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from keifu.compute.cashier import Cashier, Offer, Ticket
from keifu.compute.model import Result
from keifu.compute.sealing import Sealer
from keifu.compute.settling import Settler, Work
from keifu.errors import EnvironmentFault
from keifu.keys import Account as Key
from keifu.payments.book import Account, Book, Held
from keifu.payments.channel import Channel
from keifu.payments.ledger import FEW
from tests.unit.compute.book_files import killed
from tests.unit.compute.test_again import Echo

WHO = "0x" + "0a" * 20
ID, MOST = b"\x01" * 32, 4
RESULT = Result(b'{"usage": "far too much"}', 2, 1)


class Exchange:
    """Who asked."""

    body = b"{}"

    def __init__(self, *, close: bool = False) -> None:
        self.said: list[tuple[Any, ...]] = []
        self.close = close

    def reply_as(self, answer: bytes) -> None:
        self.said.append((answer,))

    def fail(self, status: int, kind: str, code: str, text: str) -> None:
        self.said.append((status, code))


def settled(
    folder: Path, *, is_broken: bool = False, is_answered: bool = True, close: bool = False
) -> tuple[Exchange, Account]:
    """One answer whose price is 5, of which its payer agreed to 4."""
    exchange: Any = Exchange(close=close)

    async def run() -> Account:
        with closing(Book(folder / "money.sqlite")) as book:
            account = book.add(ID, Channel(WHO, WHO, WHO, WHO, WHO, 900, bytes(32)), Held(100, 0))
            account.keep(50, b"signed")
            account.reserved = MOST
            book.fault = EnvironmentFault("the disk is full") if is_broken else None
            cashier = Cashier(Offer(1, WHO, WHO, WHO, WHO, "Token", "1", 900), book)
            settler = Settler(cashier, Sealer(Key.from_role("receipts"), 1, WHO))
            call: Any = None
            work = Work(exchange, call, Echo("echo", 10), Ticket(account, MOST, 0, MOST))
            if not is_answered:
                settler.release(work)
                return account
            settler.answer(work.model, [(work, RESULT)])
            while not exchange.said:
                await asyncio.sleep(0)
            return account

    return exchange, asyncio.run(run())


def test_an_answer_costs_no_more_than_its_payer_agreed_to(tmp_path: Path) -> None:
    exchange, account = settled(tmp_path)
    [(answer,)] = exchange.said
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert (account.charged, account.reserved, account.number) == (MOST, 0, 1)


@pytest.mark.parametrize("close", [True, False])
def test_the_last_answer_of_a_connection_says_so(tmp_path: Path, close: bool) -> None:
    exchange, _ = settled(tmp_path, close=close)
    [(answer,)] = exchange.said
    assert answer.count(b"\r\nconnection: close\r\n") == close


def test_a_request_that_was_not_answered_gives_back_what_it_reserved(tmp_path: Path) -> None:
    _, account = settled(tmp_path, is_answered=False)
    assert (account.charged, account.reserved, account.number) == (0, 0, 0)


def test_no_answer_leaves_that_the_disk_does_not_have(tmp_path: Path) -> None:
    exchange, _ = settled(tmp_path, is_broken=True)
    assert exchange.said == [(503, "not_durable")]


def test_a_key_in_its_payers_place_signs_before_the_disk_has_the_answer(tmp_path: Path) -> None:
    """Its voucher is made when the fee is known, and is written with it: of many channels, too."""
    file, copy, key = tmp_path / "money.sqlite", tmp_path / "copy.sqlite", Key.from_role("payer")

    async def run() -> None:
        with closing(Book(file)) as book:
            cashier = Cashier(Offer(1, WHO, WHO, WHO, WHO, "Token", "1", 900), book)
            settler = Settler(cashier, Sealer(Key.from_role("receipts"), 1, WHO))
            call: Any = None
            for moment in range(3):
                exchanges: list[Any] = [Exchange() for _ in range(2 * FEW)]
                answers = []
                for number, exchange in enumerate(exchanges):
                    salt = bytes([number]) * 32
                    account = book.add(salt, Channel(WHO, key.address, WHO, WHO, WHO, 900, salt), Held(100, 0))
                    account.reserved += MOST
                    answers.append((Work(exchange, call, Echo("echo", 10), Ticket(account, MOST, key=key)), RESULT))
                settler.answer(answers[0][0].model, answers)
                while not exchanges[-1].said:
                    await asyncio.sleep(0)
                killed(file, copy)
                with closing(Book(copy)) as opened:
                    found = [(item.charged, item.most) for item in opened.accounts.values()]
                assert found == [(MOST * (moment + 1),) * 2] * (2 * FEW)

    asyncio.run(run())
