"""StorageMarket.settle and top_up: what missed epochs cost, and that a provider that proves loses nothing."""

from __future__ import annotations

import ape
import pytest

from keifu.units import COIN
from tests.unit.storage_market.conftest import (
    DAMAGES,
    EPOCH,
    GWEI,
    HORIZON,
    LEAF_BUFFER,
    LOCKED,
    PRICE,
    TERM,
)

SHARE = 8 * LEAF_BUFFER // 8
SHARDS = 8  # leaves of the provider's shard


def test_who_proves_is_never_slashed(market, hub, stored, proven_epoch, provider, to_epoch, stranger):
    """STO-7: through a whole deal, with strangers who settle whenever they like."""
    for epoch in range(2, stored.end):
        proven_epoch(epoch, provider)
        market.settle(provider, sender=stranger)
    to_epoch(stored.end + 1)
    market.settle(provider, sender=stranger)
    ledger = market.ledger(provider)
    assert (hub.lock_of(market, provider), market.credits(stranger)) == (LOCKED, 0)
    assert (ledger.earned, ledger.rate, ledger.misses) == (TERM * PRICE, 0, 0)


def test_who_stores_nothing_is_settled_too(market, deals, hub, provider, to_epoch):
    """STO-3: once it has touched its ledger, however long ago, its lock comes back."""
    market.unlock(COIN, sender=provider)
    to_epoch(100)
    with ape.reverts("storage: settle in parts first"):
        market.unlock(COIN, sender=provider)
    market.settle(provider, sender=provider)
    market.settle(provider, sender=provider)
    market.unlock(LOCKED - COIN, sender=provider)
    assert hub.lock_of(market, provider) == 0


def test_the_first_miss_forfeits_pay_alone(market, hub, stored, missed_epoch, proven_epoch, provider, stranger):
    """STO-5, STO-7"""
    missed_epoch(2)
    proven_epoch(3, provider)
    ledger = market.ledger(provider)
    assert (hub.lock_of(market, provider), ledger.misses, ledger.earned) == (LOCKED, 0, PRICE)
    assert market.proven(provider, 2, 4) == 1


def test_the_second_in_a_row_costs_a_share(market, hub, token, stored, missed_epoch, to_epoch, provider, stranger):
    """STO-7: the hub takes it in one call; a tenth is damages, of which four fifths arrive."""
    missed_epoch(2)
    missed_epoch(3)
    to_epoch(4)
    receipt = market.settle(provider, sender=stranger)
    arrived = SHARE // 10 * 4 // 5
    assert receipt.return_value == 4
    assert LOCKED - hub.lock_of(market, provider) == SHARE
    assert market.credits(stranger) == arrived // 2
    assert market.pot() == arrived - arrived // 2
    (event,) = receipt.events.filter(market.Missed)
    assert (event.event_arguments["provider"], event.misses, event.taken) == (provider, 2, SHARE)
    (slashed,) = receipt.events.filter(hub.Slashed)
    assert (slashed.damages, slashed.penalty) == (SHARE // 10, SHARE - SHARE // 10)


def test_nothing_is_taken_twice(market, hub, stored, missed_epoch, to_epoch, provider, stranger):
    """STO-7: double settlement."""
    missed_epoch(2)
    missed_epoch(3)
    to_epoch(4)
    market.settle(provider, sender=stranger)
    left = hub.lock_of(market, provider)
    receipt = market.settle(provider, sender=stranger)
    assert hub.lock_of(market, provider) == left
    assert not list(receipt.events.filter(market.Missed))


@pytest.mark.parametrize("missed", [2, 3, 5])
def test_all_misses_in_one_call(market, hub, stored, missed_epoch, to_epoch, provider, missed, stranger):
    """STO-7: the sum of the shares, and the third one is noted."""
    for epoch in range(2, 2 + missed):
        missed_epoch(epoch)
    to_epoch(2 + missed)
    receipt = market.settle(provider, sender=stranger)
    assert LOCKED - hub.lock_of(market, provider) == (missed - 1) * SHARE
    assert len(list(receipt.events.filter(hub.Slashed))) == 1
    ledger = market.ledger(provider)
    assert (ledger.misses, ledger.third) == (missed, 4 if missed >= 3 else 0)


def test_an_epoch_without_a_seed_is_no_miss(market, hub, stored, missed_epoch, to_epoch, seed, provider, stranger):
    """STO-6: nobody opened it, or nobody showed its seed: it asks nothing, pays nothing, and breaks no row."""
    missed_epoch(2)
    to_epoch(3)
    to_epoch(4)
    seed(see=False)
    missed_epoch(5)
    to_epoch(6)
    market.settle(provider, sender=stranger)
    assert LOCKED - hub.lock_of(market, provider) == SHARE
    assert (market.ledger(provider).misses, market.ledger(provider).third) == (2, 0)


def test_a_proof_ends_the_row(market, hub, stored, missed_epoch, proven_epoch, to_epoch, provider, stranger):
    missed_epoch(2)
    missed_epoch(3)
    proven_epoch(4, provider)
    missed_epoch(5)
    to_epoch(6)
    market.settle(provider, sender=stranger)
    assert LOCKED - hub.lock_of(market, provider) == SHARE
    assert market.ledger(provider).misses == 1


def test_a_long_absence_is_settled_in_parts(market, stored, missed_epoch, to_epoch, provider, stranger):
    """Sixty-four epochs a call; whoever needs the ledger of now settles first."""
    to_epoch(100)
    with ape.reverts("storage: settle in parts first"):
        market.unlock(1, sender=provider)
    assert market.settle(provider, sender=stranger).return_value == 65
    assert market.settle(provider, sender=stranger).return_value == 100
    market.unlock(1, sender=provider)


def test_settling_who_stores_nothing(market, deals, stranger):
    assert market.settle(stranger, sender=stranger).return_value == 1
    assert tuple(market.ledger(stranger))[:4] == (0, 0, 0, 0)


def test_no_miss_touches_a_promise(market, hub, stored, missed_epoch, to_epoch, provider, stranger):
    """STO-3: a buffer that is used up leaves every restitution in the lock, and the market knows since when."""
    market.unlock(LOCKED - market.reserved(provider), sender=provider)
    for epoch in range(2, 13):
        missed_epoch(epoch)
    to_epoch(13)
    receipt = market.settle(provider, sender=stranger)
    assert hub.lock_of(market, provider) == DAMAGES * GWEI
    (event,) = receipt.events.filter(market.Missed)
    assert event.taken == 8 * LEAF_BUFFER
    assert market.ledger(provider).dry == 13


def test_a_buffer_that_is_filled_again(market, hub, stored, missed_epoch, to_epoch, provider, stranger, accept):
    """STO-8: while it is used up nothing new is accepted; the full buffer ends that."""
    market.unlock(LOCKED - market.reserved(provider), sender=provider)
    with ape.reverts("storage: buffer is not used up"):
        market.top_up(provider, sender=stranger)
    for epoch in range(2, 11):
        missed_epoch(epoch)
    to_epoch(11)
    market.settle(provider, sender=stranger)
    assert market.ledger(provider).dry == 11
    hub.lock(market, provider, 8 * LEAF_BUFFER - 1, sender=provider)
    with ape.reverts("storage: lock too small"):
        market.top_up(provider, sender=stranger)
    hub.lock(market, provider, 1, sender=provider)
    market.top_up(provider, sender=stranger)
    assert market.ledger(provider).dry == 0


def test_a_removed_market_slashes_until_its_horizon(
    market, hub, owner, stored, missed_epoch, to_epoch, provider, stranger
):
    missed_epoch(2)
    hub.remove_service(market, sender=owner)
    missed_epoch(3)
    to_epoch(4)
    market.settle(provider, sender=stranger)
    assert LOCKED - hub.lock_of(market, provider) == SHARE


def test_and_not_after_it(market, hub, owner, stored, missed_epoch, to_epoch, provider, stranger):
    """What goes on must not fail because the hub takes nothing any more."""
    hub.remove_service(market, sender=owner)
    missed_epoch(2)
    missed_epoch(3)
    to_epoch(4 + HORIZON // EPOCH)
    market.settle(provider, sender=stranger)
    assert hub.lock_of(market, provider) == LOCKED
    assert market.ledger(provider).misses == 2
    assert hub.take_back(market, sender=provider).return_value == LOCKED


def test_the_coalition_of_provider_and_settler_loses(market, hub, stored, missed_epoch, to_epoch, provider):
    """Who settles its own misses gets four hundredths of what they cost."""
    missed_epoch(2)
    missed_epoch(3)
    to_epoch(4)
    market.settle(provider, sender=provider)
    assert market.credits(provider) * 25 == LOCKED - hub.lock_of(market, provider) == COIN
    assert market.ledger(provider).stored == SHARDS
