"""ComputeOrders: orders that are placed, accepted, delivered, questioned and not, by providers that serve at the market
or stop, beside a log of what people did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

from audit.systems._compute import ANSWER_WINDOW, BOND, ENDPOINT, LONGEST, NOWHERE, OPERATORS, TERM, Served
from audit.systems._compute_order_oracles import OrderOracles
from audit.systems._compute_orders import CLIENTS, FEE, REQUESTS, RESPONSES, Order
from audit.systems._constructors import Deployment, variations
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Choice
from keifu.keys import keccak256
from keifu.staking import KeyKind
from keifu.units import DAY, HOUR

__all__ = ["REQUESTS", "ComputeOrderBook"]

PROVIDERS = ("operator", "operator", "operator", "other operator")
SENDERS = ("operator", "operator", "other operator", "hot key", "hot key", "stranger", "payer")
SECONDS = (DAY, DAY, DAY, 2 * DAY, 2 * DAY, TERM - 3 * DAY, 0, 1, LONGEST, LONGEST + 1)
COUNTS = (5, 5, 5, 5, 3, 2**10, 0, 2**10 + 1)
FORMS = ("", "", "", "", "", "first", "now", "a lie", "a lie", "another channel", "another number",
         "another environment", "another request", "another response", "before", "after", "no promotion",
         "number zero")  # fmt: skip
SIGNERS = ("", "", "", "", "", "other key", "hot key", "cut")
SPOILT = ("", "", "", "", "", "", "other response", "other receipt", "other proof", "other index")
QUESTIONS = 16


class ComputeOrderBook(OrderOracles):
    """Everything that anybody may do with orders."""

    def open(self) -> None:
        """Beside the order that nobody takes, one is accepted and one delivered."""
        super().open()
        self.evm.warp(HOUR)
        orders, client, provider = self.contract("orders"), self["payer"], self["operator"]
        self.begun, deadline = self.now, self.now + 10 * DAY
        for number in (1, 2):
            orders.place(provider, self.places[0], self.requests.root, 5, FEE, deadline, sender=client)
            orders.accept(number, sender=provider)
        order = Order(2, client, provider, self.places[0], 5, FEE, deadline, self.begun)
        self.delivery = self.signed_results([self.result(order, at) for at in range(5)], self.signers[provider])
        orders.submit(2, self.delivery.tree.root, self.delivery.signature, sender=provider)

    def start(self) -> None:
        super().start()
        terms = (self["payer"], self["operator"], self.places[0], 5, FEE, self.begun + 10 * DAY, self.begun)
        self.orders += [Order(1, *terms), Order(2, *terms, results=self.delivery)]

    def constructors(self) -> Iterator[Deployment]:
        yield from variations(
            "ComputeOrders",
            (self["market"], ANSWER_WINDOW, BOND),
            (0, self["author"], "orders: market is no contract"),
            (1, 0, "orders: no time to answer"),
            (1, 1, None),
            (2, 0, "orders: no bond"),
            (2, 1, None),
        )

    # what it stands on ------------------------------------------------------------------------------------------------

    @action("", Choice((0, 1, 2)), Choice((DAY, 60 * DAY, 60 * DAY)), sender=OPERATORS, weight=5)
    def serve(self, who: str, at: int, seconds: int) -> Steps:
        yield from self.serving(who, [*self.places, NOWHERE][at], seconds)

    def serving(self, who: str, place: bytes, seconds: int) -> Any:
        last = self.now + seconds
        if place != NOWHERE:
            yield self.tx("heartbeats.bind", place, last, sender=who, raw_outcome=True)
        done = yield self.market("serve", place, self.first_offer.args, ENDPOINT, last, sender=who)
        if done is not None:
            item = self.service_of(who, place)
            if item is None:
                self.served.append(item := Served(who, place, self.now + 1, last))
            item.last = last

    @action("", Choice((True, False)), sender=OPERATORS, weight=2)
    def stop(self, who: str, early: bool) -> Steps:
        """A service is ended, or settled when it is due: one that somebody relies on, if there is one."""
        for item in self.relied_on(who)[:1]:
            call = self.market("end", who, item.place, sender=who) if early else None
            done = yield call or self.market("settle", who, [item.place], [], sender=who)
            if done is not None:
                item.last, item.over = (self.now, False) if early else (item.last, True)

    @action("", Choice((True, False)), sender=OPERATORS, weight=2)
    def be_caught(self, who: str, anew: bool) -> Steps:
        """Two receipts of one number cost a service; sometimes another one begins at once."""
        for item in self.relied_on(who)[:1]:
            pair = [self.say(self.signers[who], self.receipt(environment=item.place, fee=fee)) for fee in (5, 6)]
            yield from self.committing(pair[0].receipt, self["watcher"])
            self.evm.mine()
            shown = [said.shown for said in pair]
            record = next(iter(self.records.values())).args
            done = yield self.market("report", shown, record, sender=self["watcher"])
            item.over = item.over or done is not None
            if item.over and anew:
                yield from self.serving(who, item.place, 60 * DAY)
                self.evm.warp(1)

    @action("", Choice((True, False, False)), sender="stranger", weight=1)
    def remove(self, who: str, yes: bool) -> Steps:
        if yes and not self.removed:
            yield self.tx("hub.remove_service", self["market"], sender=self.owner)
            self.removed = self.now

    @action("", Choice((0, 1)), sender="operator", weight=1)
    def retire(self, who: str, at: int) -> Steps:
        key = [self["hot key"], self.key_names[0]][at]
        operator, kind, since, until = self.named[key]
        if not until:
            yield self.tx("market.retire_key", key, sender=who)
            self.named[key] = operator, kind, since, self.now

    # clients ----------------------------------------------------------------------------------------------------------

    @action(
        "", Choice(PROVIDERS), Choice((0, 0, 0, 1, 2)), Choice(COUNTS), Choice((FEE, FEE, 1, 0)), Choice(SECONDS),
        sender=CLIENTS, weight=12,
    )  # fmt: skip
    def place(self, who: str, provider: str, at: int, count: int, fee: int, seconds: int) -> Steps:
        place, to = [*self.places, NOWHERE][at], ZERO_ADDRESS if seconds == 1 and count == 3 else self[provider]
        deadline = self.now + seconds
        done = yield from self.decide(
            "CMP-12", self.order("place", to, place, self.requests.root, count, fee, deadline, sender=who),
            (to == ZERO_ADDRESS, "orders: no provider"),
            (not 0 < count <= 2**10, "orders: bad count"),
            (fee == 0, "orders: no fee"),
            (not 0 < seconds <= LONGEST, "orders: bad deadline"),
        )  # fmt: skip
        if done is None:
            return
        order = Order(len(self.orders), who, to, place, count, fee, deadline)
        assert int.from_bytes(done, "big") == order.number, "CMP-12: another number"
        self.orders.append(order)
        self.moves(who, -fee)
        self.emitted(
            "orders.Placed", order=order.number, client=who, provider=to, environment=place,
            requests=self.requests.root, fee=fee, deadline=deadline,
        )  # fmt: skip

    @action("", Choice("placed"), sender=(*CLIENTS, *CLIENTS, "operator"), weight=3)
    def cancel(self, who: str, order: Order) -> Steps:
        done = yield from self.decide(
            "CMP-12", self.order("cancel", order.number, sender=who),
            *self.is_open(order),
            (who != order.client, "orders: not the client"),
            (order.accepted, "orders: order is accepted"),
        )  # fmt: skip
        if done is not None:
            self.refunded(order)

    def refunded(self, order: Order) -> None:
        order.over = "refunded"
        self.credit_to(order.client, order.fee)
        self.emitted("orders.Refunded", order=order.number, client=order.client, amount=order.fee)

    @action("", Choice("delivered"), Choice((0, 0, 0, 1, 2, 3, 4)), Choice(SPOILT), Choice((True, True, True, False)),
            sender=CLIENTS, weight=16)  # fmt: skip
    def demand(self, who: str, order: Order, at: int, spoilt: str, own: bool) -> Steps:
        who = order.client if own and order.client in self.addresses else who
        proof = self.requests.proof((at + 1) % 5 if spoilt == "other proof" else at)
        index, request = at + (spoilt == "other index"), REQUESTS[(at + (spoilt == "other receipt")) % 5]
        done = yield from self.decide(
            "CMP-12", self.order("demand", order.number, index, request, list(proof), sender=who),
            *self.is_open(order),
            (who != order.client, "orders: not the client"),
            (order.results is None, "orders: nothing was submitted"),
            (order.results and self.now > order.until, "orders: too late to ask"),
            (len(order.asked) >= QUESTIONS, "orders: too many demands"),
            (index in order.asked, "orders: asked before"),
            (index >= order.count or (spoilt and spoilt != "other response"), "orders: not in the order"),
        )  # fmt: skip
        if done is None:
            return
        order.asked[index] = deadline = self.now + ANSWER_WINDOW
        order.open.add(index)
        self.moves(who, -BOND)
        self.emitted("orders.Demanded", order=order.number, index=index, deadline=deadline, request=request)

    # providers --------------------------------------------------------------------------------------------------------

    def caller(self, who: str, order: Order) -> str:
        """The provider itself, where somebody acts who may not."""
        return order.provider if who == self["operator"] and order.provider != ZERO_ADDRESS else who

    @action("", Choice("placed"), sender=SENDERS, weight=14)
    def accept(self, who: str, order: Order) -> Steps:
        who = self.caller(who, order)
        done = yield from self.decide(
            "CMP-12", self.order("accept", order.number, sender=who),
            *self.is_open(order),
            (not self.acts_for(who, order.provider), "orders: not the provider"),
            (order.accepted, "orders: order is accepted"),
            (self.now > order.deadline, "orders: deadline has passed"),
            (not self.serves(order, self.now, order.deadline), "orders: no service until then"),
            (self.removed, "orders: market not listed"),
        )  # fmt: skip
        if done is not None:
            order.accepted = self.now
            self.emitted("orders.Accepted", order=order.number)

    @action("", Choice("taken"), Choice(FORMS), Choice(SIGNERS), sender=SENDERS, weight=16)
    def submit(self, who: str, order: Order, form: str, signer: str) -> Steps:
        """CMP-13: all results alike, but for the last one, which has nothing wrong."""
        who = self.caller(who, order)
        receipts = [self.result(order, at, **self.changed(order, form if at < 4 else "")) for at in range(5)]
        own = self.signers.get(order.provider, self.signers[self["stranger"]])
        keys = [key for key, item in self.named.items() if item[:2] == (order.provider, KeyKind.RECEIPT)]
        account = self.signer(keys[0]) if keys and order.number % 2 else own
        account = {"other key": self.signers[self["author"]], "hot key": self.signers[self["hot key"]]}.get(
            signer, account
        )
        results = self.signed_results(receipts, account)
        results.signature = results.signature[:63] if signer == "cut" else results.signature
        speaker = self.speaks_for(account.address, KeyKind.RECEIPT, self.now)
        call = self.order("submit", order.number, results.tree.root, results.signature, sender=who)
        done = yield from self.decide(
            "CMP-13", call,
            *self.is_open(order),
            (not self.acts_for(who, order.provider), "orders: not the provider"),
            (not order.accepted, "orders: order is not accepted"),
            (order.results, "orders: already submitted"),
            (self.now > order.deadline, "orders: deadline has passed"),
            (not self.serves(order, order.accepted, self.now), "orders: no service until then"),
            (speaker != order.provider or signer == "cut", "orders: not the provider's key"),
        )  # fmt: skip
        if done is not None:
            order.results = results
            self.emitted(
                "orders.Submitted", order=order.number, results=results.tree.root, signature=results.signature,
                until=order.until,
            )  # fmt: skip

    def questions(self, who: str) -> list[tuple[Order, int]]:
        """(order, index): asked for, and one that is not."""
        found = [(order, at) for order in self.orders[-6:] for at in (*order.open, *order.open, *order.asked)]
        return found or [(self.missing(len(self.orders)), 0)]

    @action("", Choice("questions"), Choice(SPOILT), weight=14)
    def answer(self, who: str, question: tuple[Order, int], spoilt: str) -> Steps:
        order, at = question
        results = order.results or self.signed_results([self.result(order, 0)], self.signers[self["author"]])
        receipt = results.receipts[(at + (spoilt == "other receipt")) % len(results.receipts)]
        proof = results.tree.proof((at + (spoilt == "other proof")) % len(results.receipts))
        response = RESPONSES[(at + (spoilt == "other response")) % 5]
        index = at + (spoilt == "other index")
        right = self.result(order, index % 5, time=receipt.time, promotion_seq=receipt.promotion_seq)
        call = self.order("answer", order.number, index, response, astuple(receipt), list(proof), sender=who)
        done = yield from self.decide(
            "CMP-13", call,
            (index not in order.open, "orders: no demand is open"),
            (index in order.open and self.now > order.asked[index], "orders: no answer is due"),
            (receipt.channel_id != right.channel_id or receipt.number != index + 1
             or receipt.environment != order.place, "orders: another receipt"),
            (not order.accepted <= receipt.time <= results.time, "orders: another time"),
            (order.place != NOWHERE and receipt.promotion_seq not in (1, 2), "orders: no such promotion"),
            (receipt.request_hash != right.request_hash, "orders: another request"),
            (receipt.response_hash != keccak256(response), "orders: another response"),
            (spoilt in ("other receipt", "other proof"), "orders: not in the results"),
        )  # fmt: skip
        if done is not None:
            order.open.remove(index)
            order.opened.append(index)
            self.credit_to(order.provider, BOND)
            self.emitted("orders.Answered", order=order.number, index=index, response=response)

    # how an order ends ------------------------------------------------------------------------------------------------

    @action("", Choice("questions"), weight=10)
    def close(self, who: str, question: tuple[Order, int]) -> Steps:
        order, at = question
        done = yield from self.decide(
            "CMP-12", self.order("close", order.number, at, sender=who),
            (at not in order.open, "orders: no demand is open"),
            (at in order.open and self.now <= order.asked[at], "orders: no answer is overdue"),
        )  # fmt: skip
        if done is None:
            return
        order.open.remove(at)
        self.credit_to(order.client, BOND)
        self.emitted("orders.Refunded", count=int(not order.over))
        if not order.over:
            self.refunded(order)

    @action("", Choice("delivered"), weight=10)
    def complete(self, who: str, order: Order) -> Steps:
        done = yield from self.decide(
            "CMP-12", self.order("complete", order.number, sender=who),
            *self.is_open(order),
            (order.results is None, "orders: nothing was submitted"),
            (order.results and (self.now <= order.until or order.open), "orders: the client may still ask"),
        )  # fmt: skip
        if done is not None:
            order.over = "paid"
            self.earned[order.provider] += order.fee
            self.emitted("orders.Completed", order=order.number, provider=order.provider, amount=order.fee)
            self.emitted("hub.Rewarded", operator=order.provider, payer=self["orders"], amount=order.fee)

    @action("", Choice("taken"), weight=6)
    def refund(self, who: str, order: Order) -> Steps:
        done = yield from self.decide(
            "CMP-12", self.order("refund", order.number, sender=who),
            *self.is_open(order),
            (order.results or self.now <= order.deadline, "orders: results may still come"),
        )  # fmt: skip
        if done is not None:
            self.refunded(order)

    @action("", Choice("addresses"), weight=3)
    def pay(self, who: str, account: str) -> Steps:
        yield from self.paid_out(account, account, self.order("pay", account, sender=who), self.credited)

    def receivers(self, who: str) -> list[str]:
        return [*self.addresses, self["orders"], ZERO_ADDRESS]

    @action("", Choice("receivers"), sender=(*CLIENTS, "operator"), weight=3)
    def withdraw(self, who: str, receiver: str) -> Steps:
        call = self.order("withdraw", receiver, sender=who)
        if receiver in (self["orders"], ZERO_ADDRESS):
            yield from self.decide("CMP-12", call, (True, "payouts: no receiver"))
            return
        yield from self.paid_out(who, receiver, call, self.credited)
