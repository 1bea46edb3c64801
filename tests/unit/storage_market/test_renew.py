"""StorageDeals.renew and prolong: anybody pays for longer, and each provider goes on if it wants to."""

from __future__ import annotations

import ape
import pytest

from tests.unit.storage_market.conftest import (
    DAMAGES,
    GWEI,
    LOCKED,
    PRICE,
    RATE,
    TERM,
    stream,
)


def test_anybody_pays_for_longer(deals, market, token, stored, stranger):
    """STO-1"""
    before = token.balanceOf(stranger)
    receipt = deals.renew(stored.id, stored.end + 5, sender=stranger)
    assert before - token.balanceOf(stranger) == 2 * 5 * PRICE * GWEI
    assert deals.deal(stored.id).end == stored.end + 5
    assert deals.shard(stored.id, 0).end == stored.end
    (event,) = receipt.events.filter(deals.DealRenewed)
    assert (bytes(event.deal), event.payer, event.end) == (stored.id, stranger, stored.end + 5)


def test_a_provider_goes_on(market, deals, stored, proven_epoch, to_epoch, provider, client, token):
    """The other one does not, and what nobody stores is refunded."""
    deals.renew(stored.id, stored.end + 5, sender=client)
    to_epoch(stored.end - 1)
    receipt = deals.prolong(stored.id, 0, sender=provider)
    (event,) = receipt.events.filter(deals.ShardEnds)
    assert (bytes(event.deal), event.index, event.end) == (stored.id, 0, stored.end + 5)
    for epoch in (stored.end, stored.end + 4, stored.end + 5):
        proven_epoch(epoch, provider)
    assert market.ledger(provider).earned == 2 * PRICE
    deals.refund(stored.id, [0, 1], sender=client)
    assert market.credits(client) == (2 * (TERM + 5) - 2) * PRICE * GWEI
    assert token.balanceOf(market) == market.credits(client) + market.pot() + market.ledger(provider).earned * GWEI


def test_the_reserve_moves_with_the_end(market, deals, stored, to_epoch, provider, client):
    """STO-3"""
    deals.renew(stored.id, stored.end + 5, sender=client)
    deals.prolong(stored.id, 0, sender=provider)
    to_epoch(stored.end + 5 + 2)
    market.settle(provider, sender=client)
    assert market.ledger(provider).damages == DAMAGES
    to_epoch(stored.end + 5 + 3)
    market.settle(provider, sender=client)
    assert market.ledger(provider).damages == 0


@pytest.mark.parametrize("shift", [0, -1])
def test_only_later(deals, stored, client, shift):
    with ape.reverts("deals: bad epochs"):
        deals.renew(stored.id, stored.end + shift, sender=client)


def test_at_most_what_can_be_counted(deals, stored, client, stranger, token):
    most = stored.begin + 256 * 63
    with ape.reverts("deals: bad epochs"):
        deals.renew(stored.id, most + 1, sender=client)
    deals.renew(stored.id, most, sender=client)


def test_not_what_has_ended_or_was_closed(deals, stored, to_epoch, client):
    to_epoch(stored.end)
    with ape.reverts("deals: deal has ended"):
        deals.renew(stored.id, stored.end + 1, sender=client)


def test_not_what_was_closed(deals, stored, client, provider):
    deals.renew(stored.id, stored.end + 5, sender=client)
    deals.close(stored.id, [], sender=client)
    with ape.reverts("deals: deal is closed"):
        deals.renew(stored.id, stored.end + 9, sender=client)
    with ape.reverts("deals: deal is closed"):
        deals.prolong(stored.id, 0, sender=provider)


def test_what_is_over_is_not_paid_again(deals, token, open_deal, accept, provider, data, client, to_epoch):
    deal = open_deal((provider, data), (provider, stream("never", 1)), accept_by=1)
    accept(deal)
    to_epoch(2)
    deals.refund(deal.id, [1], sender=client)
    before = token.balanceOf(client)
    deals.renew(deal.id, deal.end + 1, sender=client)
    assert before - token.balanceOf(client) == PRICE * GWEI


def test_only_its_provider_prolongs(deals, stored, client, other_provider):
    deals.renew(stored.id, stored.end + 5, sender=client)
    for who in (client, other_provider):
        with ape.reverts("deals: not the provider"):
            deals.prolong(stored.id, 0, sender=who)


def test_nothing_to_prolong(deals, stored, provider, to_epoch, client):
    with ape.reverts("deals: nothing to prolong"):
        deals.prolong(stored.id, 0, sender=provider)
    deals.renew(stored.id, stored.end + 5, sender=client)
    to_epoch(stored.end)
    with ape.reverts("deals: nothing to prolong"):
        deals.prolong(stored.id, 0, sender=provider)


def test_half_a_year_from_now(deals, stored, provider, to_epoch, client):
    """A promise runs 180 days at most without a new act."""
    deals.renew(stored.id, 1000, sender=client)
    to_epoch(10)
    deals.prolong(stored.id, 0, sender=provider)
    assert deals.shard(stored.id, 0).end == 190


def test_it_is_a_new_promise(market, deals, hub, owner, stored, provider, client, missed_epoch, to_epoch):
    """STO-8: with the whole buffer in the lock, by who proves, at a market that is listed."""
    deals.renew(stored.id, stored.end + 5, sender=client)
    market.unlock(LOCKED - market.reserved(provider), sender=provider)
    missed_epoch(2)
    missed_epoch(3)
    to_epoch(4)
    with ape.reverts("storage: prove first"):
        deals.prolong(stored.id, 0, sender=provider)


def test_the_buffer_is_whole(market, deals, hub, stored, provider, client, missed_epoch, proven_epoch):
    """STO-8"""
    deals.renew(stored.id, stored.end + 5, sender=client)
    market.unlock(LOCKED - market.reserved(provider), sender=provider)
    missed_epoch(2)
    missed_epoch(3)
    proven_epoch(4, provider)
    with ape.reverts("storage: lock too small"):
        deals.prolong(stored.id, 0, sender=provider)
    hub.lock(market, provider, market.reserved(provider), sender=provider)
    deals.prolong(stored.id, 0, sender=provider)


def test_not_at_a_removed_market(market, deals, hub, owner, stored, provider, client):
    deals.renew(stored.id, stored.end + 5, sender=client)
    hub.remove_service(market, sender=owner)
    with ape.reverts("storage: market not listed"):
        deals.prolong(stored.id, 0, sender=provider)


def test_in_the_deal_s_own_token(deals, market, token, coin, stored_for, stranger):
    """STO-15: whoever renews pays in the token, and nothing in the coin."""
    deal = stored_for(coin)
    coins, units = token.balanceOf(stranger), coin.balanceOf(stranger)
    deals.renew(deal.id, deal.end + 5, sender=stranger)
    assert units - coin.balanceOf(stranger) == 2 * 5 * RATE
    assert coin.balanceOf(deals) == 2 * (TERM + 5) * RATE
    assert token.balanceOf(stranger) == coins


def test_not_in_a_token_that_was_delisted(deals, channels, coin, stored_for, proven_epoch, provider, client, owner):
    """STO-15: no new units of it come in; what is open goes on and is paid out."""
    deal = stored_for(coin)
    channels.listToken(coin, False, sender=owner)
    with ape.reverts("deals: token is not listed"):
        deals.renew(deal.id, deal.end + 5, sender=client)
    assert deals.deal(deal.id).end == deal.end
    proven_epoch(2, provider)
    proven_epoch(deal.end, provider)
    assert deals.collect(deal.id, [0], sender=provider).return_value == RATE
    deals.refund(deal.id, [0, 1], sender=client)
    deals.withdraw_token(coin, client, sender=client)
    deals.pay_token(provider, coin, sender=client)
    assert coin.balanceOf(deals) == 0


def test_not_in_a_token_that_takes_a_fee_now(deals, listed, open_deal, accept, provider, data, client):
    """STO-15: what does not arrive is no escrow."""
    fee = listed("FeeToken")
    deal = open_deal((provider, data), price=40, end=4, token=fee)
    accept(deal)
    with ape.reverts("deals: token takes a fee"):
        deals.renew(deal.id, deal.end + 3, sender=client)
    deals.renew(deal.id, deal.end + 2, sender=client)
    assert fee.balanceOf(deals) == 160
