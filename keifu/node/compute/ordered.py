"""Orders: taken when they pay, accepted on the chain, worked on, and submitted. Then their answers are opened for who
asks, and the fee is fetched.

Nothing is worked on before the order's acceptance stands in a block that stays: from then on its fee cannot be taken
back. What is sent is an intent whose id follows from the order, so that nothing is sent twice, whatever becomes of the
process; what was answered and signed is on the disk before the next step.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import astuple
from typing import Any

from keifu.chain.logs import find_events
from keifu.chain.sender import Sender
from keifu.chain.sender import State as Sent
from keifu.chain.suite import COMPUTE, ORDERS, TOKEN
from keifu.compute.again import Again, Made
from keifu.compute.market.orders import Order, demands_of, read_order, result_tree
from keifu.compute.market.refusals import explained
from keifu.compute.market.results import order_channel, require_requests, result_of
from keifu.compute.model import ModelFault
from keifu.compute.order_desk import LONGEST_ASKING, OrderAsked, OrderReply, asking_digest
from keifu.compute.receipt import LARGEST_BATCH, Receipts
from keifu.compute.wire import text_of, unpack
from keifu.errors import CheckFailed, Revert, UsageError
from keifu.keys import Account as Key
from keifu.node.alerts import Alerts
from keifu.node.chain import NodeChain
from keifu.node.compute.offering import Offering
from keifu.node.compute.order_book import Kept, OrderBook, State
from keifu.node.compute.questions import Questions
from keifu.node.once import Once
from keifu.payments.book import Refused
from keifu.payments.signatures import signed_by
from keifu.units import coins

__all__ = ["Ordered"]

LEAST_SECONDS = 60  # to work in
AT_ONCE = 16  # answers that are made at a time
AGAIN_SECONDS = 60.0  # after a failure
LONGEST_QUEUE = 16  # who ask at a time


class Ordered:
    """`take` is of the answering thread, everything else of the rounds. `submit` runs what it gets in the answering
    thread. `most` orders are worked on at a time."""

    def __init__(
        self,
        chain: NodeChain,
        token: str,
        most: int,
        key: Key,
        offering: Offering,
        sender: Sender,
        database: sqlite3.Connection,
        alerts: Alerts,
        submit: Callable[[Coroutine[Any, Any, Any]], Future[Any]],
        again: Again,
    ) -> None:
        self._chain, self._key, self._offering, self._sender = chain, key, offering, sender
        self._alerts, self._submit, self._again = alerts, submit, again
        self._most = most if token.lower() == chain.suite[TOKEN].lower() else 0
        self._orders = chain.suite.at(chain.client, ORDERS)
        self._receipts = Receipts(chain.id, chain.suite[COMPUTE])
        self._once = Once(chain, sender, alerts, self._orders.address, "order", "the market")
        self._book = OrderBook(database)
        self._questions: Questions[OrderAsked, OrderReply] = Questions(
            LONGEST_QUEUE, "too many bring orders: ask again later"
        )
        self._making: dict[int, tuple[list[int], Future[list[Made | BaseException]]]] = {}
        self._again_at: dict[int, float] = {}
        self._facts: dict[str, int] = {}

    # of the answering thread ---------------------------------------------------------------------------------------

    async def take(self, asked: OrderAsked) -> OrderReply:
        """Raises Refused, or KeifuError when the chain does not answer."""
        return await self._questions.ask(asked)

    # of the rounds -------------------------------------------------------------------------------------------------

    def facts(self) -> dict[str, int]:
        """Orders by their states, as of the last look."""
        return self._facts

    def answer(self) -> None:
        """Those who ask."""
        self._questions.answer(self._reply)

    def step(self, now: int) -> None:
        """Go on with every order. `now` is the newest block's time. Raises RpcError; nothing is lost then."""
        for kept in self._book.open():
            order = read_order(self._orders, kept.number)
            if order.over:
                self._ended(kept)
            elif kept.state == State.ACCEPTING:
                self._accept(kept)
            elif kept.state == State.WORKING:
                self._work(kept, order, now)
            elif kept.state == State.SUBMITTING:
                self._hand_in(kept, order)
            else:
                self._open(kept, order, now)
        self._facts = self._book.counts()

    # who asks ------------------------------------------------------------------------------------------------------

    def _reply(self, asked: OrderAsked) -> OrderReply:
        number, requests = asked.order, asked.requests
        try:
            order = read_order(self._orders, number)
            require_requests(order, requests)
        except (UsageError, CheckFailed) as error:
            raise Refused("other_requests", str(error)) from error
        now = int(self._chain.newest().timestamp, 16)
        self._require_client(order, asked, now)
        kept = self._book.get(number)
        if kept is None:
            self._take(order, requests, now)
            return OrderReply(number, State.ACCEPTING)
        if self._book.requests(number) != requests:
            raise Refused("other_requests", f"these are not the requests of order {number}")
        if kept.state not in (State.SUBMITTED, State.PAID):
            return OrderReply(number, kept.state, kept.why)
        answers = self._book.answers(number)
        return OrderReply(
            number, kept.state, kept.why, [item.body for item in answers], [item.receipt for item in answers]
        )

    def _require_client(self, order: Order, asked: OrderAsked, now: int) -> None:
        """Raises Refused for whoever is not the order's client: answers are for it alone."""
        if not now <= asked.deadline <= now + LONGEST_ASKING:
            raise Refused("other_time", f"a signature asks until a time in the next {LONGEST_ASKING} seconds")
        digest = asking_digest(self._chain.id, self._orders.address, order.number, order.requests, asked.deadline)
        if not signed_by(self._chain.client, order.client.lower(), digest, asked.signature):
            raise Refused("not_the_client", f"the client of order {order.number} did not sign this")

    def _take(self, order: Order, requests: Sequence[bytes], now: int) -> None:
        """Raises Refused for an order that is not for this node, or does not pay."""
        number = order.number
        if not self._most or self._offering.blind or self._offering.is_leaving:
            raise Refused("no_orders", "this provider takes no orders now")
        if sum(kept.state != State.SUBMITTED for kept in self._book.open()) >= self._most:
            raise Refused("busy", "this provider works on other orders: ask again later")
        if order.over or order.accepted:
            raise Refused("order_taken", f"order {number} is {order.state(0)}")
        if len(requests) > LARGEST_BATCH:
            raise Refused("too_many", f"at most {LARGEST_BATCH:,} requests go under one signature")
        if order.deadline < now + LEAST_SECONDS:
            raise Refused("too_late", f"results are due in less than {LEAST_SECONDS} seconds")
        self._require_pays(order, requests)
        try:
            with explained():
                self._orders.accept.call(number, sender=self._sender.account.address)
        except Revert as refusal:
            raise Refused("order_refused", str(refusal)) from refusal
        self._book.take(number, order.environment, requests)

    def _require_pays(self, order: Order, requests: Sequence[bytes]) -> None:
        total = 0
        for place, request in enumerate(requests):
            try:
                total += self._again.price(request, order.environment)
            except ModelFault as fault:
                raise Refused(fault.code, f"request {place}: {fault.message}") from fault
        if order.fee < total:
            said = f"the answers cost {coins(total)} coins at most, the order brings {coins(order.fee)}"
            raise Refused("order_fee", said)

    # one step after the other --------------------------------------------------------------------------------------

    def _accept(self, kept: Kept) -> None:
        sent = self._sent(f"accept {kept.number}", lambda: self._orders.accept.encode(kept.number))
        if sent is Sent.DONE:
            self._book.move(kept.number, State.WORKING)
        elif sent is None or sent in (Sent.REFUSED, Sent.FAILED):
            self._lose(kept, "the market did not take its acceptance")

    def _work(self, kept: Kept, order: Order, now: int) -> None:
        if order.until:
            self._lose(kept, "somebody else submitted its results")
        elif now > order.deadline:
            self._lose(kept, "its time was over before all answers were there")
        elif kept.number in self._making:
            self._made(kept)
        elif not (missing := self._book.missing(kept.number, AT_ONCE)):
            self._sign(kept, order, now)
        elif time.monotonic() >= self._again_at.get(kept.number, 0.0):
            places, requests = zip(*missing, strict=True)
            self._making[kept.number] = list(places), self._submit(self._again.answer_many(requests))

    def _made(self, kept: Kept) -> None:
        places, made = self._making[kept.number]
        if not made.done():
            return
        del self._making[kept.number]
        found = made.result()
        good = [(place, item) for place, item in zip(places, found, strict=True) if isinstance(item, Made)]
        self._book.answered(kept.number, good)
        if faults := [item for item in found if not isinstance(item, Made)]:
            self._again_at[kept.number] = time.monotonic() + AGAIN_SECONDS
            text = f"answers of an order cannot be made yet: {faults[0]}"
            self._alerts.tell(f"not made order {kept.number}", text, order=kept.number)

    def _sign(self, kept: Kept, order: Order, now: int) -> None:
        """Every receipt, once and for all."""
        channel_id = order_channel(self._chain.id, self._orders.address, kept.number)
        receipts = [
            result_of(
                channel_id, kept.environment, item.place, item.request, item.body, promoted=item.promoted,
                time=max(now, order.accepted), units=item.units, evidence=item.evidence,
            )
            for item in self._book.answers(kept.number)
        ]  # fmt: skip
        self._book.signed(kept.number, [text_of(item) for item in self._receipts.sign(self._key, receipts)])

    def _hand_in(self, kept: Kept, order: Order) -> None:
        first = unpack(self._book.answers(kept.number)[0].receipt)
        if order.until:
            ours = order.results == first.root
            self._book.move(kept.number, State.SUBMITTED) if ours else self._lose(
                kept, "somebody else submitted its results"
            )
            return
        sent = self._sent(
            f"submit {kept.number}", lambda: self._orders.submit.encode(kept.number, first.root, first.signature)
        )
        if sent is None or sent in (Sent.REFUSED, Sent.FAILED):
            self._lose(kept, "the market did not take its results")

    def _open(self, kept: Kept, order: Order, now: int) -> None:
        """Answers that its client asks for; when it may ask no more, the fee."""
        if order.open:
            for demand in demands_of(self._chain.client, self._orders, kept.number, self._chain.record.first_block):
                self._show(kept, demand.index)
        elif now > order.until:
            self._sent(f"complete {kept.number}", lambda: self._orders.complete.encode(kept.number))

    def _show(self, kept: Kept, index: int) -> None:
        def answer() -> bytes:
            answers = self._book.answers(kept.number)
            receipts = [unpack(item.receipt).receipt for item in answers]
            proof = list(result_tree(receipts).proof(index))
            data: bytes = self._orders.answer.encode(
                kept.number, index, answers[index].body, astuple(receipts[index]), proof
            )
            return data

        self._alerts.tell(
            f"demand order {kept.number} {index}", "an answer of an order is demanded on the chain", order=kept.number
        )
        self._sent(f"open {kept.number} {index}", answer)

    def _ended(self, kept: Kept) -> None:
        """It was paid or refunded, by whomever. It stays open until its bonds have come."""
        if self._awaits_bonds(kept):
            return
        first = self._chain.record.first_block
        if any(find_events(self._chain.client, self._orders, "Completed", first, order=kept.number)):
            self._book.move(kept.number, State.PAID)
        else:
            self._lose(kept, "its fee went back to its client")
        self._book.forget()

    def _awaits_bonds(self, kept: Kept) -> bool:
        """Have bonds paid out, where they are this account's; whether they are on their way."""
        own = self._sender.account.address
        if own.lower() != self._offering.operator or not self._orders.credits(own):
            return False
        sent = self._sent(f"bonds {kept.number}", lambda: self._orders.withdraw.encode(own))
        return sent is not None and not sent.is_final

    def _sent(self, what: str, encode: Callable[[], bytes]) -> Sent | None:
        return self._once.sent(what, encode)

    def _lose(self, kept: Kept, why: str) -> None:
        self._making.pop(kept.number, None)
        self._book.move(kept.number, State.LOST, why)
        self._alerts.tell(f"lost order {kept.number}", f"an order was not paid: {why}", order=kept.number)
