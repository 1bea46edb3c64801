"""Every call of the market and of orders from Python, on a real chain: services, covers, demands, orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from keifu.chain import RpcDeployer
from keifu.chain.suite import ORDERS
from keifu.compute.market import covers, demands, offers_of, orders, read_service, services, sign_cover
from keifu.compute.market.orders import demands_of, open_order, orders_of, read_order
from keifu.compute.market.services import served_of, service_reserve
from keifu.compute.promises import Cover, Offer, needed_for
from keifu.compute.receipt import Evidence, Receipt, SignedReceipt
from keifu.errors import CheckFailed, Revert, UsageError
from keifu.keys import Account, keccak256
from keifu.local.suite import warp
from keifu.payments.channel import Channel
from keifu.staking.hotkeys import KeyKind, name_key, set_cap
from keifu.units import COIN, DAY
from tests.integration.compute.market.conftest import ENDPOINT, LOCKED, RESTITUTION, Promised

NOWHERE = bytes(32)
FEE = 40 * COIN
REQUESTS = [b"request %d" % place for place in range(5)]
RESPONSES = [b"response %d" % place for place in range(5)]


class Seller:
    """An operator with a lock, by its own cold key, and a receipt key."""

    def __init__(self, paid: Promised, role: str) -> None:
        self.paid, self.suite, self.market = paid, paid.suite, paid.market
        self.account = paid.lock(role)
        self.chain = paid.by(self.account)
        self.key = Account.from_role(f"{role} receipts")
        name_key(self.chain, paid.suite, paid.client.chain_id, self.key, KeyKind.RECEIPT)
        set_cap(self.chain, paid.suite, self.key.address, needed_for(RESTITUTION))
        self.offer = Offer(paid.token.address, 100, 0, 0, 0, 3_600)

    @property
    def address(self) -> str:
        return self.account.address

    def serve(self, days: int = 30) -> int:
        last = self.paid.client.now + days * DAY
        services.serve(self.chain, self.suite, NOWHERE, self.offer, ENDPOINT, last)
        return last

    def channel(self, salt: int) -> tuple[Channel, bytes]:
        payer = self.paid.payer.address
        channel = Channel(payer, payer, self.address, self.address, self.paid.token.address, DAY, salt.to_bytes(32))
        return channel, self.paid.deposit(channel, COIN)

    def cover(self, channel: Channel, channel_id: bytes, price: int = COIN) -> Cover:
        now = self.paid.client.now
        cover = Cover(channel_id, RESTITUTION, price, now + DAY, now + 600)
        signed = sign_cover(self.paid.receipts.domain, self.key, self.address, cover)
        covers.open_cover(self.paid.by(self.paid.payer), self.suite, channel, signed)
        return cover

    def claim(self, channel: Channel, channel_id: bytes, amount: int) -> None:
        voucher = self.paid.vouchers.sign(self.paid.payer, channel_id, amount)
        self.paid.channels.claim([((channel.values, amount), voucher, amount)], sender=self.account)

    def receipt(self, request: bytes, response: bytes, **changes: Any) -> Receipt:
        plain = Receipt(
            NOWHERE, 1, NOWHERE, 0, NOWHERE, keccak256(request), keccak256(response), NOWHERE, NOWHERE, NOWHERE,
            1, 1, 1, 1, Evidence.UNVERIFIED, self.paid.client.now,
        )  # fmt: skip
        return replace(plain, **changes)

    def sign(self, receipt: Receipt) -> SignedReceipt:
        return self.paid.receipts.sign(self.key, [receipt])[0]


@pytest.fixture
def sell(paid: Promised) -> Callable[[str], Seller]:
    return lambda role: Seller(paid, role)


@pytest.fixture
def payer(paid: Promised) -> RpcDeployer:
    return paid.by(paid.payer)


def refused(reason: str, call: Callable[[], Any]) -> None:
    """By the contract, in its words; what to do is said beside them."""
    with pytest.raises(Revert) as caught:
        call()
    assert (caught.value.reason, bool(caught.value.remedy)) == (reason, True)


def test_a_service_from_its_offer_to_its_last_coin(paid: Promised, sell: Any) -> None:
    seller = sell("whole seller")
    with pytest.raises(CheckFailed, match="serves no such environment now"):
        services.change_offer(seller.chain, seller.suite, NOWHERE, seller.offer, ENDPOINT)
    last = seller.serve()
    assert read_service(seller.market, seller.address, NOWHERE).reserve == service_reserve(seller.market)
    dearer = replace(seller.offer, request=200)
    since = services.change_offer(seller.chain, seller.suite, NOWHERE, dearer, ENDPOINT)
    assert since >= paid.client.now + DAY - 1
    cheaper = replace(seller.offer, request=50)
    refused(
        "compute: offer is under notice",
        lambda: services.change_offer(seller.chain, seller.suite, NOWHERE, cheaper, ENDPOINT),
    )
    where = (paid.client, seller.market, seller.address, NOWHERE)
    assert [item.offer for item in offers_of(*where)] == [seller.offer, dearer]
    served = served_of(*where)
    assert served is not None
    assert (served.endpoint, served.last) == (ENDPOINT, last)
    with pytest.raises(UsageError, match="an endpoint of 300 characters"):
        services.serve(seller.chain, seller.suite, NOWHERE, dearer, "x" * 300, last)
    services.bind(seller.chain, seller.suite)
    services.end(seller.chain, seller.suite, NOWHERE)
    refused("compute: service has ended", lambda: services.end(seller.chain, seller.suite, NOWHERE))
    settle = (seller.chain, seller.suite, seller.address, [NOWHERE], [])
    refused("compute: still open to claims", lambda: services.settle(*settle))
    with pytest.raises(UsageError, match="17 promises in one call"):
        services.settle(seller.chain, seller.suite, seller.address, [NOWHERE] * 17, [])
    number = paid.anvil.snapshot()
    warp(paid.client, 11 * DAY)
    services.settle(*settle)
    refused("compute: no service", lambda: services.settle(*settle))
    services.unlock(seller.chain, seller.suite, LOCKED)
    assert services.withdraw(seller.chain, seller.suite) == 0
    paid.anvil.restore(number)


def test_a_cover_is_opened_and_freed_by_its_payer(paid: Promised, sell: Any, payer: RpcDeployer) -> None:
    seller = sell("covering seller")
    channel, channel_id = seller.channel(1)
    cover = seller.cover(channel, channel_id)
    signed = sign_cover(paid.receipts.domain, seller.key, seller.address, cover)
    refused("compute: signature was used", lambda: covers.open_cover(payer, seller.suite, channel, signed))
    other, other_id = seller.channel(2)
    refused("caps: over the key's cap", lambda: seller.cover(other, other_id))
    refused("compute: another channel", lambda: seller.cover(other, channel_id))
    refused("compute: not the payer", lambda: covers.release(seller.chain, seller.suite, channel_id, seller.address))
    covers.release(payer, seller.suite, channel_id, seller.address)
    assert covers.read_cover(seller.market, channel_id, seller.address).reserve == 0
    refused("compute: no cover", lambda: covers.release(payer, seller.suite, channel_id, seller.address))
    seller.cover(other, other_id, price=0)


def test_a_demand_is_answered_or_closed(paid: Promised, sell: Any, payer: RpcDeployer) -> None:
    seller = sell("asked seller")
    channel, channel_id = seller.channel(1)
    seller.cover(channel, channel_id)
    ask = (payer, seller.suite, channel, seller.address, 100, b"a request")
    refused("compute: fee was not paid", lambda: demands.demand(*ask))
    seller.claim(channel, channel_id, 200)
    with pytest.raises(UsageError, match="a request of 2,049 bytes"):
        demands.demand(payer, seller.suite, channel, seller.address, 100, b"x" * 2_049)
    deadline = demands.demand(*ask)
    [found] = demands.open_demands(paid.client, seller.market, operator=seller.address)
    assert (found.channel_id, found.state.deadline, found.request) == (channel_id, deadline, b"a request")
    refused("compute: demand is open", lambda: demands.demand(*ask))
    close = (payer, seller.suite, channel_id, seller.address)
    refused("compute: no answer is overdue", lambda: demands.close(*close))
    right = seller.sign(seller.receipt(b"a request", b"a response", channel_id=channel_id))
    refused("compute: not the answer", lambda: demands.answer(payer, seller.suite, right, b"another response"))
    with pytest.raises(UsageError, match="an answer of 4,097 bytes"):
        demands.answer(payer, seller.suite, right, b"x" * 4_097)
    demands.answer(payer, seller.suite, right, b"a response")
    assert demands.answer_in_log(paid.client, seller.market, channel_id, seller.address) == b"a response"
    assert demands.open_demands(paid.client, seller.market, channel_id=channel_id) == []
    refused("compute: no answer is due", lambda: demands.answer(payer, seller.suite, right, b"a response"))
    assert services.withdraw(seller.chain, seller.suite) == seller.market.bond()
    number = paid.anvil.snapshot()
    demands.demand(*ask)
    warp(paid.client, DAY + 60)
    demands.close(*close)
    assert covers.read_cover(seller.market, channel_id, seller.address).reserve == 0
    assert services.withdraw(payer, seller.suite) >= seller.market.bond() + 100
    paid.anvil.restore(number)


def test_an_order_is_placed_worked_off_opened_and_paid(paid: Promised, sell: Any, payer: RpcDeployer) -> None:
    seller = sell("ordered seller")
    number = paid.anvil.snapshot()
    seller.serve()
    warp(paid.client, 1)
    place = (payer, seller.suite, seller.address, NOWHERE)
    tree, deadline = orders.request_tree(REQUESTS), paid.client.now + DAY
    book = seller.suite.at(paid.client, "ComputeOrders")
    first = orders.place(*place, tree.root, 5, fee=FEE, deadline=deadline)
    orders.cancel(payer, seller.suite, first)
    refused("orders: order is over", lambda: orders.accept(seller.chain, seller.suite, first))
    with pytest.raises(CheckFailed, match="is over"):
        open_order(book, first)
    assert services.withdraw(payer, seller.suite, contract=ORDERS) == FEE
    order = orders.place(*place, tree.root, 5, fee=FEE, deadline=deadline)
    refused("orders: not the provider", lambda: orders.accept(payer, seller.suite, order))
    orders.accept(seller.chain, seller.suite, order)
    refused("orders: order is accepted", lambda: orders.cancel(payer, seller.suite, order))
    channel_id = bytes(book.channel_of(order))
    receipts = [
        seller.receipt(request, response, channel_id=channel_id, number=place + 1)
        for place, (request, response) in enumerate(zip(REQUESTS, RESPONSES, strict=True))
    ]
    results = orders.result_tree(receipts)
    orders.submit(seller.chain, seller.suite, order, paid.receipts.sign(seller.key, receipts))
    orders.demand(payer, seller.suite, order, 3, REQUESTS[3], tree.proof(3))
    [asked] = demands_of(paid.client, book, order)
    assert (asked.index, asked.request) == (3, REQUESTS[3])
    refused("orders: the client may still ask", lambda: orders.complete(seller.chain, seller.suite, order))
    shown = (order, 3, RESPONSES[3], receipts[3], results.proof(3))
    orders.answer(seller.chain, seller.suite, *shown)
    refused("orders: no demand is open", lambda: orders.answer(seller.chain, seller.suite, *shown))
    found = orders_of(paid.client, book, provider=seller.address)
    assert [item.state(paid.client.now) for item in found] == ["over", "submitted"]
    warp(paid.client, DAY + 60)
    assert read_order(book, order).state(paid.client.now) == "payable"
    orders.complete(seller.chain, seller.suite, order)
    assert read_order(book, order).over
    with pytest.raises(UsageError, match="there is no order"):
        read_order(book, order + 1)
    paid.anvil.restore(number)


def test_an_order_that_is_not_opened_or_not_worked_off_goes_back(paid: Promised, sell: Any, payer: RpcDeployer) -> None:
    seller = sell("idle seller")
    number = paid.anvil.snapshot()
    seller.serve()
    warp(paid.client, 1)
    place = (payer, seller.suite, seller.address, NOWHERE)
    tree, deadline = orders.request_tree(REQUESTS), paid.client.now + DAY
    late, hidden = (orders.place(*place, tree.root, 5, fee=FEE, deadline=deadline) for _ in range(2))
    orders.accept(seller.chain, seller.suite, hidden)
    nothing = seller.sign(seller.receipt(b"of nothing", b"a hash of nothing"))
    orders.submit(seller.chain, seller.suite, hidden, [nothing])
    orders.demand(payer, seller.suite, hidden, 0, REQUESTS[0], tree.proof(0))
    refused("orders: results may still come", lambda: orders.refund(payer, seller.suite, late))
    warp(paid.client, DAY + 60)
    orders.close(payer, seller.suite, hidden, 0)
    orders.refund(payer, seller.suite, late)
    book = seller.suite.at(paid.client, "ComputeOrders")
    assert services.withdraw(payer, seller.suite, contract=ORDERS) == 2 * FEE + book.bond()
    paid.anvil.restore(number)


def test_nothing_is_approved_for_what_would_be_refused(paid: Promised, sell: Any) -> None:
    """Who has no coins hears it first, and leaves no approval behind."""
    seller = sell("poor seller")
    poor = paid.by(paid.anvil.account("a client without coins"))
    tree = orders.request_tree(REQUESTS)
    with pytest.raises(CheckFailed, match="has 0 coins, 40 are needed"):
        orders.place(poor, seller.suite, seller.address, NOWHERE, tree.root, 5, fee=FEE, deadline=paid.client.now + DAY)
    assert paid.token.allowance(poor.sender, seller.suite["ComputeOrders"]) == 0
