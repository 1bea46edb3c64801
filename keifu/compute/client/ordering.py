"""Orders from the client's side: requests are handed to the provider's node, its answers compared with the chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from ethwire.http import httpx
from keifu.compute.client.client import LARGEST_ANSWER, ProviderFault, fault_of
from keifu.compute.market.orders import Order, result_tree
from keifu.compute.market.results import order_channel, require_requests
from keifu.compute.order_desk import ORDER_PATH, OrderAsked, OrderReply, asking_digest
from keifu.compute.receipt import SignedReceipt
from keifu.compute.wire import unpack
from keifu.errors import CheckFailed, EnvironmentFault, InputError
from keifu.keys import keccak256
from keifu.strangers import Answered, answered

__all__ = ["Asker", "Fetched", "fetch"]

SOON = 300  # seconds for which a signature asks


@dataclass(frozen=True)
class Asker:
    """The client of orders on one chain, at the contract `orders`. `sign` is of its key, or what its wallet takes."""

    chain_id: int
    orders: str
    sign: Callable[[bytes], bytes]

    def channel(self, number: int) -> bytes:
        """What the receipts of an order's answers name."""
        return order_channel(self.chain_id, self.orders, number)


@dataclass(frozen=True)
class Fetched:
    """How far an order is at its provider, and the answers once their results are on the chain."""

    state: str
    why: str
    answers: Sequence[bytes] = ()
    receipts: Sequence[SignedReceipt] = ()


def fetch(http: httpx.Client, url: str, order: Order, requests: Sequence[bytes], asker: Asker, now: int) -> Fetched:
    """Hand the requests of an order in, or ask how far it is: the same call does both. `order` is as the chain has it,
    `now` the chain's time. Raises ProviderFault with the provider's reason when it refuses, InputError for an answer
    that is none, and CheckFailed for answers that are not those whose root stands on the chain."""
    require_requests(order, requests)
    deadline = now + SOON
    digest = asking_digest(asker.chain_id, asker.orders, order.number, order.requests, deadline)
    content = msgspec.json.encode(OrderAsked(order.number, list(requests), deadline, asker.sign(digest)))
    answer = _post(http, url, content)
    if answer.status != httpx.codes.OK:
        raise ProviderFault(f"{url}: {fault_of(answer.body)}", answer.status, answer.body)
    try:
        said = msgspec.json.decode(answer.body, type=OrderReply)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{url} does not say how the order stands: {error}", remedy="ask again") from error
    if not said.answers:
        return Fetched(said.state, said.why)
    receipts = [unpack(text) for text in said.receipts]
    _require_results(order, asker.channel(order.number), requests, said.answers, receipts)
    return Fetched(said.state, said.why, said.answers, receipts)


def _post(http: httpx.Client, url: str, content: bytes) -> Answered:
    """Raises ProviderFault for a body that no order's answers come to."""
    try:
        return answered(http, "POST", url.rstrip("/") + ORDER_PATH.decode(), LARGEST_ANSWER, content)
    except httpx.HTTPError as error:
        raise ProviderFault(f"{url} did not answer: {error}") from error
    except EnvironmentFault as error:
        raise ProviderFault(f"{url} answers with more than {LARGEST_ANSWER >> 20} MiB") from error


def _require_results(
    order: Order,
    channel_id: bytes,
    requests: Sequence[bytes],
    answers: Sequence[bytes],
    receipts: Sequence[SignedReceipt],
) -> None:
    """Whether these are the answers that the provider committed to on the chain."""
    if not len(requests) == len(answers) == len(receipts):
        raise _wrong(order, f"{len(answers)} answers and {len(receipts)} receipts to {len(requests)} requests")
    for place, (request, answer, signed) in enumerate(zip(requests, answers, receipts, strict=True)):
        receipt = signed.receipt
        expected = channel_id, place + 1, order.environment, keccak256(request), keccak256(answer)
        found = receipt.channel_id, receipt.number, receipt.environment, receipt.request_hash, receipt.response_hash
        if found != expected:
            raise _wrong(order, f"receipt {place} is of another answer")
    if result_tree([signed.receipt for signed in receipts]).root != order.results:
        raise _wrong(order, "their root is not the one that was submitted")


def _wrong(order: Order, why: str) -> CheckFailed:
    return CheckFailed(
        f"the answers to order {order.number} are not those on the chain: {why}",
        remedy="have one opened there: keifu compute order demand",
    )
