"""ComputeOrders at its edges: one second, one request, one form of a signature more.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from audit.systems._compute import ANSWER_WINDOW, BOND, DIGESTS, LONGEST, NOWHERE, TERM, sha
from audit.systems._compute_edges import ComputeEdgeSystem
from audit.systems._compute_orders import FEE, REQUESTS, RESPONSES, Order, Results, tree_of
from audit.systems._hub_edges import way
from audit.systems._wallet_signatures import forms
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi import encode_args
from keifu.abi.eip712 import RECEIPT_BATCH
from keifu.compute.promises import commitment
from keifu.keys import keccak256
from keifu.units import DAY, HOUR

__all__ = ["OrderEdges"]

MOST, QUESTIONS = 2**10, 16
NOT_SIGNED = "orders: not the provider's key"


class OrderEdges(ComputeEdgeSystem):
    """Short ways from a provider that serves an environment for a month."""

    contracts = ("ComputeOrders",)

    # calls ------------------------------------------------------------------------------------------------------------

    def asking_orders(self, function: str, *args: Any, by: str = "operator", fails: str | None = None) -> Any:
        return self.sends(function, *args, by=by, fails=fails, to="orders")

    def places_order(self, fails: str | None = None, **changes: Any) -> Any:
        usual = {"provider": self["operator"], "place": self.places[0], "requests": self.requests.root, "count": 5,
                 "fee": FEE, "deadline": self.now + DAY}  # fmt: skip
        return self.asking_orders("place", *(usual | changes).values(), by="payer", fails=fails)

    def placed_one(self, **changes: Any) -> Order:
        """What the log says of an order that `places_order` has placed just now."""
        terms: dict[str, Any] = {"place": self.places[0], "count": 5, "fee": FEE, "deadline": self.now + DAY}
        terms |= {name: value for name, value in changes.items() if name in terms}
        return Order(1, self["payer"], self["operator"], **terms)

    def accepted_one(self, **changes: Any) -> Any:
        yield self.places_order(**changes)
        order = self.placed_one(**changes)
        yield self.asking_orders("accept", 1, by="hot key")
        order.accepted = self.now
        return order

    def hands_in(self, order: Order, results: Results, fails: str | None = None) -> Any:
        return self.asking_orders(
            "submit", order.number, results.tree.root, results.signature, by="hot key", fails=fails
        )

    def delivered_one(self, **changes: Any) -> Any:
        """All results alike, signed by the receipt key."""
        order = yield from self.accepted_one(**changes)
        order.results = self.signed_results([self.result(order, at) for at in range(5)], self.key)
        yield self.hands_in(order, order.results)
        order.results.time = self.now
        return order

    def asks_for(self, at: int, fails: str | None = None, index: int | None = None) -> Any:
        proof = list(self.requests.proof(at))
        return self.asking_orders(
            "demand", 1, at if index is None else index, REQUESTS[at], proof, by="payer", fails=fails
        )

    def opens(self, order: Order, at: int, fails: str | None = None) -> Any:
        assert order.results is not None
        shown = astuple(order.results.receipts[at]), list(order.results.tree.proof(at))
        return self.asking_orders("answer", 1, at, RESPONSES[at], *shown, by="stranger", fails=fails)

    # orders -----------------------------------------------------------------------------------------------------------

    @way()
    def terms_of_an_order(self, who: str) -> Steps:
        for count, reason in ((0, "orders: bad count"), (1, None), (MOST, None), (MOST + 1, "orders: bad count")):
            yield self.places_order(count=count, fails=reason)
        for seconds, is_good in ((0, False), (1, True), (LONGEST, True), (LONGEST + 1, False)):
            yield self.places_order(deadline=self.now + seconds, fails=None if is_good else "orders: bad deadline")
        yield self.places_order(fee=0, fails="orders: no fee")
        yield self.places_order(fee=1)
        yield self.places_order(provider=ZERO_ADDRESS, fails="orders: no provider")
        assert self.ask("orders.order_count") == 6, "CMP-12"

    @way()
    def its_channel(self, who: str) -> Steps:
        """Of this contract on this chain."""
        yield self.places_order()
        for number in (0, 1, 2**256 - 1):
            types = ["uint256", "address", "uint256"]
            wanted = keccak256(encode_args(types, [self.evm.chain_id, self["orders"], number]))
            assert bytes(self.answer_of("orders.channel_of", number)) == wanted, "CMP-13"

    @way()
    def one_wei(self, who: str) -> Steps:
        yield self.places_order(fee=1)
        yield self.asking_orders("cancel", 1, by="payer")
        before = self.stored(self["payer"])
        yield self.asking_orders("pay", self["payer"], by="stranger")
        self.emitted("orders.Paid", account=self["payer"], receiver=self["payer"], amount=1)
        assert self.stored(self["payer"]) == before + 1, "CMP-12"
        yield self.asking_orders("pay", self["payer"], by="stranger", fails="payouts: nothing to pay")

    @way()
    def accepted_to_the_second(self, who: str) -> Steps:
        """Until the deadline, of a service that lasts as long and has begun."""
        last = self.opened_at + TERM
        yield self.places_order(deadline=last)
        yield self.places_order(deadline=last + 1)
        yield self.places_order(place=NOWHERE)
        yield self.places_order()
        deadline = self.now + DAY
        yield self.asking_orders("accept", 2, fails="orders: no service until then")
        yield self.serving(NOWHERE, TERM)
        yield self.asking_orders("accept", 3, fails="orders: no service until then")
        self.evm.warp(1)
        yield self.asking_orders("accept", 3)
        yield self.asking_orders("accept", 1, by="stranger", fails="orders: not the provider")
        yield self.asking_orders("accept", 1)
        self.emitted("orders.Accepted", order=1)
        yield self.asking_orders("cancel", 1, by="payer", fails="orders: order is accepted")
        self.evm.warp_to(deadline + 1)
        yield self.asking_orders("accept", 4, fails="orders: deadline has passed")
        yield self.asking_orders("cancel", 4, by="payer")
        yield self.asking_orders("accept", 4, fails="orders: order is over")

    @way()
    def a_token_that_takes_a_fee(self, who: str) -> Steps:
        order = (self["operator"], NOWHERE, self.requests.root, 1, 1_000, self.now + DAY)
        yield self.sends("place", *order, by="payer", to="book", fails="transfer: token takes a fee")

    # results ----------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1)))
    def handed_in_to_the_second(self, who: str, late: int) -> Steps:
        order = yield from self.accepted_one()
        results = self.signed_results([self.result(order, at) for at in range(5)], self.key)
        self.evm.warp_to(order.deadline + late)
        yield self.asking_orders("refund", 1, by="stranger", fails=None if late else "orders: results may still come")
        yield self.hands_in(order, results, "orders: order is over" if late else None)
        if not late:
            self.evm.warp(1)
            yield self.asking_orders("refund", 1, by="stranger", fails="orders: results may still come")
            yield self.hands_in(order, results, "orders: already submitted")

    @way()
    def nothing_was_accepted(self, who: str) -> Steps:
        """Whoever serves hands in nothing before it accepted."""
        yield self.places_order()
        order = self.placed_one()
        self.evm.warp(HOUR)
        yield self.hands_in(
            order, self.signed_results([self.result(order, 0)], self.key), "orders: order is not accepted"
        )
        yield self.asking_orders("complete", 1, by="stranger", fails="orders: nothing was submitted")
        yield self.asks_for(0, "orders: nothing was submitted")

    @way(Choice((0, 1, 2)))
    def a_service_that_ended_meanwhile(self, who: str, how: int) -> Steps:
        """In the second in which it ends results still come; after it, or by another service, none."""
        order = yield from self.accepted_one()
        results = self.signed_results([self.result(order, at) for at in range(5)], self.key)
        self.evm.warp(HOUR)
        if how < 2:
            yield self.sends("end", self["operator"], self.places[0])
            self.evm.warp(how)
            yield self.hands_in(order, results, "orders: no service until then" if how else None)
            return
        said = self.lie()
        yield from self.committed_by(said)
        yield self.shows(said)
        yield self.hands_in(order, results, "orders: no service until then")
        self.evm.warp(1)
        yield self.serving(self.places[0], TERM)
        self.evm.warp(1)
        yield self.hands_in(order, results, "orders: no service until then")

    @way()
    def signed_in_every_form(self, who: str) -> Steps:
        """Results count under the signatures that the market takes, and no others."""
        order = yield from self.accepted_one()
        root, domain = tree_of([self.result(order, at).leaf for at in range(5)]).root, self.receipts.domain
        plain = self.key.sign(domain.digest(RECEIPT_BATCH, root))
        for signature, counts in forms(domain, self.key, self.signers[self["author"]], RECEIPT_BATCH, root):
            if len(signature) <= 65:
                with self.evm.anchor():
                    fails = None if counts and signature[:32] == plain[:32] else NOT_SIGNED
                    yield self.asking_orders("submit", 1, root, signature, by="hot key", fails=fails)
        hot = self.signers[self["hot key"]].sign(domain.digest(RECEIPT_BATCH, root))
        yield self.asking_orders("submit", 1, root, hot, by="hot key", fails=NOT_SIGNED)
        own = self.signers[self["operator"]].sign(domain.digest(RECEIPT_BATCH, root))
        yield self.asking_orders("submit", 1, root, own, by="operator")
        self.emitted("orders.Submitted", order=1, results=root, signature=own, until=self.now + ANSWER_WINDOW)

    # questions --------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1)))
    def asked_to_the_second(self, who: str, late: int) -> Steps:
        order = yield from self.delivered_one()
        self.evm.warp_to(order.until + late)
        yield self.asking_orders(
            "complete", 1, by="stranger", fails=None if late else "orders: the client may still ask"
        )
        yield self.asks_for(0, "orders: order is over" if late else None)
        if late:
            return
        self.evm.warp_to(order.until + 1)
        yield self.asks_for(1, "orders: too late to ask")
        yield self.asking_orders("complete", 1, by="stranger", fails="orders: the client may still ask")
        yield self.opens(order, 0)
        yield self.asking_orders("complete", 1, by="stranger")

    @way(Choice((0, 1)))
    def answered_to_the_second(self, who: str, late: int) -> Steps:
        order = yield from self.delivered_one()
        yield self.asks_for(3)
        yield self.asks_for(3, "orders: asked before")
        self.evm.warp(ANSWER_WINDOW + late)
        yield self.asking_orders("close", 1, 3, by="stranger", fails=None if late else "orders: no answer is overdue")
        yield self.opens(order, 3, "orders: no demand is open" if late else None)
        assert self.credit("operator", "orders") == (0 if late else BOND), "CMP-12"
        assert self.credit("payer", "orders") == (BOND + FEE if late else 0), "CMP-12"
        yield self.asks_for(3, "orders: order is over" if late else "orders: asked before")

    @way()
    def one_second_too_late(self, who: str) -> Steps:
        order = yield from self.delivered_one()
        yield self.asks_for(3)
        self.evm.warp(ANSWER_WINDOW + 1)
        yield self.opens(order, 3, "orders: no answer is due")

    @way()
    def sixteen_questions(self, who: str) -> Steps:
        """Of an order of the largest size, with proofs of ten hashes; and no question beyond the count."""
        requests = tree_of([self.request_leaf(at) for at in range(MOST)])
        order = yield from self.accepted_one(requests=requests.root, count=MOST - 1)
        results = self.signed_results([self.result(order, 0)], self.key)
        yield self.hands_in(order, results)

        def asking(at: int, fails: str | None = None) -> Any:
            return self.asking_orders("demand", 1, at, b"%d" % at, list(requests.proof(at)), by="payer", fails=fails)

        yield asking(MOST - 1, "orders: not in the order")
        yield asking(MOST - 2)
        for at in range(QUESTIONS - 1):
            yield asking(at)
        yield asking(QUESTIONS, "orders: too many demands")

    def request_leaf(self, at: int) -> bytes:
        return keccak256(keccak256(encode_args(["uint256", "bytes32"], [at, keccak256(b"%d" % at)])))

    @way()
    def what_is_no_result(self, who: str) -> Steps:
        """Each field that binds a result to its request, its service and its promotion."""
        order = yield from self.accepted_one()
        self.evm.warp(HOUR)
        changes: list[tuple[dict[str, Any], str | None]] = [
            ({"time": order.accepted - 1}, "orders: another time"),
            ({"time": order.accepted}, None),
            ({"time": self.now}, None),
            ({"time": self.now + 1}, "orders: another time"),
            ({"promotion_seq": 2}, None),
            ({"promotion_seq": 3}, "orders: no such promotion"),
            ({"promotion_seq": 0}, "orders: no such promotion"),
            ({"channel_id": sha("another")}, "orders: another receipt"),
            ({"number": 2}, "orders: another receipt"),
            ({"environment": NOWHERE}, "orders: another receipt"),
            ({"request_hash": sha("another")}, "orders: another request"),
            ({"response_hash": sha("another")}, "orders: another response"),
        ]
        for change, reason in changes:
            with self.evm.anchor():
                receipts = [self.result(order, at, **(change if at == 0 else {})) for at in range(5)]
                order.results = self.signed_results(receipts, self.key)
                yield self.hands_in(order, order.results)
                yield self.asks_for(0)
                wrong = astuple(receipts[0]), list(order.results.tree.proof(1))
                yield self.asking_orders(
                    "answer", 1, 0, RESPONSES[0], *wrong, fails=reason or "orders: not in the results"
                )
                yield self.opens(order, 0, reason)

    @way()
    def without_an_environment(self, who: str) -> Steps:
        """There is no promotion that a result could name."""
        yield self.serving(NOWHERE, TERM)
        self.evm.warp(1)
        order = yield from self.accepted_one(place=NOWHERE)
        receipts = [self.result(order, at, promotion_seq=9) for at in range(5)]
        order.results = self.signed_results(receipts, self.key)
        yield self.hands_in(order, order.results)
        yield self.asks_for(4)
        yield self.opens(order, 4)
        self.emitted("orders.Answered", order=1, index=4, response=RESPONSES[4])

    @way()
    def a_false_result_is_shown(self, who: str) -> Steps:
        """CMP-13"""
        order = yield from self.accepted_one()
        receipts = [self.result(order, at, digest=DIGESTS[2]) for at in range(5)]
        order.results = self.signed_results(receipts, self.key)
        yield self.hands_in(order, order.results)
        yield self.sends("commit_proof", commitment(receipts[2].struct_hash, self["watcher"]), by="watcher")
        self.evm.mine()
        yield self.sends("report", [order.results.shown(2)], self.records[DIGESTS[0]].args, by="watcher")
        assert self.ask("market.reserved", self["operator"]) == 0, "CMP-13"
