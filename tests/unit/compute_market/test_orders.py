"""ComputeOrders: the fee of a batch goes once, to the provider or back to the client."""

from __future__ import annotations

from dataclasses import astuple, replace

import ape
import numpy as np
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import encode_args
from keifu.abi.eip712 import RECEIPT_BATCH
from keifu.keys import Account, keccak256
from keifu.merkle import build
from keifu.staking import KeyKind
from keifu.units import COIN, DAY
from tests.unit.compute_market.conftest import ANSWER_WINDOW, BOND, REWARD, sha

FEE = 40 * COIN
REQUESTS = [b"request %d" % index for index in range(20)]
RESPONSES = [b"response %d" % index for index in range(20)]


def leaves(rows):
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, 32)


@pytest.fixture(scope="module")
def requests():
    types = ["uint256", "bytes32"]
    rows = [keccak256(keccak256(encode_args(types, [at, keccak256(data)]))) for at, data in enumerate(REQUESTS)]
    return build(leaves(rows))


@pytest.fixture(scope="module")
def orders(project, deployer, market, token, payer, stranger):
    orders = project.ComputeOrders.deploy(market, ANSWER_WINDOW, BOND, sender=deployer)
    for who in (payer, stranger):
        token.approve(orders, 2**256 - 1, sender=who)
    return orders


@pytest.fixture
def placed(orders, served, operator, payer, production, requests, chain):
    """An order of the payer's to the operator; its number."""

    def placed(**changes):
        terms = {
            "provider": operator,
            "environment": production,
            "requests": requests.root,
            "count": len(REQUESTS),
            "fee": FEE,
            "deadline": chain.pending_timestamp + DAY,
        } | changes
        return orders.place(*terms.values(), sender=payer).return_value

    return placed


@pytest.fixture
def results(orders, receipt):
    """The tree over an order's receipts, and the receipts."""

    def results(order, **changes):
        channel_id = bytes(orders.channel_of(order))
        found = [
            receipt(
                channel_id=channel_id,
                number=at + 1,
                request_hash=keccak256(REQUESTS[at]),
                response_hash=keccak256(RESPONSES[at]),
                **{"time": orders.order_of(order).accepted, **changes},
            )
            for at in range(len(REQUESTS))
        ]
        return build(leaves([each.leaf for each in found])), found

    return results


@pytest.fixture(scope="module")
def sign(domain, key):
    """What the provider's receipt key signs for a batch."""

    def sign(root, by=key):
        return by.sign(domain.digest(RECEIPT_BATCH, root))

    return sign


@pytest.fixture
def submitted_with(orders, placed, results, sign, operator):
    """An order with its results, whose receipts are changed; its number, their tree and receipts."""

    def submitted_with(**changes):
        order = placed()
        orders.accept(order, sender=operator)
        tree, found = results(order, **changes)
        orders.submit(order, tree.root, sign(tree.root), sender=operator)
        return order, tree, found

    return submitted_with


@pytest.fixture
def submitted(submitted_with):
    return submitted_with()


@pytest.fixture
def ask(orders, requests, payer):
    def ask(order, index, sender=payer):
        return orders.demand(order, index, REQUESTS[index], list(requests.proof(index)), sender=sender)

    return ask


def test_constructor(project, deployer, market, stranger):
    for arguments, reason in (
        ((stranger, ANSWER_WINDOW, BOND), "orders: market is no contract"),
        ((market, 0, BOND), "orders: no time to answer"),
        ((market, ANSWER_WINDOW, 0), "orders: no bond"),
    ):
        with ape.reverts(reason):
            project.ComputeOrders.deploy(*arguments, sender=deployer)


def test_a_placed_order_holds_its_fee(orders, token, placed, payer, operator):
    order = placed()
    found = orders.order_of(order)
    assert (found.client, found.provider, found.fee, found.accepted, found.over) == (payer, operator, FEE, 0, False)
    assert token.balanceOf(orders) == FEE
    assert orders.order_count() == order + 1


def test_bad_orders(placed, chain):
    for changes, reason in (
        ({"provider": ZERO_ADDRESS}, "orders: no provider"),
        ({"count": 0}, "orders: bad count"),
        ({"count": 2**10 + 1}, "orders: bad count"),
        ({"fee": 0}, "orders: no fee"),
        ({"deadline": chain.pending_timestamp}, "orders: bad deadline"),
        ({"deadline": chain.pending_timestamp + 181 * DAY}, "orders: bad deadline"),
    ):
        with ape.reverts(reason):
            placed(**changes)


def test_cancel_before_it_is_accepted(orders, placed, payer, operator, stranger):
    """CMP-12"""
    order = placed()
    with ape.reverts("orders: not the client"):
        orders.cancel(order, sender=stranger)
    orders.cancel(order, sender=payer)
    assert orders.credits(payer) == FEE
    for call in (orders.cancel, orders.accept):
        with ape.reverts("orders: order is over"):
            call(order, sender=payer)
    second = placed()
    orders.accept(second, sender=operator)
    with ape.reverts("orders: order is accepted"):
        orders.cancel(second, sender=payer)
    with ape.reverts("orders: no such order"):
        orders.cancel(99, sender=payer)


def test_who_accepts(orders, market, placed, operator, stranger, name_key, accounts, domain):
    """The provider, or its transaction key."""
    order = placed()
    with ape.reverts("orders: not the provider"):
        orders.accept(order, sender=stranger)
    hot = accounts[13]
    key = Account(bytes.fromhex(hot.private_key.removeprefix("0x")))
    name_key(key, operator, KeyKind.TRANSACTION, cap=0)
    receipt = orders.accept(order, sender=hot)
    assert orders.Accepted(order=order) in receipt.events
    with ape.reverts("orders: order is accepted"):
        orders.accept(order, sender=operator)


def test_only_who_serves_until_then_accepts(orders, market, hub, placed, served, operator, owner, production, chain):
    """A provider without a lock behind its service takes no order."""
    for changes in ({"environment": bytes(32)}, {"deadline": served + 1}):
        order = placed(**changes)
        with ape.reverts("orders: no service until then"):
            orders.accept(order, sender=operator)
    order = placed()
    with chain.isolate():
        hub.remove_service(market, sender=owner)
        with ape.reverts("orders: market not listed"):
            orders.accept(order, sender=operator)
    chain.pending_timestamp += DAY + 100
    with ape.reverts("orders: deadline has passed"):
        orders.accept(order, sender=operator)


def test_results_in_time(orders, placed, operator, stranger, payer, chain):
    """CMP-12: past the deadline anybody returns the fee."""
    order = placed()
    with ape.reverts("orders: order is not accepted"):
        orders.submit(order, sha("root"), b"", sender=operator)
    orders.accept(order, sender=operator)
    with ape.reverts("orders: results may still come"):
        orders.refund(order, sender=stranger)
    with ape.reverts("orders: not the provider"):
        orders.submit(order, sha("root"), b"", sender=stranger)
    with ape.reverts("orders: nothing was submitted"):
        orders.complete(order, sender=operator)
    chain.pending_timestamp += DAY + 100
    with ape.reverts("orders: deadline has passed"):
        orders.submit(order, sha("root"), b"", sender=operator)
    receipt = orders.refund(order, sender=stranger)
    assert orders.Refunded(order=order, client=payer, amount=FEE) in receipt.events
    assert orders.credits(payer) == FEE


def test_a_provider_is_paid_after_the_client_s_window(orders, hub, submitted, operator, stranger, token, chain):
    """CMP-12"""
    order, _, _ = submitted
    with ape.reverts("orders: already submitted"):
        orders.submit(order, sha("root"), b"", sender=operator)
    until = orders.order_of(order).until
    chain.pending_timestamp = until
    with ape.reverts("orders: the client may still ask"):
        orders.complete(order, sender=stranger)
    chain.pending_timestamp = until + 1
    receipt = orders.complete(order, sender=stranger)
    assert orders.Completed(order=order, provider=operator, amount=FEE) in receipt.events
    assert token.balanceOf(orders) == 0
    for call in (orders.complete, orders.refund):
        with ape.reverts("orders: order is over"):
            call(order, sender=stranger)


def test_an_answer_is_opened(orders, submitted, ask, operator, stranger, payer, chain):
    order, tree, found = submitted
    ask(order, 7)
    assert orders.demand_of(order, 7) == chain.blocks.head.timestamp + ANSWER_WINDOW
    with ape.reverts("orders: asked before"):
        ask(order, 7)
    given = (order, 7, RESPONSES[7], astuple(found[7]), list(tree.proof(7)))
    for place, wrong, reason in (
        (2, b"other", "orders: another response"),
        (3, astuple(found[8]), "orders: another receipt"),
        (4, list(tree.proof(8)), "orders: not in the results"),
        (1, 8, "orders: no demand is open"),
    ):
        with ape.reverts(reason):
            orders.answer(*given[:place], wrong, *given[place + 1 :], sender=operator)
    with ape.reverts("orders: another request"):
        changed = (*astuple(found[7])[:5], sha("other"), *astuple(found[7])[6:])
        orders.answer(*given[:3], changed, given[4], sender=operator)
    orders.answer(*given, sender=stranger)
    assert (orders.credits(operator), orders.credits(stranger)) == (BOND, 0)
    assert orders.demand_of(order, 7) == 0
    with ape.reverts("orders: asked before"):
        ask(order, 7)
    chain.pending_timestamp += 2 * ANSWER_WINDOW
    orders.complete(order, sender=stranger)


def test_results_that_are_never_handed_out(orders, hub, submitted, ask, operator, stranger, payer, chain):
    """CMP-12: one that is not opened gives everything back, and each bond."""
    order, tree, found = submitted
    ask(order, 3)
    ask(order, 4)
    with ape.reverts("orders: no answer is overdue"):
        orders.close(order, 3, sender=stranger)
    chain.pending_timestamp += ANSWER_WINDOW + 10
    with ape.reverts("orders: the client may still ask"):
        orders.complete(order, sender=operator)
    with ape.reverts("orders: no answer is due"):
        orders.answer(order, 3, RESPONSES[3], astuple(found[3]), list(tree.proof(3)), sender=operator)
    orders.close(order, 3, sender=stranger)
    assert orders.credits(payer) == FEE + BOND
    orders.close(order, 4, sender=stranger)
    assert orders.credits(payer) == FEE + 2 * BOND
    with ape.reverts("orders: no demand is open"):
        orders.close(order, 4, sender=stranger)


def test_a_false_result_is_shown_to_the_market(market, submitted_with, sign, commit, weights, operator, prover):
    """CMP-1, CMP-12: every result has the signature of its submission, and the service answers for its time."""
    _, tree, found = submitted_with(digest=sha("swapped weights"))
    commit(prover, found[5])
    shown = (astuple(found[5]), list(tree.proof(5)), sign(tree.root))
    market.report([shown], weights.args, sender=prover)
    assert market.credits(prover) == REWARD
    assert market.reserved(operator) == 0


def test_results_are_signed_by_the_provider_s_key(
    orders, placed, results, sign, operator, other_operator, name_key, second_key
):
    """CMP-12"""
    order = placed()
    orders.accept(order, sender=operator)
    root = results(order)[0].root
    name_key(second_key, other_operator)
    for signature in (b"", sign(root, second_key), sign(sha("another root")), sign(root)[:64] + b"\x05"):
        with ape.reverts("orders: not the provider's key"):
            orders.submit(order, root, signature, sender=operator)
    receipt = orders.submit(order, root, sign(root), sender=operator)
    (event,) = receipt.events.filter(orders.Submitted)
    assert (bytes(event.results), bytes(event.signature)) == (root, sign(root))


def test_the_service_of_the_acceptance_runs_at_the_submission(
    orders, market, placed, serve, sign, operator, production, commit, lie, weights, prover, chain
):
    """CMP-12: who ended its service, or lost it, hands in nothing."""
    order = placed()
    orders.accept(order, sender=operator)
    with chain.isolate():
        market.end(operator, production, sender=operator)
        chain.mine()
        with ape.reverts("orders: no service until then"):
            orders.submit(order, sha("root"), sign(sha("root")), sender=operator)
    given = commit(prover, lie())
    market.report(given, weights.args, sender=prover)
    with ape.reverts("orders: no service until then"):
        orders.submit(order, sha("root"), sign(sha("root")), sender=operator)
    serve(operator, production)
    chain.mine()
    with ape.reverts("orders: no service until then"):
        orders.submit(order, sha("root"), sign(sha("root")), sender=operator)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"promotion_seq": 2}, "orders: no such promotion"),
        ({"time": 0}, "orders: another time"),
        ({"time": 2**63}, "orders: another time"),
    ],
)
def test_results_that_nothing_answers_for_are_not_opened(orders, submitted_with, ask, operator, changes, reason):
    """CMP-12: what could not be shown to the market counts for nothing."""
    order, tree, found = submitted_with(**changes)
    ask(order, 7)
    with ape.reverts(reason):
        orders.answer(order, 7, RESPONSES[7], astuple(found[7]), list(tree.proof(7)), sender=operator)


def test_times_between_acceptance_and_submission(orders, placed, results, ask, sign, operator, chain):
    """CMP-12: to the second."""
    order = placed()
    orders.accept(order, sender=operator)
    accepted = orders.order_of(order).accepted
    submitted = accepted + 600
    times = (accepted - 1, accepted, submitted, submitted + 1)
    found = [replace(results(order)[1][at], time=time) for at, time in enumerate(times)]
    tree = build(leaves([each.leaf for each in found]))
    chain.pending_timestamp = submitted
    orders.submit(order, tree.root, sign(tree.root), sender=operator)
    for at in range(4):
        ask(order, at)
        given = (order, at, RESPONSES[at], astuple(found[at]), list(tree.proof(at)))
        if at in (1, 2):
            orders.answer(*given, sender=operator)
        else:
            with ape.reverts("orders: another time"):
                orders.answer(*given, sender=operator)


def test_who_asks_and_when(orders, placed, submitted, ask, requests, payer, stranger, chain):
    order, _, _ = submitted
    with ape.reverts("orders: nothing was submitted"):
        ask(placed(), 1)
    with ape.reverts("orders: not the client"):
        ask(order, 1, sender=stranger)
    for index, proof in ((2, requests.proof(1)), (20, requests.proof(1))):
        with ape.reverts("orders: not in the order"):
            orders.demand(order, index, REQUESTS[1], list(proof), sender=payer)
    for index in range(16):
        ask(order, index)
    with ape.reverts("orders: too many demands"):
        ask(order, 16)


def test_too_late_to_ask(orders, submitted, ask, chain):
    order, _, _ = submitted
    until = orders.order_of(order).until
    with chain.isolate():
        chain.pending_timestamp = until
        ask(order, 1)
    chain.pending_timestamp = until + 1
    with ape.reverts("orders: too late to ask"):
        ask(order, 1)
