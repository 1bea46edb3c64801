"""Orders that a node takes by itself: accepted, worked on, submitted, opened for who asks, and paid."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import httpx
import msgspec
import pytest

from keifu.chain.logs import find_events
from keifu.compute.client.client import ProviderFault
from keifu.compute.client.ordering import Asker, Fetched, fetch
from keifu.compute.market import orders
from keifu.compute.market.orders import read_order
from keifu.compute.receipt import Receipts
from keifu.errors import CheckFailed
from keifu.keys import Account
from keifu.local.suite import warp
from keifu.units import DAY
from tests.integration.compute.conftest import PaidNode, until
from tests.integration.compute.market.conftest import FEE, Promised
from tests.integration.compute.market.test_offer import receipt_key
from tests.integration.compute.test_node import BODY

Provide = Callable[..., PaidNode]
NOWHERE = bytes(32)
REQUESTS = [msgspec.json.encode(BODY | {"seed": seed}) for seed in range(3)]
ORDER_FEE = len(REQUESTS) * FEE


class Ordering:
    """The client of one node."""

    def __init__(self, paid: Promised, node: PaidNode) -> None:
        self.paid, self.node = paid, node
        self.sender, self.book = paid.by(paid.payer), paid.suite.at(paid.client, "ComputeOrders")
        self.http = httpx.Client()

    def place(self, requests: list[bytes] = REQUESTS, fee: int = ORDER_FEE, within: int = DAY) -> int:
        root = orders.request_tree(requests).root
        return orders.place(
            self.sender, self.paid.suite, self.node.account, NOWHERE, root, len(requests), fee=fee,
            deadline=self.paid.client.now + within,
        )  # fmt: skip

    def fetch(self, order: int, requests: list[bytes] = REQUESTS, key: Account | None = None) -> Fetched:
        client = self.paid.client
        asker = Asker(client.chain_id, self.book.address, (key or self.paid.payer).sign)
        return fetch(self.http, self.node.url, read_order(self.book, order), requests, asker, client.now)

    def reaches(self, order: int, state: str) -> Fetched:
        def there() -> Fetched | None:
            found = self.fetch(order)
            assert found.state in (state, "accepting", "working", "submitting"), found
            return found if found.state == state else None

        reached: Fetched = until(there, self.node.process)
        return reached

    def events(self, name: str, order: int) -> int:
        return len(list(find_events(self.paid.client, self.book, name, order=order)))


@pytest.fixture
def ordering(paid: Promised, provide: Provide) -> Iterator[Callable[..., Ordering]]:
    made: list[Ordering] = []

    def ordering(role: str, *settings: str) -> Ordering:
        node = provide(role, *settings)
        until(lambda: paid.market.cap(node.account, receipt_key(node))[0], node.process)
        warp(paid.client, 2)  # the service counts from the second after it was offered
        made.append(Ordering(paid, node))
        return made[-1]

    yield ordering
    for item in made:
        item.http.close()


def test_an_order_is_worked_off_though_the_node_is_killed(paid: Promised, ordering: Callable[..., Ordering]) -> None:
    """Killed after each of its steps: everything is sent once, every number has one receipt, and the fee comes."""
    client = ordering("ordered provider")
    node, order = client.node, client.place()
    assert client.fetch(order).state == "accepting"
    for _ in range(4):
        node.end(signal.SIGKILL)
        node.run()
    found = client.reaches(order, "submitted")
    assert [msgspec.json.decode(answer)["object"] for answer in found.answers] == ["chat.completion"] * 3
    signed = Receipts(paid.client.chain_id, paid.market.address)
    assert {signed.signer(item).lower() for item in found.receipts} == {receipt_key(node)}
    orders.demand(client.sender, paid.suite, order, 1, REQUESTS[1], orders.request_tree(REQUESTS).proof(1))
    node.end(signal.SIGKILL)
    node.run()
    until(lambda: client.events("Answered", order), node.process)
    assert client.fetch(order).answers == found.answers
    warp(paid.client, paid.market.answer_window() + 1)
    until(lambda: client.events("Completed", order), node.process)
    until(lambda: client.fetch(order).state == "paid", node.process)
    until(lambda: client.book.credits(node.account) == 0, node.process)
    assert [client.events(name, order) for name in ("Accepted", "Submitted", "Answered", "Completed")] == [1] * 4
    assert client.fetch(order).receipts == found.receipts


def test_nothing_is_worked_on_that_does_not_pay(paid: Promised, ordering: Callable[..., Ordering]) -> None:
    client = ordering("choosing provider", "compute.market.orders=1")

    def refused(order: int, why: str, requests: list[bytes] = REQUESTS) -> None:
        with pytest.raises(ProviderFault, match=why):
            client.fetch(order, requests)

    refused(client.place(fee=ORDER_FEE - 1), "the answers cost .* coins at most, the order brings")
    refused(client.place(within=30), "results are due in less than 60 seconds")
    unknown = [b'{"model": "nothing", "prompt": "x"}']
    refused(client.place(unknown), "request 0: there is no model 'nothing' here", unknown)
    streamed = [msgspec.json.encode(BODY | {"stream": True})]
    refused(client.place(streamed), "request 0: an order is answered at once", streamed)
    late = client.place(within=170 * DAY)
    refused(late, "orders: no service until then")
    cancelled = client.place()
    orders.cancel(client.sender, paid.suite, cancelled)
    refused(cancelled, "is over")
    other = client.place()
    with pytest.raises(CheckFailed, match="these are not the 3 requests"):
        client.fetch(other, REQUESTS[::-1])
    with pytest.raises(ProviderFault, match=f"the client of order {other} did not sign this"):
        client.fetch(other, key=Account.from_role("somebody who guesses"))
    url, signed = f"{client.node.url}/keifu/order", {"deadline": paid.client.now, "signature": ""}
    for number in (other, 10**6):
        asked = {"order": number, "requests": ["AA=="], **signed}
        assert httpx.post(url, json=asked).json()["error"]["code"] == "other_requests"
    assert httpx.post(url, json={"order": -1, "requests": ["AA=="], **signed}).status_code == 400
    assert httpx.post(url, json={"order": other, "requests": ["AA=="]}).status_code == 400
    assert httpx.get(url).status_code == 405
    assert client.node.status()["market"]["orders"] == {}


def test_an_order_whose_answers_do_not_come_goes_back(paid: Promised, ordering: Callable[..., Ordering]) -> None:
    """The server behind the node fails: nothing is submitted, the client has its fee back, and the node says so."""
    client = ordering("failing provider")
    requests = [msgspec.json.encode(BODY | {"messages": [{"role": "user", "content": "fail"}]})]
    order = client.place(requests, within=DAY)
    assert client.fetch(order, requests).state == "accepting"
    until(lambda: "answers of an order cannot be made yet" in client.node.log(), client.node.process)
    client.node.end()
    warp(paid.client, DAY + 1)
    orders.refund(client.sender, paid.suite, order)
    client.node.run()
    until(lambda: client.fetch(order, requests).state == "lost", client.node.process)
    assert client.fetch(order, requests).why == "its fee went back to its client"
    assert client.events("Submitted", order) == 0
