"""StorageDeals.accept: the provider that a deal's root names takes its shard, and reserves for it."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from keifu.spec.storage import Range, Shard, deal_id, deal_root, leaves_of, root
from tests.unit.storage_market.conftest import (
    DAMAGES,
    GWEI,
    LEAF_BUFFER,
    LOCKED,
    PRICE,
    TERM,
    stream,
)


@pytest.fixture
def deal(open_deal, provider, other_provider, data, other_data):
    return open_deal((provider, data), (other_provider, other_data))


def test_a_shard_is_stored_and_reserved(market, deals, deal, accept, provider, data):
    """STO-2, STO-3"""
    receipt = accept(deal)
    shard = deals.shard(deal.id, 0)
    assert tuple(shard) == (provider, 0, 2, deal.end, 1)
    ledger = market.ledger(provider)
    assert (ledger.stored, ledger.drawn_from, ledger.epoch, ledger.shards) == (8, 0, 1, 1)
    assert (ledger.rate, ledger.pending, ledger.damages, ledger.earned) == (0, PRICE, DAMAGES, 0)
    assert market.reserved(provider) == DAMAGES * GWEI + 8 * LEAF_BUFFER
    assert market.shards_of(provider) == 1
    (event,) = receipt.events.filter(deals.ShardAccepted)
    assert (bytes(event.deal), event.index, event.ordinal) == (deal.id, 0, 0)
    assert event.event_arguments["provider"] == provider
    assert bytes(event.shard) == root(leaves_of(data))
    assert event.leaves == 8
    assert market.peak(provider, 0) == Shard(tuple(leaves_of(data))).word


def test_the_sequence_is_that_of_the_format(market, open_deal, accept, provider):
    """STO-4: peaks as docs/storage-format.md has them, after each of nine shards."""
    stored = []
    for number in range(9):
        data = stream(f"shard {number}", number + 1)
        accept(open_deal((provider, data), salt=bytes([number]) * 32, restitution=0))
        stored.append(Shard(tuple(leaves_of(data))))
        for (height, _), peak in Range(list(stored)).kept.items():
            assert market.peak(provider, height) == peak
    assert market.ledger(provider).stored == 45


def test_nobody_else_accepts(deals, deal, other_provider, stranger):
    for who in (other_provider, stranger):
        with ape.reverts("deals: not in the deal"):
            deals.accept(deal.item(0), sender=who)


def test_only_what_the_root_names(deals, deal, provider, data):
    """Another place, shard, size or path."""
    known, index, shard, leaves, path = deal.item(0)
    for item, reason in (
        ((known, 1, shard, leaves, path), "deals: not in the deal"),
        ((known, 2, shard, leaves, path), "deals: not in the deal"),
        ((known, index, bytes(32), leaves, path), "deals: not in the deal"),
        ((known, index, shard, leaves + 1, path), "deals: not in the deal"),
        ((known, index, shard, leaves, [*path, 0]), "deals: not in the deal"),
        ((known, index, shard, leaves, [path[0] ^ 1]), "deals: not in the deal"),
        ((known, index, shard, leaves, []), "deals: not in the deal"),
        ((bytes(32), index, shard, leaves, path), "deals: no such deal"),
    ):
        with ape.reverts(reason):
            deals.accept(item, sender=provider)
    deals.accept(deal.item(0), sender=provider)


@pytest.mark.parametrize("leaves", [0, 2**32 + 1])
def test_sizes_that_no_shard_has(deals, client, provider, market, leaves):
    named = [(str(provider), b"\x05" * 32, leaves)]
    deals.open(deal_root(named), 1, PRICE, 0, 1, 5, False, bytes(32), sender=client)
    with ape.reverts("deals: bad number of leaves"):
        deals.accept((deal_id(str(client), deal_root(named), bytes(32)), 0, b"\x05" * 32, leaves, []), sender=provider)


def test_once(deals, deal, accept, provider):
    """STO-2"""
    accept(deal)
    with ape.reverts("deals: shard is taken"):
        deals.accept(deal.item(0), sender=provider)


def test_in_time(deals, open_deal, accept, provider, data, to_epoch):
    first = open_deal((provider, data), accept_by=2)
    second = open_deal((provider, data), accept_by=2, salt=b"\x01" * 32)
    to_epoch(2)
    accept(first)
    assert deals.shard(first.id, 0).start == 3
    to_epoch(3)
    with ape.reverts("deals: too late to accept"):
        deals.accept(second.item(0), sender=provider)


def test_not_when_the_client_has_closed(deals, deal, provider, client):
    deals.close(deal.id, [], sender=client)
    with ape.reverts("deals: deal is closed"):
        deals.accept(deal.item(0), sender=provider)


def test_at_most_half_a_year(deals, market, open_deal, accept, provider, data, client):
    """A promise runs 180 days at most without a new act."""
    deal = open_deal((provider, data), end=181)
    deals.renew(deal.id, 400, sender=client)
    accept(deal)
    assert deals.shard(deal.id, 0).end == 181


def test_the_lock_covers_it(hub, market, deals, deal, open_deal, accept, provider, data):
    """STO-3: restitution, rewards and the buffer of everything, to the wei."""
    needed = DAMAGES * GWEI + 8 * LEAF_BUFFER
    market.unlock(LOCKED - needed + 1, sender=provider)
    with ape.reverts("storage: lock too small"):
        deals.accept(deal.item(0), sender=provider)
    hub.lock(market, provider, 1, sender=provider)
    accept(deal)


def test_a_restitution_beyond_every_lock(deals, open_deal, provider, data):
    deal = open_deal((provider, data), restitution=2**64 - 1)
    with ape.reverts("storage: lock too small"):
        deals.accept(deal.item(0), sender=provider)


def test_a_removed_market_takes_nothing(hub, market, deals, deal, provider, owner):
    hub.remove_service(market, sender=owner)
    with ape.reverts("storage: market not listed"):
        deals.accept(deal.item(0), sender=provider)


def test_who_misses_takes_nothing_new(deals, accept, stored, open_deal, missed_epoch, to_epoch, provider, prove):
    """After one miss it may, after two it proves first."""
    fresh = [open_deal((provider, stream(f"new {at}", 2)), accept_by=9, salt=bytes([at + 1]) * 32) for at in range(2)]
    missed_epoch(2)
    missed_epoch(3)
    accept(fresh[0])
    to_epoch(4)
    with ape.reverts("storage: prove first"):
        deals.accept(fresh[1].item(0), sender=provider)


def test_it_is_asked_from_the_next_epoch_on(market, stored, proven_epoch, open_deal, accept, provider, to_epoch):
    """What was accepted since stands behind what is drawn from."""
    proven_epoch(2, provider)
    fresh = open_deal((provider, stream("new", 64)))
    to_epoch(3)
    market.settle(provider, sender=provider)
    accept(fresh)
    ledger = market.ledger(provider)
    assert (ledger.drawn_from, ledger.stored, ledger.rate, ledger.pending) == (8, 72, PRICE, PRICE)


def test_a_client_may_name_one_provider_twice(deals, market, open_deal, accept, provider, data, other_data):
    deal = open_deal((provider, data), (provider, other_data))
    accept(deal, 1)
    accept(deal, 0)
    assert [deals.shard(deal.id, index).ordinal for index in (0, 1)] == [1, 0]
    assert market.ledger(provider).pending == 2 * PRICE


def test_terms_that_nobody_signed(deals, deal, provider):
    """An item of another deal with the same shards is another deal's."""
    with ape.reverts("deals: no such deal"):
        deals.accept(replace(deal, id=b"\x01" * 32).item(0), sender=provider)
    assert deal.end - deal.begin == TERM
