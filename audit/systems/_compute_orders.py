"""ComputeOrders beside its market: the set-up, requests and results as trees, and the log of what became of orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from audit.systems._compute import ANSWER_WINDOW, BOND, TERM, WINDOW, ComputeLog, Served, sha
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Call
from keifu.abi import encode_args
from keifu.abi.eip712 import RECEIPT_BATCH
from keifu.compute.receipt import Receipt
from keifu.keys import Account, keccak256
from keifu.merkle import Tree, build
from keifu.staking import KeyKind, key_consent
from keifu.units import COIN

__all__ = ["CLIENTS", "FEE", "REQUESTS", "RESPONSES", "Order", "OrdersLog", "Results", "tree_of"]

CLIENTS = ("payer", "other payer")
FEE = 40 * COIN + 1
REQUESTS = [b"request %d" % at for at in range(5)]
RESPONSES = [b"response %d" % at for at in range(5)]


def tree_of(leaves: list[bytes]) -> Tree:
    return build(np.frombuffer(b"".join(leaves), np.uint8).reshape(-1, 32))


@dataclass
class Results:
    """What a provider handed in."""

    receipts: list[Receipt]
    tree: Tree
    signature: bytes
    time: int

    def shown(self, at: int) -> tuple[Any, ...]:
        """One of them as the market takes it."""
        return astuple(self.receipts[at]), list(self.tree.proof(at)), self.signature


@dataclass
class Order:
    """An order as it was placed, and what became of it."""

    number: int
    client: str
    provider: str
    place: bytes
    count: int
    fee: int
    deadline: int
    accepted: int = 0
    results: Results | None = None
    asked: dict[int, int] = field(default_factory=dict)  # index -> when its answer is due
    open: set[int] = field(default_factory=set)  # of these
    opened: list[int] = field(default_factory=list)  # answered
    over: str = ""  # what ended it

    @property
    def until(self) -> int:
        return self.results.time + ANSWER_WINDOW if self.results else 0


class OrdersLog(ComputeLog):
    """What every description of orders needs."""

    contracts = ("ComputeOrders",)
    actors = (*ComputeLog.actors, "hot key")
    wait_weight = 8

    def open(self) -> None:
        super().open()
        evm, operator, hot = self.evm, self["operator"], self.signers[self["hot key"]]
        orders = evm.deploy("ComputeOrders", self["market"], ANSWER_WINDOW, BOND, sender=evm.account("deployer"))
        self.bind(orders=orders)
        for who in self.roles.values():
            self.contract("token").approve(orders, 2**256 - 1, sender=who)
        consent = key_consent(self.receipts.domain, operator, hot, KeyKind.TRANSACTION)
        self.contract("market").register_key(hot, KeyKind.TRANSACTION, consent, sender=operator)
        types = ["uint256", "bytes32"]
        leaves = [keccak256(keccak256(encode_args(types, [at, keccak256(data)]))) for at, data in enumerate(REQUESTS)]
        self.requests = tree_of(leaves)
        waiting = (self["quiet operator"], self.places[0], self.requests.root, 5, FEE, evm.now + TERM)
        orders.place(*waiting, sender=self["stranger"])

    def start(self) -> None:
        super().start()
        hot, since = self["hot key"], self.opened_at
        self.named[hot] = self["operator"], KeyKind.TRANSACTION, since, 0
        quiet = self["quiet operator"]
        self.orders = [Order(0, self["stranger"], quiet, self.places[0], 5, FEE, since + TERM)]
        self.credited: defaultdict[str, int] = defaultdict(int)

    def deadlines(self) -> list[int]:
        times = [self.served[-1].last, self.served[-1].last + WINDOW]
        for order in self.orders[-3:]:
            times += [order.deadline, order.until, *order.asked.values()]
        return [time for time in times if time]

    # the log's words --------------------------------------------------------------------------------------------------

    def order(self, function: str, *args: Any, sender: str) -> Call:
        return self.tx(f"orders.{function}", *args, sender=sender, raw_outcome=True)

    def missing(self, number: int) -> Order:
        """One that was never placed."""
        return Order(number, ZERO_ADDRESS, ZERO_ADDRESS, bytes(32), 0, 0, 0)

    def known(self, who: str) -> list[Order]:
        return [*self.orders[1:][-4:], self.missing(len(self.orders) + 5)]

    def mostly(self, fits: Callable[[Order], object]) -> list[Order]:
        """Those that are ready for something three times as often as others."""
        ready = [order for order in self.orders[1:] if not order.over and fits(order)][-4:]
        return [*ready * 3, *self.known("")]

    def placed(self, who: str) -> list[Order]:
        return self.mostly(lambda order: not order.accepted)

    def taken(self, who: str) -> list[Order]:
        return self.mostly(lambda order: order.accepted and not order.results)

    def delivered(self, who: str) -> list[Order]:
        return self.mostly(lambda order: order.results)

    def is_open(self, order: Order) -> list[tuple[object, str]]:
        """Why an order takes no call any more."""
        return [
            (order.client == ZERO_ADDRESS, "orders: no such order"),
            (order.over, "orders: order is over"),
        ]

    def acts_for(self, who: str, provider: str) -> bool:
        return provider in (who, self.speaks_for(who, KeyKind.TRANSACTION, self.now))

    def serves(self, order: Order, since: int, until: int) -> bool:
        """Whether one service answers from the first of these seconds to the last."""
        item = self.service_of(order.provider, order.place)
        return item is not None and item.since <= since and until <= item.last

    def credit_to(self, who: str, wei: int) -> None:
        self.credited[who] += wei
        self.moves(who, Fraction(wei))

    # what is signed ---------------------------------------------------------------------------------------------------

    def result(self, order: Order, at: int, **changes: Any) -> Receipt:
        usual = {
            "channel_id": bytes(self.answer_of("orders.channel_of", order.number)), "number": at + 1,
            "environment": order.place, "request_hash": keccak256(REQUESTS[at]),
            "response_hash": keccak256(RESPONSES[at]), "time": order.accepted,
        }  # fmt: skip
        return self.receipt(**(usual | changes))

    def signed_results(self, receipts: list[Receipt], signer: Account) -> Results:
        tree = tree_of([item.leaf for item in receipts])
        signature = signer.sign(self.receipts.domain.digest(RECEIPT_BATCH, tree.root))
        return Results(receipts, tree, signature, self.now)

    def changed(self, order: Order, form: str) -> dict[str, Any]:
        """What is wrong with a result, by name."""
        forms: dict[str, dict[str, Any]] = {
            "another channel": {"channel_id": sha("another channel")},
            "another number": {"number": 9},
            "another environment": {"environment": sha("elsewhere")},
            "another request": {"request_hash": sha("another")},
            "another response": {"response_hash": sha("another")},
            "before": {"time": max(0, order.accepted - 1)},
            "first": {"time": order.accepted},
            "now": {"time": self.now},
            "after": {"time": self.now + 1},
            "no promotion": {"promotion_seq": 3},
            "number zero": {"promotion_seq": 0},
            "a lie": {"digest": sha("swapped weights")},
        }
        return forms.get(form, {})

    def relied_on(self, who: str) -> list[Served]:
        """Services of an operator, those first that an order was accepted with."""
        places = [order.place for order in self.taken(who) if order.provider == who and order.accepted]
        mine = [item for item in self.served if item.operator == who and not item.over]
        return sorted(mine, key=lambda item: item.place not in places)
