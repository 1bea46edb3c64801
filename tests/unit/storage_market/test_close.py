"""StorageDeals.close and transfer_deal: a client ends a deal early, or gives it away."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from tests.unit.storage_market.conftest import DAMAGES, GWEI, LEAF_BUFFER, PRICE, RESTITUTION, TERM, WINDOW

ESCROW = PRICE * TERM * GWEI


def test_a_fair_split(market, deals, token, stored, proven_epoch, to_epoch, provider, client):
    """STO-1: the epoch under way and the next are still paid if they are proven; the rest is the client's."""
    proven_epoch(2, provider)
    to_epoch(3)
    receipt = deals.close(stored.id, [0, 1], sender=client)
    assert len(list(receipt.events.filter(deals.DealClosed))) == 1
    assert [event.end for event in receipt.events.filter(deals.ShardEnds)] == [5, 5]
    assert deals.shard(stored.id, 0).end == 5
    assert deals.deal(stored.id).closed
    for epoch in (3, 4, 5, 6):
        proven_epoch(epoch, provider)
    ledger = market.ledger(provider)
    assert (ledger.earned, ledger.rate) == (3 * PRICE, 0)
    deals.refund(stored.id, [0, 1], sender=client)
    assert market.credits(client) == 2 * ESCROW - 3 * PRICE * GWEI
    market.withdraw(client, sender=client)
    market.withdraw(provider, sender=provider)
    assert token.balanceOf(market) == 0


def test_the_reserve_stays_for_the_window(market, deals, stored, proven_epoch, to_epoch, provider, client):
    """STO-3: as after the end that was agreed first."""
    proven_epoch(2, provider)
    deals.close(stored.id, [0], sender=client)
    to_epoch(4 + 2)
    market.settle(provider, sender=client)
    assert market.ledger(provider).damages == DAMAGES
    to_epoch(4 + 3)
    market.settle(provider, sender=client)
    assert market.reserved(provider) == 8 * LEAF_BUFFER


def test_in_as_many_calls_as_needed(deals, stored, to_epoch, client):
    to_epoch(2)
    deals.close(stored.id, [1], sender=client)
    receipt = deals.close(stored.id, [0], sender=client)
    assert not list(receipt.events.filter(deals.DealClosed))
    with ape.reverts("deals: shard ends soon"):
        deals.close(stored.id, [0], sender=client)


def test_what_ends_soon_ends(deals, stored, to_epoch, client):
    to_epoch(stored.end - 2)
    with ape.reverts("deals: shard ends soon"):
        deals.close(stored.id, [0], sender=client)


def test_only_the_client(deals, stored, provider, stranger):
    for who in (provider, stranger):
        with ape.reverts("deals: not the client"):
            deals.close(stored.id, [0], sender=who)


def test_only_what_is_stored(deals, open_deal, provider, data, client):
    deal = open_deal((provider, data))
    with ape.reverts("deals: shard is not stored"):
        deals.close(deal.id, [0], sender=client)


def test_at_once_when_the_market_is_removed(market, deals, hub, owner, stored, proven_epoch, provider, client):
    """STO-10: paid for what is proven, this epoch's proof included."""
    proven_epoch(2, provider)
    hub.remove_service(market, sender=owner)
    deals.close(stored.id, [0, 1], sender=client)
    assert [deals.shard(stored.id, index).end for index in (0, 1)] == [3, 2]
    with ape.reverts("deals: shard has not ended"):
        deals.refund(stored.id, [0], sender=client)
    deals.refund(stored.id, [1], sender=client)
    assert market.credits(client) == ESCROW


def test_what_was_closed_at_once_is_closed_again_or_lost(
    market, deals, repairs, hub, owner, stored, proven_epoch, to_epoch, provider, client
):
    """STO-10, STO-11: in the epoch that is proven, too, whatever else the provider stores."""
    proven_epoch(2, provider)
    repairs.demand(stored.id, 0, stored.shown(0), 1, sender=client)
    hub.remove_service(market, sender=owner)
    deals.close(stored.id, [0, 0], sender=client)
    deals.close(stored.id, [0], sender=client)
    assert deals.shard(stored.id, 0).end == 3
    to_epoch(2, 60 + WINDOW + 60)
    repairs.end_demand(stored.id, 0, sender=client)
    assert market.credits(client) >= RESTITUTION * GWEI
    to_epoch(3)
    market.settle(provider, sender=client)
    ledger = market.ledger(provider)
    assert (ledger.rate, ledger.pending, ledger.damages, ledger.earned) == (0, 0, 0, PRICE)


def test_before_its_first_epoch(market, deals, hub, owner, stored, to_epoch, provider, client):
    hub.remove_service(market, sender=owner)
    deals.close(stored.id, [0], sender=client)
    assert deals.shard(stored.id, 0).end == 2
    to_epoch(2)
    with ape.reverts("deals: shard has ended"):
        deals.close(stored.id, [0], sender=client)
    market.settle(provider, sender=client)
    assert market.ledger(provider).rate == 0


# transfer_deal --------------------------------------------------------------------------------------------------------


def test_a_deal_is_given_away(deals, stored, client, other_client):
    receipt = deals.transfer_deal(stored.id, other_client, sender=client)
    (event,) = receipt.events.filter(deals.DealTransferred)
    assert (bytes(event.deal), event.to) == (stored.id, other_client)
    found = deals.deal(stored.id)
    assert (found.client, found.shards, found.end) == (other_client, 2, stored.end)
    with ape.reverts("deals: not the client"):
        deals.close(stored.id, [0], sender=client)
    deals.close(stored.id, [0], sender=other_client)


@pytest.mark.parametrize("to_nobody", [True, False])
def test_by_its_client_to_somebody(deals, stored, client, stranger, to_nobody):
    if to_nobody:
        with ape.reverts("deals: no client"):
            deals.transfer_deal(stored.id, ZERO_ADDRESS, sender=client)
    else:
        with ape.reverts("deals: not the client"):
            deals.transfer_deal(stored.id, stranger, sender=stranger)
