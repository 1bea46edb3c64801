"""ComputeMarket.end, settle, unlock and bind: a reserve ends with its evidence window, however its promise ends."""

from __future__ import annotations

import ape

from keifu.units import DAY
from tests.unit.compute_market.conftest import (
    COVER_RESERVE,
    LOCKED,
    NOWHERE,
    SERVICE_RESERVE,
    UNNAMED,
    WINDOW,
)


def test_end_begins_the_evidence_window(market, served, operator, production):
    """CMP-4"""
    receipt = market.end(operator, production, sender=operator)
    (event,) = receipt.events.filter(market.Ended)
    now = receipt.timestamp
    assert (event.operator, event.until) == (operator, now + WINDOW)
    service = market.service(operator, production)
    assert (service.last, service.until, service.reserve) == (now, now + WINDOW, SERVICE_RESERVE)


def test_only_its_operator_ends_a_service(market, hub, served, operator, owner, stranger, production):
    with ape.reverts("compute: not the operator"):
        market.end(operator, production, sender=stranger)
    hub.remove_service(market, sender=owner)
    market.end(operator, production, sender=stranger)


def test_it_ends_once(market, served, operator, production, chain):
    with ape.reverts("compute: no service"):
        market.end(operator, NOWHERE, sender=operator)
    with chain.isolate():
        market.end(operator, production, sender=operator)
        with ape.reverts("compute: service has ended"):
            market.end(operator, production, sender=operator)
    chain.pending_timestamp = served
    with ape.reverts("compute: service has ended"):
        market.end(operator, production, sender=operator)


def test_settle_to_the_second(market, served, operator, production, stranger, chain):
    """CMP-4"""
    chain.pending_timestamp = served + WINDOW
    with ape.reverts("compute: still open to claims"):
        market.settle(operator, [production], [], sender=stranger)
    chain.pending_timestamp = served + WINDOW + 1
    receipt = market.settle(operator, [production], [], sender=stranger)
    assert market.Settled(operator=operator, environment=production) in receipt.events
    assert market.reserved(operator) == 0 == market.service(operator, production).reserve
    with ape.reverts("compute: no service"):
        market.settle(operator, [production], [], sender=stranger)


def test_settle_a_cover_to_the_second(market, covered, channel_id, operator, key, stranger, chain):
    """CMP-4"""
    until = covered.last + WINDOW
    chain.pending_timestamp = until
    with ape.reverts("compute: still open to claims"):
        market.settle(operator, [], [channel_id], sender=stranger)
    chain.pending_timestamp = until + 1
    receipt = market.settle(operator, [], [channel_id], sender=stranger)
    assert market.CoverFreed(channel=channel_id, operator=operator) in receipt.events
    assert market.reserved(operator) == SERVICE_RESERVE
    assert market.cap(operator, key.address)[1] == 0
    with ape.reverts("compute: no cover"):
        market.settle(operator, [], [channel_id], sender=stranger)


def test_a_cover_of_which_an_answer_is_due_stays(market, covered, asked, channel_id, operator, stranger, chain):
    """CMP-4: a demand of the last second is answered for."""
    chain.pending_timestamp = covered.last + WINDOW - 1
    asked()
    chain.pending_timestamp += 10
    with ape.reverts("compute: demand is open"):
        market.settle(operator, [], [channel_id], sender=stranger)


def test_unlock_leaves_what_is_reserved(market, hub, covered, operator):
    """CMP-2"""
    free = LOCKED - SERVICE_RESERVE - COVER_RESERVE
    with ape.reverts("hub: more than the lock"):
        market.unlock(free + 1, [], [], sender=operator)
    market.unlock(free, [], [], sender=operator)
    assert hub.lock_of(market, operator) == market.reserved(operator) == SERVICE_RESERVE + COVER_RESERVE


def test_unlock_settles_what_is_due(market, hub, covered, served, operator, production, channel_id, chain):
    chain.pending_timestamp = max(served, covered.last) + WINDOW + 1
    market.unlock(LOCKED, [production], [channel_id], sender=operator)
    assert hub.lock_of(market, operator) == market.reserved(operator) == 0
    assert hub.credit(operator) >= LOCKED


def test_the_longest_lists(market, operator, stranger):
    """Sixteen services and covers in one call, and no more: each of them is looked at."""
    for lists in (([NOWHERE] * 17, []), ([], [NOWHERE] * 17)):
        with ape.reverts(UNNAMED):
            market.settle(operator, *lists, sender=stranger)
    with ape.reverts("compute: no service"):
        market.settle(operator, [NOWHERE] * 16, [], sender=stranger)
    with ape.reverts("compute: no cover"):
        market.settle(operator, [], [NOWHERE] * 16, sender=stranger)
    market.settle(operator, [], [], sender=stranger)


def test_bind_says_what_is_reserved(market, hub, covered, operator, stranger, chain):
    """The first promise of an epoch binds by itself; between them anybody says it."""
    assert hub.get_lock(market, operator).bound == SERVICE_RESERVE
    assert market.bind(operator, sender=stranger).return_value == SERVICE_RESERVE + COVER_RESERVE
    assert hub.get_lock(market, operator).bound == SERVICE_RESERVE + COVER_RESERVE


def test_the_first_promise_of_an_epoch_binds(market, hub, covered, cover, operator, chain):
    chain.pending_timestamp += DAY
    cover(deadline=chain.pending_timestamp + DAY, last=covered.last + 1)
    assert hub.get_lock(market, operator).bound == SERVICE_RESERVE + COVER_RESERVE
