"""Streams: each part is paid for before it leaves, and nothing is made for a peer that does not take it."""

from __future__ import annotations

import contextlib

from sha3 import keccak_256

from keifu.compute.cashier import Cashier
from keifu.compute.events import LAST, event_of
from keifu.compute.http.messages import failure_body
from keifu.compute.model import ZERO, ModelFault, Part, RemoteModel
from keifu.compute.promises import LONGEST_RESPONSE
from keifu.compute.receipt import Evidence
from keifu.compute.settling import Settler, Work
from keifu.compute.wire import comment_of
from keifu.errors import EnvironmentFault

__all__ = ["Stream"]

HEADERS = b"content-type: text/event-stream\r\ncache-control: no-cache\r\n"


class Stream:
    """One streamed answer. `run` returns when it is over, however it ends; what was sent is charged, and no more."""

    def __init__(self, work: Work, settler: Settler | None, cashier: Cashier | None) -> None:
        self._work, self._settler, self._cashier = work, settler, cashier
        self._hash = keccak_256()
        self._paid = 0
        self._units = (0, 0)
        self._is_done = False
        self._evidence = work.model.evidence
        self._roots = (ZERO, ZERO, ZERO)
        is_kept = settler is not None and work.ticket is not None and work.ticket.account.id in settler.book.covered
        self._said: bytearray | None = bytearray() if is_kept else None

    async def run(self) -> None:
        """Raises ModelFault when not even the first part came: nothing was charged or said then."""
        model = self._work.model
        assert isinstance(model, RemoteModel)
        exchange, is_whole = self._work.exchange, False
        try:
            async with contextlib.aclosing(model.parts(self._work.call)) as parts:
                async for part in parts:
                    if exchange.is_gone or not await self._send(part):
                        break
                else:
                    is_whole = self._is_done
        except ModelFault as fault:
            if not exchange.is_answered:
                raise
            await self._say(event_of(failure_body(fault.kind, fault.code, fault.message)) + LAST)
            is_whole = True
        except EnvironmentFault:
            exchange.abort()
        finally:
            self._close(is_whole=is_whole and exchange.is_answered)

    async def _send(self, part: Part) -> bool:
        """Charge, write down, send. False when the peer has left."""
        work, ticket = self._work, self._work.ticket
        if self._settler is not None and self._cashier is not None and ticket is not None:
            fee = min(work.model.prices.fee(part.input_units, part.output_units), ticket.fee)
            more = max(0, fee - self._paid)
            before, self._units = self._units, (part.input_units, part.output_units)
            units = (max(0, part.input_units - before[0]), max(0, part.output_units - before[1]))
            ticket.account.reserved -= more
            is_first = not work.exchange.is_answered
            self._settler.book.charge(ticket.account, more, work.model.name, units, requests=int(is_first))
            self._paid += more
            self._cashier.sign(ticket)
            await self._settler.book.durable()
        if not work.exchange.is_answered:
            paid = self._cashier.settled(ticket, all_of_it=True) if self._cashier and ticket else b""
            work.exchange.begin(200, HEADERS + paid)
        if part.is_tee:
            self._evidence = Evidence.ATTESTED
        elif part.evidence is not None:
            self._evidence = part.evidence
        self._roots = part.roots or self._roots
        return await self._say(part.data)

    async def _say(self, data: bytes) -> bool:
        self._hash.update(data)
        self._is_done = self._is_done or data.endswith(LAST)
        if self._said is not None:
            self._said += data
            if len(self._said) > LONGEST_RESPONSE:
                self._said = None
        return await self._work.exchange.send(data)

    def _close(self, *, is_whole: bool) -> None:
        """Give back what was reserved and not charged, and end with the receipt."""
        work, settler, exchange = self._work, self._settler, self._work.exchange
        if settler is None or work.ticket is None:
            if exchange.is_answered and not exchange.is_gone:
                exchange.end() if is_whole else exchange.abort()
            return
        work.ticket.account.reserved -= work.ticket.fee - self._paid
        if not exchange.is_answered:
            return

        def done(text: bytes) -> None:
            if exchange.is_gone:
                return
            if not is_whole or not text:
                exchange.abort()
                return
            exchange.last(comment_of(text.decode()))

        response = None if self._said is None else bytes(self._said)
        settler.streamed(
            work,
            self._units,
            self._paid,
            self._hash.digest(),
            done,
            evidence=self._evidence,
            response=response,
            roots=self._roots,
        )
