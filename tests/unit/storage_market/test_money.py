"""StorageMarket.withdraw, pay, unlock, bind, reserved, terms and offer."""

from __future__ import annotations

import ape

from ethwire.constants import ZERO_ADDRESS
from keifu.storage.states import EVIDENCE
from tests.unit.storage_market.conftest import (
    DAMAGES,
    EPOCH,
    GWEI,
    HORIZON,
    LEAF_BUFFER,
    LOCKED,
    PRICE,
    TIP,
    UNNAMED,
)

NEEDED = DAMAGES * GWEI + 8 * LEAF_BUFFER


def test_what_was_earned_is_paid(market, token, stored, proven_epoch, provider, stranger):
    """STO-1"""
    proven_epoch(2, provider)
    proven_epoch(3, provider)
    before = token.balanceOf(stranger)
    receipt = market.withdraw(stranger, sender=provider)
    assert receipt.return_value == 2 * PRICE * GWEI == token.balanceOf(stranger) - before
    assert market.ledger(provider).earned == 0
    with ape.reverts("payouts: nothing to pay"):
        market.withdraw(provider, sender=provider)


def test_credits_are_paid_with_it(market, deals, token, stored, to_epoch, seed, prove, provider, stranger):
    market.fund_tips(TIP, sender=stranger)
    to_epoch(2)
    market.open_epoch(2, sender=provider)
    assert market.withdraw(provider, sender=provider).return_value == TIP


def test_who_is_owed_nothing(market, deals, client):
    with ape.reverts("payouts: nothing to pay"):
        market.withdraw(client, sender=client)


def test_receivers_that_are_none(market, deals, client):
    for receiver in (ZERO_ADDRESS, market):
        with ape.reverts("storage: no receiver"):
            market.withdraw(receiver, sender=client)


def test_pay_by_anybody(market, token, stored, to_epoch, deals, client, stranger):
    """For contracts that cannot ask for it: what was credited, to whom it was credited."""
    to_epoch(stored.end + EVIDENCE)
    deals.refund(stored.id, [0, 1], sender=stranger)
    before = token.balanceOf(client)
    market.pay(client, sender=stranger)
    assert token.balanceOf(client) - before == 2 * 20 * PRICE * GWEI


def test_what_no_promise_needs_is_unlocked(market, hub, stored, provider):
    """STO-3"""
    with ape.reverts("hub: more than the lock"):
        market.unlock(LOCKED - NEEDED + 1, sender=provider)
    market.unlock(LOCKED - NEEDED, sender=provider)
    assert hub.lock_of(market, provider) == NEEDED == market.reserved(provider)


def test_unlocking_settles_first(market, hub, stored, missed_epoch, to_epoch, provider):
    """STO-7: nobody takes back what a miss costs."""
    missed_epoch(2)
    missed_epoch(3)
    to_epoch(4)
    with ape.reverts("hub: more than the lock"):
        market.unlock(LOCKED - NEEDED, sender=provider)
    market.unlock(LOCKED - NEEDED - LEAF_BUFFER, sender=provider)


def test_a_reserve_ends_after_the_window(market, deals, hub, stored, proven_epoch, to_epoch, provider, disks):
    """STO-3: damages three epochs after the promise's end, the buffer when the shard is cleared."""
    for epoch in range(2, stored.end + 1):
        proven_epoch(epoch, provider)
    deals.clear([disks[str(provider)].gone(stored.id, 0, 0)], sender=provider)
    assert market.reserved(provider) == DAMAGES * GWEI
    to_epoch(stored.end + 2)
    with ape.reverts("hub: more than the lock"):
        market.unlock(LOCKED, sender=provider)
    to_epoch(stored.end + 3)
    market.unlock(LOCKED, sender=provider)
    assert hub.lock_of(market, provider) == market.reserved(provider) == 0


def test_what_promises_need_is_bound(market, hub, stored, provider, stranger):
    assert market.bind(provider, sender=stranger).return_value == NEEDED
    assert hub.get_lock(market, provider).bound == NEEDED


def test_terms(market, deals):
    found = market.terms()
    assert found.evidence_window == 10 * EPOCH <= HORIZON
    assert market.EVIDENCE() == 3
    assert (found.rounds, found.court, found.smallest) == (0, ZERO_ADDRESS, 0)
    assert found.largest == (2**64 - 1) * GWEI


def test_an_offer_is_an_event(market, deals, provider):
    receipt = market.offer(PRICE, 5, "https://storage.example", sender=provider)
    (event,) = receipt.events.filter(market.Offered)
    assert event.event_arguments["provider"] == provider
    assert (event.price, event.restitution, event.url) == (PRICE, 5, "https://storage.example")
    with ape.reverts(UNNAMED):
        market.offer(PRICE, 5, "u" * 257, sender=provider)


def test_only_the_deals_change_ledgers(market, stored, provider, client):
    """STO-9"""
    for call, arguments in (
        (market.store, (provider, provider, [])),
        (market.prolong, (provider, provider, 0, 0, 1, 2)),
        (market.shorten, (provider, provider, 0, 0, 1, 2)),
        (market.stop, (provider, provider, 0, 0, 1, 2)),
        (market.lose, (provider, provider, 0, 0, 1, 2, True)),
        (market.clear, (provider, [])),
        (market.credit, (client, 1)),
    ):
        with ape.reverts("storage: only the deals"):
            call(*arguments, sender=client)
