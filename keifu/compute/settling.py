"""Answers on their way out: charged, under one signature with others of the moment, on the disk, and then sent.

While one batch is being written the next one gathers, so a batch is what came in the time of an fsync: a few
milliseconds at most, and a thousand answers at most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from keifu.compute.cashier import Cashier, Ticket
from keifu.compute.http import JSON, Exchange
from keifu.compute.model import Call, Model, Result
from keifu.compute.receipt import LARGEST_BATCH
from keifu.compute.sealing import Answered, Sealer
from keifu.payments.book import Book

__all__ = ["Settler", "Work"]


@dataclass(slots=True)
class Work:
    """A request that was taken: by whom it is paid for, and what it asks."""

    exchange: Exchange
    call: Call
    model: Model
    ticket: Ticket | None  # None: nothing is charged here


@dataclass(slots=True)
class _Whole:
    """An answer that is sent when it is sealed and on the disk."""

    exchange: Exchange
    body: bytes
    said: bytes  # about the payment

    def __call__(self, text: bytes) -> None:
        if text:
            self.exchange.reply(200, self.body, b"%bkeifu-receipt: %b\r\n%b" % (JSON, text, self.said))
        else:
            why = "the provider cannot write vouchers at the moment"
            self.exchange.fail(503, "server_error", "not_durable", why)


class Settler:
    """Charges, seals and sends. `idle` is called when a batch is done and none waits."""

    def __init__(self, cashier: Cashier, sealer: Sealer, *, clock: Callable[[], float] = time.time) -> None:
        self._cashier, self._book, self._sealer, self._clock = cashier, cashier.book, sealer, clock
        self._waiting: list[tuple[Answered, Callable[[bytes], None]]] = []
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
        units = result.input_units, result.output_units
        fee = min(work.model.prices.fee(*units), ticket.fee)
        ticket.account.reserved -= ticket.fee
        self._book.charge(ticket.account, fee, work.model.name, units)
        if ticket.key is not None:
            self._cashier.sign(ticket)
        said = b"" if ticket.most else self._cashier.settled(ticket)
        answered = self._answered(work, units, fee, body, result.input_root, result.output_root, b"")
        self.add(answered, _Whole(exchange, body, said))

    def streamed(
        self, work: Work, units: tuple[int, int], fee: int, response_hash: bytes, done: Callable[[bytes], None]
    ) -> None:
        """The end of a stream whose fee was charged in full. `done` gets the receipt's text when all is on the disk, or
        nothing when it cannot be."""
        self.add(self._answered(work, units, fee, b"", ZERO, ZERO, response_hash), done)

    def add(self, answered: Answered, done: Callable[[bytes], None]) -> None:
        self._waiting.append((answered, done))
        if not self.is_busy:
            self.is_busy = True
            asyncio.get_running_loop().call_soon(self._flush)

    def release(self, work: Work) -> None:
        """A request that was not answered costs nothing."""
        if work.ticket is not None:
            work.ticket.account.reserved -= work.ticket.fee

    def _answered(
        self, work: Work, units: tuple[int, int], fee: int, body: bytes, input_root: bytes, output_root: bytes,
        response_hash: bytes,
    ) -> Answered:  # fmt: skip
        assert work.ticket is not None
        account, model = work.ticket.account, work.model
        number = self._book.finish(account, fee)
        return Answered(
            account.id, number, model.claimed, work.exchange.body, body, input_root, output_root, *units, fee,
            account.settled, model.evidence, response_hash,
        )  # fmt: skip

    def _flush(self) -> None:
        batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
        texts = self._sealer.seal([answered for answered, _ in batch], int(self._clock()))
        self.sealed += len(batch)

        def written(future: asyncio.Future[None]) -> None:
            failed = future.exception() is not None
            for (_, done), text in zip(batch, texts, strict=True):
                done(b"" if failed else text)
            if self._waiting:
                self._flush()
            else:
                self.is_busy = False
                self.idle()

        self._book.durable().add_done_callback(written)


ZERO = bytes(32)
