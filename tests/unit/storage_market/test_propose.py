"""StorageRepairs.propose and accept_proposal: a shard goes to another provider without a slash."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from tests.unit.storage_market.conftest import DAMAGES, FEE, GWEI, LEAF_BUFFER, LOCKED, PRICE, TERM, stream

ESCROW = PRICE * TERM * GWEI


@pytest.fixture
def hand_over(repairs, disks, provider, other_provider):
    """The provider's shard goes to the other one."""

    def hand_over(deal, index=0):
        repairs.propose(deal.id, index, other_provider, sender=provider)
        receipt = repairs.accept_proposal(deal.id, index, deal.shown(index), sender=other_provider)
        disks[str(other_provider)].data.append(deal.shards[index][1])
        return receipt

    return hand_over


def test_a_shard_is_handed_over(
    market, deals, hub, repairs, stored, hand_over, proven_epoch, to_epoch, provider, other_provider, client, token
):
    """STO-1, STO-12: each is paid for what it proved, nobody is slashed, and the ledgers balance."""
    proven_epoch(2, provider, other_provider)
    receipt = hand_over(stored)
    (event,) = receipt.events.filter(repairs.TakenOver)
    assert (bytes(event.deal), event.index) == (stored.id, 0)
    assert event.event_arguments["provider"] == other_provider
    assert tuple(deals.shard(stored.id, 0)) == (other_provider, 1, 3, stored.end, 1)
    assert tuple(repairs.proposal_of(stored.id, 0)) == (ZERO_ADDRESS, ZERO_ADDRESS)
    for epoch in range(3, stored.end):
        proven_epoch(epoch, provider, other_provider)
    assert market.ledger(provider).earned == PRICE
    assert market.ledger(other_provider).earned == (2 * TERM - 1) * PRICE
    to_epoch(stored.end)
    deals.refund(stored.id, [0, 1], sender=client)
    assert market.credits(client) == 0
    assert hub.lock_of(market, provider) == hub.lock_of(market, other_provider) == LOCKED
    for who in (provider, other_provider):
        market.withdraw(who, sender=who)
    assert token.balanceOf(market) == 0


def test_its_reserve_stays_for_the_window(market, stored, hand_over, proven_epoch, to_epoch, provider, stranger):
    """STO-3"""
    proven_epoch(2, provider)
    hand_over(stored)
    to_epoch(5)
    market.settle(provider, sender=stranger)
    assert market.ledger(provider).damages == DAMAGES
    to_epoch(6)
    market.settle(provider, sender=stranger)
    assert market.ledger(provider).damages == 0


def test_who_handed_over_clears_it(market, deals, stored, hand_over, proven_epoch, disks, provider, to_epoch):
    """Not before it was drawn from once: in the epoch of the acceptance nothing is cleared."""
    hand_over(stored)
    gone = disks[str(provider)].gone(stored.id, 0, 0)
    with ape.reverts("deals: stored since this epoch"):
        deals.clear([gone], sender=provider)
    to_epoch(2)
    deals.clear([gone], sender=provider)
    ledger = market.ledger(provider)
    assert (ledger.stored, ledger.drawn_from, ledger.pending, ledger.rate) == (0, 0, 0, 0)


def test_an_epoch_that_was_not_proven_yet(market, stored, hand_over, to_epoch, seed, prove, provider, client, deals):
    """A hand-over before the proof: that epoch is nobody's."""
    to_epoch(2)
    seed()
    hand_over(stored)
    prove(provider)
    assert market.ledger(provider).earned == 0
    assert deals.shard(stored.id, 0).start == 3


def test_only_who_stores_it_proposes(repairs, stored, client, other_provider, stranger):
    for who in (client, other_provider, stranger):
        with ape.reverts("repairs: not the caller's to give"):
            repairs.propose(stored.id, 0, stranger, sender=who)


def test_only_to_whom_it_was_proposed(repairs, stored, provider, other_provider, stranger):
    with ape.reverts("repairs: not proposed to the caller"):
        repairs.accept_proposal(stored.id, 0, stored.shown(0), sender=other_provider)
    receipt = repairs.propose(stored.id, 0, other_provider, sender=provider)
    (event,) = receipt.events.filter(repairs.Proposed)
    assert (bytes(event.deal), event.index, event.by, event.to) == (stored.id, 0, provider, other_provider)
    assert tuple(repairs.proposal_of(stored.id, 0)) == (provider, other_provider)
    with ape.reverts("repairs: not proposed to the caller"):
        repairs.accept_proposal(stored.id, 0, stored.shown(0), sender=stranger)
    repairs.propose(stored.id, 0, ZERO_ADDRESS, sender=provider)
    with ape.reverts("repairs: not proposed to the caller"):
        repairs.accept_proposal(stored.id, 0, stored.shown(0), sender=other_provider)


def test_a_proposal_of_who_lost_it_is_void(repairs, deals, stored, missed_epoch, to_epoch, provider, other_provider):
    repairs.propose(stored.id, 0, other_provider, sender=provider)
    for epoch in (2, 3, 4):
        missed_epoch(epoch)
    to_epoch(5)
    deals.declare_lost(stored.id, 0, sender=other_provider)
    with ape.reverts("repairs: proposal is void"):
        repairs.accept_proposal(stored.id, 0, stored.shown(0), sender=other_provider)


def test_not_to_oneself(repairs, stored, provider):
    repairs.propose(stored.id, 0, provider, sender=provider)
    with ape.reverts("deals: stores it already"):
        repairs.accept_proposal(stored.id, 0, stored.shown(0), sender=provider)


def test_only_what_the_root_names(repairs, stored, provider, other_provider):
    repairs.propose(stored.id, 0, other_provider, sender=provider)
    who, shard, leaves, path = stored.shown(0)
    for named in ((who, bytes(32), leaves, path), (who, shard, leaves + 1, path), stored.shown(1)):
        with ape.reverts("deals: not in the deal"):
            repairs.accept_proposal(stored.id, 0, named, sender=other_provider)


def test_not_while_a_demand_is_open(repairs, stored, provider, other_provider, stranger):
    """Nobody flees from a demand."""
    repairs.propose(stored.id, 0, other_provider, sender=provider)
    repairs.demand(stored.id, 0, stored.shown(0), 0, sender=stranger)
    with ape.reverts("repairs: demand is open"):
        repairs.accept_proposal(stored.id, 0, stored.shown(0), sender=other_provider)
    assert repairs.demand_fee() == FEE


def test_not_after_its_end(repairs, stored, to_epoch, provider, other_provider):
    repairs.propose(stored.id, 0, other_provider, sender=provider)
    to_epoch(stored.end)
    with ape.reverts("deals: shard has ended"):
        repairs.accept_proposal(stored.id, 0, stored.shown(0), sender=other_provider)


def test_not_of_a_closed_deal(repairs, deals, stored, provider, other_provider, client):
    repairs.propose(stored.id, 0, other_provider, sender=provider)
    deals.close(stored.id, [], sender=client)
    with ape.reverts("deals: deal is closed"):
        repairs.accept_proposal(stored.id, 0, stored.shown(0), sender=other_provider)


def test_who_takes_over_reserves(market, repairs, stored, provider, other_provider):
    """STO-3"""
    market.unlock(LOCKED - market.reserved(other_provider), sender=other_provider)
    repairs.propose(stored.id, 0, other_provider, sender=provider)
    with ape.reverts("storage: lock too small"):
        repairs.accept_proposal(stored.id, 0, stored.shown(0), sender=other_provider)


# a shard that nobody accepted -----------------------------------------------------------------------------------------


@pytest.fixture
def alone(open_deal, provider, data):
    return open_deal((provider, data), accept_by=2)


def test_a_client_names_another_provider(market, deals, repairs, alone, to_epoch, client, other_provider):
    repairs.propose(alone.id, 0, other_provider, sender=client)
    to_epoch(3)
    repairs.accept_proposal(alone.id, 0, alone.shown(0), sender=other_provider)
    assert tuple(deals.shard(alone.id, 0)) == (other_provider, 0, 4, alone.end, 1)
    assert market.reserved(other_provider) == DAMAGES * GWEI + 8 * LEAF_BUFFER


def test_the_first_one_has_its_time(repairs, alone, to_epoch, client, other_provider, provider):
    with ape.reverts("repairs: not the caller's to give"):
        repairs.propose(alone.id, 0, other_provider, sender=provider)
    repairs.propose(alone.id, 0, other_provider, sender=client)
    to_epoch(2)
    with ape.reverts("deals: may still be accepted"):
        repairs.accept_proposal(alone.id, 0, alone.shown(0), sender=other_provider)


def test_a_proposal_of_a_former_client_is_void(repairs, deals, alone, to_epoch, client, other_client, other_provider):
    repairs.propose(alone.id, 0, other_provider, sender=client)
    deals.transfer_deal(alone.id, other_client, sender=client)
    to_epoch(3)
    with ape.reverts("repairs: proposal is void"):
        repairs.accept_proposal(alone.id, 0, alone.shown(0), sender=other_provider)


def test_only_the_repairs_move_shards(deals, stored, client, provider):
    """STO-9"""
    for call, arguments in (
        (deals.lose_unanswered, (stored.id, 0, client)),
        (deals.reserve, (stored.id, 0)),
        (deals.release, (stored.id, 0)),
        (deals.take_over, (stored.id, 0, client, stored.shown(0))),
    ):
        for who in (client, provider):
            with ape.reverts("deals: only the repairs"):
                call(*arguments, sender=who)


def test_what_a_root_names(deals, stored):
    assert deals.is_named(stored.id, 0, stored.shown(0))
    assert not deals.is_named(stored.id, 1, stored.shown(0))
    assert not deals.is_named(stored.id, 2, stored.shown(0))
    assert stream("a shard", 8) == stored.shards[0][1]
