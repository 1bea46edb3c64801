"""StorageDeals.declare_lost: three misses in a row, or a buffer that nobody filled, and the client is paid."""

from __future__ import annotations

import ape
import pytest

from tests.unit.storage_market.conftest import DAMAGES, GWEI, LEAF_BUFFER, LOCKED, PRICE, RESTITUTION, TERM

ARRIVED = DAMAGES * GWEI * 4 // 5
ESCROW = PRICE * TERM * GWEI


@pytest.fixture
def absent(missed_epoch, to_epoch):
    """Three epochs are missed, from the second on."""

    def absent(first=2, count=3):
        for epoch in range(first, first + count):
            missed_epoch(epoch)
        to_epoch(first + count)

    return absent


def test_the_client_is_paid(market, deals, hub, stored, absent, provider, client, stranger):
    """STO-3, STO-11: restitution from the shard's own reserve; a reward for whoever says so."""
    absent()
    receipt = deals.declare_lost(stored.id, 0, sender=stranger)
    assert LOCKED - hub.lock_of(market, provider) == DAMAGES * GWEI + 2 * LEAF_BUFFER
    settling = 2 * LEAF_BUFFER // 10 * 4 // 5 // 2
    assert market.credits(client) == RESTITUTION * GWEI
    assert market.credits(stranger) == RESTITUTION * GWEI // 10 + settling
    bounty = deals.bounties(stored.id, 0)
    assert bounty == RESTITUTION * GWEI // 4 == ARRIVED - RESTITUTION * GWEI * 11 // 10
    (event,) = receipt.events.filter(deals.ShardLost)
    assert (bytes(event.deal), event.index) == (stored.id, 0)
    assert event.event_arguments["provider"] == provider
    assert (event.restitution, event.reward) == (RESTITUTION * GWEI, RESTITUTION * GWEI // 10)
    assert event.bounty == bounty
    ledger = market.ledger(provider)
    assert (ledger.damages, ledger.rate, ledger.misses) == (0, 0, 3)
    shard = deals.shard(stored.id, 0)
    assert (shard.end, shard.state) == (5, 2)


def test_once(deals, stored, absent, stranger):
    absent()
    deals.declare_lost(stored.id, 0, sender=stranger)
    with ape.reverts("deals: shard is not stored"):
        deals.declare_lost(stored.id, 0, sender=stranger)


def test_two_misses_lose_nothing(deals, stored, absent, stranger):
    absent(count=2)
    with ape.reverts("storage: shard is not lost"):
        deals.declare_lost(stored.id, 0, sender=stranger)


def test_a_proof_cures_it(deals, stored, absent, proven_epoch, provider, stranger):
    absent()
    proven_epoch(5, provider)
    with ape.reverts("storage: shard is not lost"):
        deals.declare_lost(stored.id, 0, sender=stranger)


def test_whoever_proves_loses_nothing(deals, stored, proven_epoch, provider, stranger):
    """STO-7"""
    for epoch in range(2, 8):
        proven_epoch(epoch, provider)
    with ape.reverts("storage: shard is not lost"):
        deals.declare_lost(stored.id, 0, sender=stranger)


def test_misses_after_the_end_are_nothing_to_it(deals, stored, absent, proven_epoch, provider, stranger, market):
    """The third miss comes in the epoch in which the promise has ended."""
    proven_epoch(stored.end - 3, provider)
    absent(stored.end - 2)
    with ape.reverts("storage: shard is not lost"):
        deals.declare_lost(stored.id, 0, sender=stranger)
    assert market.ledger(provider).third in (0, stored.end)


def test_misses_before_the_end_are(deals, stored, absent, proven_epoch, provider, stranger):
    proven_epoch(stored.end - 4, provider)
    absent(stored.end - 3)
    deals.declare_lost(stored.id, 0, sender=stranger)


def test_until_the_window_is_over(deals, market, stored, absent, proven_epoch, to_epoch, provider, stranger, chain):
    absent(stored.end - 3)
    to_epoch(stored.end + 2)
    with chain.isolate():
        deals.declare_lost(stored.id, 0, sender=stranger)
    to_epoch(stored.end + 3)
    with ape.reverts("storage: evidence window is over"):
        deals.declare_lost(stored.id, 0, sender=stranger)
    market.settle(provider, sender=stranger)
    assert market.ledger(provider).damages == 0


def test_what_is_left_goes_back(market, deals, token, stored, absent, proven_epoch, provider, client, stranger):
    """STO-1: the escrow that was not earned, and the bounty that nobody took; the ledgers still balance."""
    proven_epoch(2, provider)
    absent(3)
    deals.declare_lost(stored.id, 0, sender=stranger)
    with ape.reverts("deals: may still be repaired"):
        deals.refund(stored.id, [0], sender=stranger)
    before = market.credits(client)
    deals.refund(stored.id, [0], sender=client)
    assert market.credits(client) - before == ESCROW - PRICE * GWEI + RESTITUTION * GWEI // 4
    owed = sum(market.credits(who) for who in (client, stranger, provider)) + market.pot()
    assert token.balanceOf(market) == owed + market.ledger(provider).earned * GWEI + ESCROW


def test_by_anybody_after_the_deal(deals, stored, absent, to_epoch, stranger):
    absent()
    deals.declare_lost(stored.id, 0, sender=stranger)
    to_epoch(stored.end)
    deals.refund(stored.id, [0], sender=stranger)


def test_a_buffer_that_stays_empty(market, deals, stored, missed_epoch, proven_epoch, to_epoch, provider, stranger):
    """STO-8: seven epochs to fill it, though it proves again; then its shards are lost."""
    market.unlock(LOCKED - market.reserved(provider), sender=provider)
    for epoch in range(2, 12):
        missed_epoch(epoch)
    for epoch in range(12, 19):
        proven_epoch(epoch, provider)
    assert market.ledger(provider).dry == 12
    with ape.reverts("storage: shard is not lost"):
        deals.declare_lost(stored.id, 0, sender=stranger)
    proven_epoch(19, provider)
    deals.declare_lost(stored.id, 0, sender=stranger)


def test_only_a_shard_that_is_stored(deals, open_deal, provider, data, stranger):
    deal = open_deal((provider, data))
    with ape.reverts("deals: shard is not stored"):
        deals.declare_lost(deal.id, 0, sender=stranger)


def test_who_loses_to_itself_loses(market, deals, hub, open_deal, accept, absent, provider, data):
    """A provider that is client and prover too: what it gets back is less than what it lost."""
    deal = open_deal((provider, data), sender=provider)
    accept(deal)
    absent()
    deals.declare_lost(deal.id, 0, sender=provider)
    deals.refund(deal.id, [0], sender=provider)
    gained = market.credits(provider) - ESCROW
    lost = LOCKED - hub.lock_of(market, provider)
    assert gained < lost * 4 // 5 + 1
