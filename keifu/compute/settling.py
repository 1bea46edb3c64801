"""Answers on their way out: charged, under one signature with others of the moment, on the disk, and then sent.

While one batch is being written the next one gathers, so a batch is what came in the time of an fsync: a few
milliseconds at most, and a thousand answers at most.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from keifu.compute.cashier import Cashier, Ticket
from keifu.compute.http import JSON, Exchange
from keifu.compute.model import Call, Model, Result
from keifu.compute.promises import LONGEST_RESPONSE
from keifu.compute.receipt import LARGEST_BATCH
from keifu.compute.sealing import Answered, Sealer
from keifu.keys import keccak256
from keifu.payments.book import Book

__all__ = ["Settler", "Work"]

RECEIPT = b"keifu-receipt: "


@dataclass(slots=True)
class Work:
    """A request that was taken: by whom it is paid for, and what it asks."""

    exchange: Exchange
    call: Call
    model: Model
    ticket: Ticket | None  # None: nothing is charged here


@dataclass(slots=True)
class _Sealed:
    answered: Answered
    done: Callable[[bytes], None]  # gets the receipt's text, when all is on the disk


class Settler:
    """Charges, seals and sends. `idle` is called when a batch is done and none waits."""

    def __init__(self, cashier: Cashier, sealer: Sealer, *, clock: Callable[[], float] = time.time) -> None:
        self._cashier, self._book, self._sealer, self._clock = cashier, cashier.book, sealer, clock
        self._waiting: deque[_Sealed] = deque()
        self.is_busy = False
        self.idle: Callable[[], None] = lambda: None
        self.sealed = 0

    @property
    def book(self) -> Book:
        return self._book

    def answer(self, work: Work, result: Result) -> None:
        """A whole answer."""
        ticket, exchange, body = work.ticket, work.exchange, result.body
        assert ticket is not None
        account = ticket.account
        fee = min(work.model.prices.fee(result.input_units, result.output_units), ticket.fee)
        account.reserved -= ticket.fee
        self._book.charge(account, fee, work.model.name, (result.input_units, result.output_units))
        self._cashier.sign(ticket)
        answered = self.receipt_of(work, (result.input_units, result.output_units), fee, keccak256(body))
        answered.input_root, answered.output_root = result.input_root, result.output_root
        answered.response = body
        headers = JSON + self._cashier.settled(ticket)

        def done(text: bytes) -> None:
            if text:
                exchange.reply(200, body, b"%b%b%b\r\n" % (headers, RECEIPT, text))
            else:
                exchange.fail(503, "server_error", "not_durable", "the provider cannot write vouchers at the moment")

        self.add(answered, done)

    def receipt_of(self, work: Work, units: tuple[int, int], fee: int, response_hash: bytes) -> Answered:
        """What the receipt of an answer says whose fee was charged in full."""
        assert work.ticket is not None
        account = work.ticket.account
        number = self._book.finish(account, fee)
        request_hash = keccak256(work.exchange.body)
        return Answered(
            account.id, number, work.model.claimed, request_hash, response_hash, ZERO, ZERO, *units, fee,
            account.settled, work.model.evidence,
        )  # fmt: skip

    def add(self, answered: Answered, done: Callable[[bytes], None]) -> None:
        self._waiting.append(_Sealed(answered, done))
        if not self.is_busy:
            self.is_busy = True
            asyncio.get_running_loop().call_soon(self._flush)

    def release(self, work: Work) -> None:
        """A request that was not answered costs nothing."""
        if work.ticket is not None:
            work.ticket.account.reserved -= work.ticket.fee

    def _keep(self, answered: Answered, text: bytes) -> None:
        response = answered.response
        if response is not None and len(response) > LONGEST_RESPONSE:
            response = None
        self._book.keep_answer(answered.channel_id, answered.request_hash, response, text)

    def _flush(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_BATCH))]
        texts = self._sealer.seal([item.answered for item in batch], int(self._clock()))
        self.sealed += len(batch)
        if covered := self._book.covered:
            for item, text in zip(batch, texts, strict=True):
                if item.answered.channel_id in covered:
                    self._keep(item.answered, text)

        def written(future: asyncio.Future[None]) -> None:
            failed = future.exception() is not None
            for item, text in zip(batch, texts, strict=True):
                item.done(b"" if failed else text)
            if self._waiting:
                self._flush()
            else:
                self.is_busy = False
                self.idle()

        self._book.durable().add_done_callback(written)


ZERO = bytes(32)
