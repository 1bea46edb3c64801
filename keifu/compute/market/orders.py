"""Orders: batches of requests with their fee in escrow. Amounts in wei, times in unix seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

from keifu.abi import Contract, encode_args
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.logs import find_events, said_in
from keifu.chain.suite import ORDERS
from keifu.compute.market.refusals import place_of, send, send_with_coins
from keifu.compute.promises import LONGEST_REQUEST, LONGEST_RESPONSE
from keifu.compute.receipt import LARGEST_BATCH, Receipt, SignedReceipt
from keifu.errors import CheckFailed, UsageError
from keifu.keys import keccak256
from keifu.merkle import build
from keifu.merkle.tree import Tree

__all__ = [
    "LARGEST_ORDER",
    "Order",
    "OrderDemand",
    "accept",
    "answer",
    "cancel",
    "close",
    "complete",
    "demand",
    "demands_of",
    "open_order",
    "orders_of",
    "place",
    "read_order",
    "refund",
    "request_tree",
    "result_tree",
    "submit",
]

LARGEST_ORDER = LARGEST_BATCH  # its results have one signature
_LEAF = ["uint256", "bytes32"]


@dataclass(frozen=True)
class Order:
    """What an order says and where it stands."""

    number: int
    client: str
    provider: str
    environment: bytes
    requests: bytes  # root over the requests
    count: int
    fee: int
    deadline: int  # of the results
    accepted: int  # when; 0: not yet
    results: bytes  # root over the receipts
    until: int  # the client asks until then; 0 before results were submitted
    demands: int
    open: int  # of them, neither answered nor closed
    over: bool

    def state(self, now: int) -> str:
        """In one word: placed, accepted, submitted, payable, late or over."""
        if self.over:
            return "over"
        if self.until:
            return "payable" if now > self.until and not self.open else "submitted"
        if now > self.deadline:
            return "late"
        return "accepted" if self.accepted else "placed"

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        hashes = {name: getattr(self, name).hex() for name in ("environment", "requests", "results")}
        plain = {name: getattr(self, name) for name in ("client", "provider", "count", "deadline", "accepted", "until")}
        counts = {"demands": self.demands, "open": self.open, "over": self.over}
        return {"order": str(self.number), **plain, **hashes, "fee": str(self.fee), **counts}


@dataclass(frozen=True)
class OrderDemand:
    """An answer that the client of an order asks for."""

    order: int
    index: int
    deadline: int
    request: bytes


# trees ---------------------------------------------------------------------------------------------------------------


def request_tree(requests: Sequence[bytes]) -> Tree:
    """The tree whose root an order names: request by request, in their order. Raises UsageError."""
    if not 0 < len(requests) <= LARGEST_ORDER:
        raise UsageError(f"{len(requests):,} requests in an order", remedy=f"1 to {LARGEST_ORDER:,}")
    leaves = (keccak256(encode_args(_LEAF, [at, keccak256(data)])) for at, data in enumerate(requests))
    return _tree([keccak256(leaf) for leaf in leaves])


def result_tree(receipts: Sequence[Receipt]) -> Tree:
    """The tree whose root a provider submits: receipt by receipt, in the order of the requests."""
    return _tree([receipt.leaf for receipt in receipts])


def _tree(leaves: Sequence[bytes]) -> Tree:
    return build(np.frombuffer(b"".join(leaves), np.uint8).reshape(-1, 32))


# clients -------------------------------------------------------------------------------------------------------------


def place(
    chain: Deployer,
    suite: Deployment,
    provider: str,
    environment: bytes,
    requests: bytes,
    count: int,
    *,
    fee: int,
    deadline: int,
) -> int:
    """Order the answers to `count` requests below a root, and bring their fee; the order's number. Raises CheckFailed
    when the sender has not enough, and Revert."""
    args = provider, environment, requests, count, fee, deadline
    return int(said_in(send_with_coins(chain, suite, fee, ORDERS, "place", *args), "Placed")["order"])


def cancel(chain: Deployer, suite: Deployment, order: int) -> None:
    """Take an order back that was not accepted; its fee is credited to the client. Raises Revert."""
    send(chain, suite, ORDERS, "cancel", order)


def demand(chain: Deployer, suite: Deployment, order: int, index: int, request: bytes, proof: Sequence[bytes]) -> int:
    """Have one answer opened on the chain, as the client, with the bond; until when it is due. Raises as `place`."""
    if len(request) > LONGEST_REQUEST:
        raise UsageError(
            f"a request of {len(request):,} bytes cannot be demanded", remedy=f"at most {LONGEST_REQUEST:,} fit"
        )
    where = place_of(suite, ORDERS)
    bond = chain.call(where, ORDERS, "bond")
    send_with_coins(chain, suite, bond, ORDERS, "demand", order, index, request, list(proof))
    deadline: int = chain.call(where, ORDERS, "demand_of", order, index)
    return deadline


# providers -----------------------------------------------------------------------------------------------------------


def accept(chain: Deployer, suite: Deployment, order: int) -> None:
    """Take an order, as its provider or its transaction key. Raises Revert."""
    send(chain, suite, ORDERS, "accept", order)


def submit(chain: Deployer, suite: Deployment, order: int, results: Sequence[SignedReceipt]) -> None:
    """Hand in the root over the receipts of an accepted order, with the signature under it: so whoever has one of them
    can show it to the market. Raises UsageError for what is not signed as one batch, and Revert."""
    root = result_tree([item.receipt for item in results]).root
    if any((item.root, item.signature) != (root, results[0].signature) for item in results):
        raise UsageError("these receipts are not one batch", remedy="keifu compute order sign")
    send(chain, suite, ORDERS, "submit", order, root, results[0].signature)


# anybody -------------------------------------------------------------------------------------------------------------


def answer(
    chain: Deployer,
    suite: Deployment,
    order: int,
    index: int,
    response: bytes,
    receipt: Receipt,
    proof: Sequence[bytes],
) -> None:
    """Open an answer that the client asked for; the bond is the provider's, whoever sends. Raises Revert."""
    if len(response) > LONGEST_RESPONSE:
        raise UsageError(
            f"an answer of {len(response):,} bytes does not fit", remedy=f"at most {LONGEST_RESPONSE:,} bytes do"
        )
    send(chain, suite, ORDERS, "answer", order, index, response, astuple(receipt), list(proof))


def close(chain: Deployer, suite: Deployment, order: int, index: int) -> None:
    """End a demand that was not answered in time: bond and fee go back. Raises Revert."""
    send(chain, suite, ORDERS, "close", order, index)


def complete(chain: Deployer, suite: Deployment, order: int) -> None:
    """Pay the provider when no answer can be asked for or is due. Raises Revert."""
    send(chain, suite, ORDERS, "complete", order)


def refund(chain: Deployer, suite: Deployment, order: int) -> None:
    """Return the fee of an order for which nothing was submitted by its deadline. Raises Revert."""
    send(chain, suite, ORDERS, "refund", order)


# what the chain says -------------------------------------------------------------------------------------------------


def read_order(orders: Contract, number: int) -> Order:
    """Raises UsageError for one that was never placed."""
    if not 0 <= number < orders.order_count():
        raise UsageError(f"there is no order {number}", remedy="orders are counted from 0")
    return Order(number, *orders.order_of(number))


def open_order(orders: Contract, number: int) -> Order:
    """One that is neither paid nor refunded. Raises CheckFailed for one that is."""
    found = read_order(orders, number)
    if found.over:
        raise CheckFailed(f"order {number} is over", remedy="it was paid or refunded")
    return found


def orders_of(
    client: ChainClient, orders: Contract, first_block: int = 0, *, client_account: str = "", provider: str = ""
) -> list[Order]:
    """All orders, or those of a client, or to a provider, oldest first."""
    named = ({"client": client_account} if client_account else {}) | ({"provider": provider} if provider else {})
    placed = find_events(client, orders, "Placed", first_block, **named)
    return [read_order(orders, log.args["order"]) for log in placed]


def demands_of(client: ChainClient, orders: Contract, order: int, first_block: int = 0) -> list[OrderDemand]:
    """Answers of an order that are asked for now: neither given nor closed."""
    found = []
    for log in find_events(client, orders, "Demanded", first_block, order=order):
        index = log.args["index"]
        if deadline := orders.demand_of(order, index):
            found.append(OrderDemand(order, index, deadline, bytes(log.args["request"])))
    return found
