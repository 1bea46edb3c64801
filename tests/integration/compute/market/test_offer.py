"""A node's offer: made once whatever happens to the process, changed with notice, ended by its owner's word."""

from __future__ import annotations

import signal
from collections.abc import Callable
from itertools import count
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.chain.logs import find_events
from keifu.compute.market import offers_of, read_service
from keifu.compute.promises import Offer
from keifu.compute.wire import unpack
from keifu.keys import Account
from keifu.local.suite import warp
from keifu.node.compute.making import leave, offer_again
from keifu.units import DAY
from tests.integration.compute.conftest import PaidNode, until
from tests.integration.compute.market.conftest import CAP, ENDPOINT, FEE, Promised
from tests.integration.compute.test_node import ask, payment

Provide = Callable[..., PaidNode]
NOWHERE = bytes(32)


def events(paid: Promised, name: str, node: PaidNode) -> list[Any]:
    return [log.args for log in find_events(paid.client, paid.market, name, operator=node.account)]


def test_a_service_is_offered_once_by_a_key_of_its_own(paid: Promised, provide: Provide) -> None:
    """Killed and started again twice, it has named one key, set one cap and served once."""
    node = provide("offering provider")
    until(lambda: paid.market.cap(node.account, receipt_key(node))[0] == CAP, node.process)
    for _ in range(2):
        node.end(signal.SIGKILL)
        node.run()
        head = paid.client.rpc.block_number()
        until(lambda: node.status()["market"]["services"] != {}, node.process)
        assert paid.client.rpc.block_number() == head
    [served] = events(paid, "Served", node)
    assert served["endpoint"] == ENDPOINT
    assert [item["offer"] for item in events(paid, "OfferAnnounced", node)] == [
        Offer(paid.token.address, FEE, 0, 0, 0, 3_600).args
    ]
    [named] = events(paid, "KeyRegistered", node)
    assert named["key"].lower() == receipt_key(node) != node.account.lower()
    assert len(events(paid, "CapSet", node)) == 1


def test_a_node_is_not_ready_before_its_service_is_found(paid: Promised, provide: Provide) -> None:
    """`keifu up` waits for that: what a newcomer types next finds a provider."""
    node = provide("provider nobody finds yet")
    until(lambda: read_service(paid.market, node.account, NOWHERE).runs(paid.client.now), node.process)
    assert node.end() == 0
    warp(paid.client, read_service(paid.market, node.account, NOWHERE).last + 1 - paid.client.now)
    paid.client.rpc.call("evm_setAutomine", False)
    try:
        node.run()
        until(lambda: paid.client.rpc.call("txpool_status")["pending"] != "0x0", node.process)
        assert node.status()["trouble"] == f"environment {NOWHERE.hex()} is not offered at the market yet"
    finally:
        paid.client.rpc.call("evm_setAutomine", True)
        paid.client.rpc.call("evm_mine")
    until(lambda: not node.status()["trouble"], node.process)
    assert read_service(paid.market, node.account, NOWHERE).runs(paid.client.now)


def test_receipts_are_signed_by_the_receipt_key(paid: Promised, provide: Provide) -> None:
    node = provide("signing provider")
    channel, _ = paid.paid_for(node, 1)
    answer = until(lambda: found if (found := ask(node, payment(paid, channel, FEE))).status_code == 200 else None)
    receipt = unpack(answer.headers["keifu-receipt"])
    signer = paid.receipts.signer(receipt)
    assert signer == receipt_key(node)
    assert paid.market.operator_of(signer, 2, receipt.receipt.time).lower() == node.account.lower()


def test_another_price_counts_after_notice(paid: Promised, provide: Provide) -> None:
    """Until then nobody is charged more than the old one; a payment for the old price is refused after it."""
    node = provide("dearer provider")
    channel, _ = paid.paid_for(node, 2)
    assert until(lambda: ask(node, payment(paid, channel, FEE)).status_code == 200)
    assert node.end() == 0
    dearer = f"compute.models.words.request={2 * FEE}"
    node.run(dearer)
    until(lambda: len(events(paid, "OfferAnnounced", node)) == 2, node.process)
    assert ask(node, payment(paid, channel, 2 * FEE)).status_code == 200
    warp(paid.client, DAY + 60)
    sums = count(3 * FEE, FEE)
    refused = until(
        lambda: found if (found := ask(node, payment(paid, channel, next(sums)))).status_code != 200 else None
    )
    assert refused.json()["error"]["code"] == "cumulative_amount_mismatch"
    assert refused.json()["error"]["message"].startswith(f"the price is {2 * FEE}")
    found = offers_of(paid.client, paid.market, node.account, NOWHERE)
    assert [item.offer.request for item in found] == [FEE, 2 * FEE]


def test_a_service_that_was_ended_begins_anew_by_its_owners_word(paid: Promised, provide: Provide) -> None:
    node = provide("leaving provider")
    last = read_service(paid.market, node.account, NOWHERE).last
    leave(node.folder)
    until(lambda: read_service(paid.market, node.account, NOWHERE).last < last, node.process)
    assert node.end() == 0
    (node.folder / "leaving").unlink()
    node.run()
    until(lambda: "begins it anew" in node.status()["trouble"], node.process)
    offer_again(node.folder)
    until(lambda: read_service(paid.market, node.account, NOWHERE).last >= last, node.process)
    until(lambda: not node.status()["trouble"], node.process)
    assert len(events(paid, "Served", node)) == 2


def test_without_coins_nothing_is_offered_and_the_remedy_is_said(paid: Promised, make: Callable[..., PaidNode]) -> None:
    node = make("poor provider", {"endpoint": ENDPOINT, "cap": CAP}).run()
    trouble = until(lambda: found if "refuses" in (found := node.status()["trouble"]) else "", node.process)
    assert "compute: lock too small (lock more coins behind ComputeMarket" in trouble
    assert read_service(paid.market, node.account, NOWHERE).since == 0


def test_a_key_of_somebody_else_signs_nothing(paid: Promised, make: Callable[..., PaidNode]) -> None:
    """Where the operator's key is elsewhere, the node waits until its owner has named the receipt key."""
    cold = paid.lock("cold operator")
    node = make("hot provider", {"endpoint": ENDPOINT, "cap": CAP, "operator": cold.address}).run()
    channel, _ = paid.paid_for(node, 3)
    refused = until(lambda: found if (found := ask(node, payment(paid, channel, FEE))).status_code == 503 else None)
    assert "does not speak for" in refused.json()["error"]["message"]
    assert paid.market.key(receipt_key(node))[0] == ZERO_ADDRESS


def receipt_key(node: PaidNode) -> str:
    return Account.from_role(f"{node.folder.name} receipt").address.lower()
