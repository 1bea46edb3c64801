"""StorageDeals.accept_many: shards of many deals in one call."""

from __future__ import annotations

import ape
import pytest

from tests.unit.storage_market.conftest import DAMAGES, PRICE, UNNAMED, stream


@pytest.fixture
def fresh(open_deal, provider):
    """Ten deals of one shard each."""
    return [open_deal((provider, stream(f"shard {at}", at + 1)), salt=bytes([at]) * 32) for at in range(10)]


def test_all_are_stored_in_order(market, deals, fresh, provider, disks, proven_epoch):
    deals.accept_many([deal.item(0) for deal in fresh], sender=provider)
    disks[str(provider)].data += [deal.shards[0][1] for deal in fresh]
    assert [deals.shard(deal.id, 0).ordinal for deal in fresh] == list(range(10))
    ledger = market.ledger(provider)
    assert (ledger.shards, ledger.stored) == (10, 55)
    assert (ledger.pending, ledger.damages) == (10 * PRICE, 10 * DAMAGES)
    # Ten shards are mountains of two and of eight; the peaks between were never written (STO-4).
    eight, two = disks[str(provider)].sequence.peaks
    assert [market.peak(provider, height) for height in range(4)] == [0, two, 0, eight]
    proven_epoch(2, provider)
    assert market.ledger(provider).earned == 10 * PRICE


def test_one_bad_one_spoils_them_all(market, deals, fresh, provider):
    """The same one twice, and one of somebody else."""
    items = [deal.item(0) for deal in fresh]
    with ape.reverts("deals: shard is taken"):
        deals.accept_many([*items, items[0]], sender=provider)
    wrong = (*items[3][:3], 99, *items[3][4:])
    with ape.reverts("deals: not in the deal"):
        deals.accept_many([*items[:3], wrong], sender=provider)
    assert market.shards_of(provider) == 0


def test_sixty_four_at_most(deals, fresh, provider):
    with ape.reverts(UNNAMED):
        deals.accept_many([fresh[0].item(0)] * 65, sender=provider)


def test_the_lock_covers_all_of_them(deals, market, hub, open_deal, provider):
    """STO-3"""
    dear = [open_deal((provider, stream("one", 1)), salt=bytes([at]) * 32, restitution=10**12) for at in range(2)]
    with ape.reverts("storage: lock too small"):
        deals.accept_many([deal.item(0) for deal in dear], sender=provider)
    deals.accept_many([dear[0].item(0)], sender=provider)
