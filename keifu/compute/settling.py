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
from keifu.compute.http import JSON, Exchange
from keifu.compute.model import ZERO, Call, Claimed, Model, Result
from keifu.compute.promises import LONGEST_RESPONSE
from keifu.compute.receipt import LARGEST_BATCH, Evidence
from keifu.compute.sealing import Answered, Sealer, answered
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


RECEIPT = b"keifu-receipt: "
END = b"\r\n"

# What waits for its receipt and the disk: an answer as `Sealer.seal` takes it; its exchange, with what is said about
# the payment; or who else gets the text; and of a covered channel its id and the answer, if it is kept.
_Kept = tuple[bytes, bytes | None]
_Sealed = tuple[Answered, Exchange | None, bytes, Callable[[bytes], None] | None, _Kept | None]


class Settler:
    """Charges, seals and sends. `idle` is called when a batch is done and none waits, with how many it had."""

    def __init__(self, cashier: Cashier, sealer: Sealer, *, clock: Callable[[], float] = time.time) -> None:
        self._cashier, self._book, self._sealer, self._clock = cashier, cashier.book, sealer, clock
        self._waiting: list[_Sealed] = []
        self.is_busy = False
        self.idle: Callable[[int], None] = lambda count: None
        self.sealed = 0

    @property
    def book(self) -> Book:
        return self._book

    def answer(self, work: Work, result: Result) -> None:
        """A whole answer."""
        ticket, model, exchange = work.ticket, work.model, work.exchange
        assert ticket is not None
        account, units_in, units_out = ticket.account, result.input_units, result.output_units
        fee = min(model.prices.fee(units_in, units_out), ticket.fee)
        account.reserved -= ticket.fee
        number = self._book.answered(account, fee, model.name, (units_in, units_out))
        if ticket.key is not None:
            self._cashier.sign(ticket)
        said = END if ticket.most else END + self._cashier.settled(ticket)
        evidence = model.evidence if result.evidence is None else result.evidence
        if result.tee is not None:
            evidence = Evidence.ATTESTED
            said = f"\r\n{TEE_HEADER}: {result.tee.header()}".encode() + said
        struct = answered(
            account.id, number, model.claimed, result.input_root, result.output_root, units_in, units_out, fee,
            account.settled, evidence, result.trace_root,
        )  # fmt: skip
        kept = (account.id, result.body) if account.id in self._book.covered else None
        self._add(((struct, exchange.body, result.body, b""), exchange, said, None, kept))

    def streamed(
        self,
        work: Work,
        units: tuple[int, int],
        fee: int,
        response_hash: bytes,
        done: Callable[[bytes], None],
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
        struct = answered(
            account.id, number, model.claimed, *roots[:2], *units, fee, account.settled, evidence, roots[2]
        )  # fmt: skip
        kept = (account.id, response) if account.id in self._book.covered else None
        self._add(((struct, work.exchange.body, b"", response_hash), work.exchange, b"", done, kept))

    def aside(
        self, account: Account, claimed: Claimed, evidence: Evidence, request: bytes, result: Result,
        done: Callable[[bytes], None],
    ) -> None:  # fmt: skip
        """An answer that costs nothing and goes elsewhere. `done` as for a stream."""
        struct = answered(
            account.id, self._book.finish(account, 0), claimed, result.input_root, result.output_root,
            result.input_units, result.output_units, 0, account.settled, evidence, result.trace_root,
        )  # fmt: skip
        self._add(((struct, request, result.body, b""), None, b"", done, (account.id, result.body)))

    def release(self, work: Work) -> None:
        """A request that was not answered costs nothing."""
        if work.ticket is not None:
            work.ticket.account.reserved -= work.ticket.fee

    def _add(self, sealed: _Sealed) -> None:
        self._waiting.append(sealed)
        if not self.is_busy:
            self.is_busy = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _keep(self, batch: Sequence[_Sealed], texts: Sequence[bytes]) -> None:
        """Answers that may be asked for on the chain, with what was charged for them."""
        for ((_, request, _, _), _, _, _, kept), text in zip(batch, texts, strict=True):
            if kept is not None:
                channel, response = kept
                is_short = response is not None and len(response) <= LONGEST_RESPONSE
                self._book.keep_answer(channel, keccak256(request), response if is_short else None, text)

    def _flush(self) -> None:
        batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
        texts = self._sealer.seal([item[0] for item in batch], int(self._clock()))
        self.sealed += len(batch)
        if self._book.covered:
            self._keep(batch, texts)

        def written(future: asyncio.Future[None]) -> None:
            _send(batch, [] if future.exception() is not None else texts)
            if self._waiting:
                self._flush()
            else:
                self.is_busy = False
                self.idle(len(batch))

        self._book.durable().add_done_callback(written)


def _send(batch: Sequence[_Sealed], texts: Sequence[bytes]) -> None:
    """Without texts, why there is none."""
    for ((_, _, body, _), exchange, said, done, _), text in zip(batch, texts or [b""] * len(batch), strict=True):
        if done is not None:
            done(text)
            continue
        assert exchange is not None
        if text:
            exchange.reply(200, body, JSON, RECEIPT, text, said)
        else:
            why = "the provider cannot write vouchers at the moment"
            exchange.fail(503, "server_error", "not_durable", why)
