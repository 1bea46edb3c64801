"""Segments that are paid for through Channels: what is free, who pays, and what was earned is claimed.

Payments are those of a compute node, with its ledger and errands; the price is by the byte.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from keifu.chain.sender import Sender
from keifu.chain.suite import ERC3009_COLLECTOR, PERMIT2_COLLECTOR
from keifu.compute.cashier import SIGNATURE, Cashier, Slow, Ticket
from keifu.compute.http import JSON, Exchange
from keifu.errors import KeifuError
from keifu.node.compute.errands import Errands
from keifu.node.compute.following import Following
from keifu.node.compute.redeeming import Redeeming
from keifu.node.compute.work import offer_of
from keifu.node.final import newest_final
from keifu.node.sections import ComputeWork, StorageWork
from keifu.node.storage.records import Records
from keifu.node.web import Background
from keifu.node.work import Body
from keifu.payments.book import Book, Refused
from keifu.payments.onchain import Onchain
from keifu.payments.x402 import BRIEF_HEADER
from keifu.serving import problem
from keifu.units import DAY

__all__ = ["Selling", "terms_of"]

GIB = 1 << 30
WHAT = "segments"  # under which the book counts them
PAYMENTS = frozenset({SIGNATURE, BRIEF_HEADER.lower().encode(), b"authorization"})  # headers, all that cashiers admit


def terms_of(settings: StorageWork) -> ComputeWork:
    """How channels are opened, filled and claimed: as at a compute node."""
    own = settings.retrieval
    given = own.model_dump(exclude={"price", "free"})
    return ComputeWork.model_validate({**given, "listen": settings.listen, "receiver": settings.receiver})


class Selling:
    """A gate of the node's service (`open`, in its event loop), and the rounds behind it."""

    def __init__(
        self,
        body: Body,
        settings: StorageWork,
        records: Records,
        sender: Sender,
        answering: Background,
        refused: Callable[[str], None],
    ) -> None:
        self._body, self._own, self._refused = body, settings.retrieval, refused
        terms = terms_of(settings)
        self._offer = offer_of(terms, body.chain, body.account)
        collectors = body.chain.suite[ERC3009_COLLECTOR], body.chain.suite[PERMIT2_COLLECTOR]
        onchain = Onchain(body.chain.client, self._offer.channels, collectors)
        self._book = Book(body.folder.money_file, self._broke)
        self._cashier = Cashier(self._offer, self._book)
        self._errands = Errands(
            self._cashier, onchain, sender, body.account, answering, terms.least_deposit, self._final
        )
        self._following = Following(
            body.chain, onchain, self._book, self._cashier.vouchers, self._offer, body.database, self._errands.look
        )
        self._redeeming = Redeeming(
            self._book, self._cashier.vouchers, onchain, sender, answering, terms,
            lambda account: self._errands.look(account.id, account.channel),
        )  # fmt: skip
        self._onchain = onchain
        self._tasks: set[asyncio.Task[None]] = set()
        self._records = records
        self._day, self.given = self._noted = records.free()  # bytes of this day that were free
        self.sold = 0  # all that were paid for
        self.fault = ""

    def close(self) -> None:
        self._note()
        self._book.close()

    def _note(self) -> None:
        """What was free counts after a restart, too. A killed node forgets what went since the last round."""
        if self._noted != (now := (self._day, self.given)):
            self._records.note_free(*now)
            self._noted = now

    def _broke(self, error: Exception) -> None:
        self.fault = f"vouchers cannot be written: {error}"

    def _final(self, channel_id: bytes) -> int | None:
        if self._body.chain.is_local:
            return None
        balance: int = newest_final(self._body.chain).view(self._onchain.contract.channels, channel_id)[0]
        return balance

    # of the rounds -------------------------------------------------------------------------------------------------

    def step(self, block: int) -> None:
        """Channels on the chain, errands, claims. Raises RpcError."""
        self._following.step(block)
        self.hasten()
        self._note()
        self._redeeming.step(self._offer.receiver, self._offer.token)

    def hasten(self) -> None:
        """What somebody waits for."""
        self._errands.step()

    def drain(self) -> bool:
        """Whether everything that was earned has been asked for, and the sender has the claims."""
        self._errands.step()
        all_of_it = self._redeeming.is_idle
        self._redeeming.step(self._offer.receiver, self._offer.token, all_of_it=all_of_it)
        return self._errands.is_idle and all_of_it

    # of the event loop ---------------------------------------------------------------------------------------------

    def price(self, size: int) -> int:
        return max(1, -(-self._own.price * size // GIB))

    def open(self, exchange: Exchange, size: int, give: Callable[[bytes], None]) -> None:
        """Give what is free or paid for. Who brings a payment pays, whatever is free."""
        headers = exchange.headers
        if not PAYMENTS & headers.keys() and self._is_free(size):
            give(b"")
            return
        fee = self.price(size)
        try:
            ticket = self._cashier.admit(headers, fee)
        except Refused as refused:
            self._refuse(exchange, refused, fee)
        except Slow as slow:
            self._spawn(exchange, slow.header, fee, size, give)
        else:
            self._charge(exchange, ticket, fee, size, give)

    def _is_free(self, size: int) -> bool:
        if (day := int(time.time()) // DAY) != self._day:
            self._day, self.given = day, 0
        if self.given + size > self._own.free:
            return False
        self.given += size
        return True

    def _spawn(self, exchange: Exchange, header: str, fee: int, size: int, give: Callable[[bytes], None]) -> None:
        """A deposit, or a channel that is not known yet."""

        async def wait() -> None:
            try:
                await self._errands.open(header)
                ticket = self._cashier.admit_opened(header, fee)
            except Refused as refused:
                self._refuse(exchange, refused, fee)
            except KeifuError as error:
                self._refused("chain")
                exchange.reply(503, problem(503, f"the chain does not answer: {error.message}").body, JSON)
            else:
                self._charge(exchange, ticket, fee, size, give)

        task = asyncio.get_running_loop().create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _charge(self, exchange: Exchange, ticket: Ticket, fee: int, size: int, give: Callable[[bytes], None]) -> None:
        """The answer leaves when the voucher is on the disk."""
        account = ticket.account
        account.reserved -= ticket.fee
        if exchange.is_gone:
            return
        self._book.charge(account, fee, WHAT, (0, size))
        self._book.finish(account, fee)
        if ticket.key is not None:
            self._cashier.sign(ticket)
        said = self._cashier.settled(ticket)
        self.sold += size

        def written(done: asyncio.Future[None]) -> None:
            if done.exception() is None:
                give(said)
            else:
                self._refused("unavailable")
                exchange.reply(503, problem(503, "the payment could not be written down").body, JSON)

        self._book.durable().add_done_callback(written)

    def _refuse(self, exchange: Exchange, refused: Refused, fee: int) -> None:
        self._refused("unpaid")
        account = self._cashier.corrects(exchange.headers) if refused.code == "cumulative_amount_mismatch" else None
        header = self._cashier.required(fee, refused, account)
        exchange.reply(402, problem(402, refused.message).body, JSON, header)
