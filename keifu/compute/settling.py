"""Answers on their way out: charged, under one signature with others of the moment, on the disk, and then sent.

While one batch is being written the next one gathers, so a batch is what came in the time of an fsync: a few
milliseconds at most, and a thousand answers at most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from keifu.compute.cashier import Cashier, Ticket
from keifu.compute.columns import Answers, alike
from keifu.compute.http import Exchange
from keifu.compute.http.messages import CLOSE
from keifu.compute.model import ZERO, Call, Claimed, Model, Result
from keifu.compute.promises import LONGEST_RESPONSE
from keifu.compute.receipt import LARGEST_BATCH, Evidence
from keifu.compute.sealing import Sealed, Sealer
from keifu.compute.tee import TEE_HEADER
from keifu.keys import keccak256
from keifu.payments.book import Account, Book

__all__ = ["Settler", "Work"]


@dataclass(slots=True)
class Work:
    """A request that was taken: by whom it is paid for, and what it asks."""

    exchange: Exchange
    call: Call
    model: Model
    ticket: Ticket | None  # None: nothing is charged here


# What waits for its receipt and the disk: an answer as `Sealer.seal` takes it; its exchange, or who else gets the text;
# and of a covered channel its id and the answer, if it is kept.
Done = Callable[[bytes], None]
_Kept = tuple[bytes, bytes | None]
_Waiting = tuple[
    bytes, bytes, int, bytes, bytes, int, bytes, bytes, bytes, bytes, Exchange | None, Done | None,
    _Kept | None,
]  # fmt: skip


class Settler:
    """Charges, seals and sends. `idle` is called when a batch is done and none waits, with how many it had."""

    def __init__(self, cashier: Cashier, sealer: Sealer, *, clock: Callable[[], float] = time.time) -> None:
        self._cashier, self._book, self._sealer, self._clock = cashier, cashier.book, sealer, clock
        self._waiting: list[_Waiting] = []
        self.is_busy = False
        self.idle: Callable[[int], None] = lambda count: None
        self.sealed = 0

    @property
    def book(self) -> Book:
        return self._book

    def answer(self, model: Model, answers: Sequence[tuple[Work, Result]]) -> None:
        """Whole answers of a model."""
        book, waiting, name, claimed = self._book, self._waiting, model.name, model.claimed
        charge, covered = book.answered_alike, book.covered
        # Many answers are like the one before.
        like, fee, struct, channels = _LIKE_NONE, 0, b"", list[bytes]()
        for work, result in answers:
            ticket, exchange, body = work.ticket, work.exchange, result.body
            assert ticket is not None
            account, most = ticket.account, ticket.fee
            if like != (now := (most, result.input_units, result.output_units, result.evidence, result.trace_root)):
                like, units = now, (result.input_units, result.output_units)
                fee = min(model.prices.fee(*units), most)
                channels = book.alike(fee, name, units)
                evidence = model.evidence if result.evidence is None else result.evidence
                struct = alike(claimed, *units, fee, evidence, result.trace_root)
            account.reserved -= most
            number = charge(account, fee, channels)
            said = CLOSE if exchange.close else b""
            if not ticket.most:
                if ticket.key is not None:
                    self._cashier.sign(ticket)
                said += self._cashier.settled(ticket)
            own = struct
            if result.tee is not None:
                own = alike(claimed, *units, fee, Evidence.ATTESTED, result.trace_root)
                said += f"{TEE_HEADER}: {result.tee.header()}\r\n".encode()
            channel = account.id
            kept = (channel, body) if covered and channel in covered else None
            waiting.append((
                own, channel, number, result.input_root, result.output_root, account.settled, exchange.body, body, b"",
                said, exchange, None, kept,
            ))  # fmt: skip
        self._plan()

    def streamed(
        self,
        work: Work,
        units: tuple[int, int],
        fee: int,
        response_hash: bytes,
        done: Done,
        *,
        evidence: Evidence,
        response: bytes | None,
        roots: tuple[bytes, bytes, bytes] = (ZERO, ZERO, ZERO),
    ) -> None:
        """The end of a stream whose fee was charged in full. `done` gets the receipt's text when all is on the disk, or
        nothing when it cannot be. `response` is all of it, where it is short enough for the chain. `roots` are those of
        input, output and trace."""
        assert work.ticket is not None
        account, model = work.ticket.account, work.model
        number = self._book.finish(account, fee)
        kept = (account.id, response) if account.id in self._book.covered else None
        self._add((
            alike(model.claimed, *units, fee, evidence, roots[2]), account.id, number, *roots[:2], account.settled,
            work.exchange.body, b"", response_hash, b"", work.exchange, done, kept,
        ))  # fmt: skip

    def aside(
        self, account: Account, claimed: Claimed, evidence: Evidence, request: bytes, result: Result,
        done: Done,
    ) -> None:  # fmt: skip
        """An answer that costs nothing and goes elsewhere. `done` as for a stream."""
        struct = alike(claimed, result.input_units, result.output_units, 0, evidence, result.trace_root)
        self._add((
            struct, account.id, self._book.finish(account, 0), result.input_root, result.output_root, account.settled,
            request, result.body, b"", b"", None, done, (account.id, result.body),
        ))  # fmt: skip

    def release(self, work: Work) -> None:
        """A request that was not answered costs nothing."""
        if work.ticket is not None:
            work.ticket.account.reserved -= work.ticket.fee

    def _add(self, one: _Waiting) -> None:
        self._waiting.append(one)
        self._plan()

    def _plan(self) -> None:
        if not self.is_busy:
            self.is_busy = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _keep(self, answers: Answers, kept: Sequence[_Kept | None], texts: Sequence[bytes]) -> None:
        """Answers that may be asked for on the chain, with what was charged for them."""
        for request, item, text in zip(answers.requests, kept, texts, strict=True):
            if item is not None:
                channel, response = item
                is_short = response is not None and len(response) <= LONGEST_RESPONSE
                self._book.keep_answer(channel, keccak256(request), response if is_short else None, text)

    def _flush(self) -> None:
        batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
        *columns, exchanges, dones, kept = zip(*batch, strict=True)
        answers = Answers(*columns)
        sealed = self._sealer.seal(answers, int(self._clock()))
        self.sealed += len(batch)
        if self._book.covered:
            self._keep(answers, kept, sealed.texts)

        def written(future: asyncio.Future[None]) -> None:
            _send(exchanges, dones, None if future.exception() is not None else sealed)
            if self._waiting:
                self._flush()
            else:
                self.is_busy = False
                self.idle(len(batch))

        self._book.durable().add_done_callback(written)


def _send(exchanges: Sequence[Exchange | None], dones: Sequence[Done | None], sealed: Sealed | None) -> None:
    """None: the disk does not take it."""
    if sealed is None:
        for exchange, done in zip(exchanges, dones, strict=True):
            if done is not None:
                done(b"")
            elif exchange is not None:
                why = "the provider cannot write vouchers at the moment"
                exchange.fail(503, "server_error", "not_durable", why)
        return
    texts = sealed.texts if any(dones) else [b""] * len(dones)
    for exchange, done, text, reply in zip(exchanges, dones, texts, sealed.replies, strict=True):
        if done is not None:
            done(text)
        elif exchange is not None:
            exchange.reply_as(reply)


_LIKE_NONE: tuple[int, int, int, Evidence | None, bytes] = (-1, -1, -1, None, b"")
