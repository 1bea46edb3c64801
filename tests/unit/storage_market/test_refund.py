"""StorageDeals.refund: what was not proven of a shard goes back to the client, once."""

from __future__ import annotations

import ape
import pytest

from keifu.storage.states import EVIDENCE
from tests.unit.storage_market.conftest import GWEI, PRICE, RATE, RESTITUTION, TERM, stream

ESCROW = PRICE * TERM * GWEI


def test_paid_by_proven_epoch(market, deals, token, stored, proven_epoch, to_epoch, provider, client, stranger):
    """STO-1, STO-5: three of twenty epochs are proven, and everybody can be paid."""
    for epoch in (2, 5, 9):
        proven_epoch(epoch, provider)
    to_epoch(stored.end + EVIDENCE)
    receipt = deals.refund(stored.id, [0, 1], sender=stranger)
    assert market.credits(client) == 2 * ESCROW - 3 * PRICE * GWEI
    amounts = [event.amount for event in receipt.events.filter(deals.Refunded)]
    assert amounts == [ESCROW - 3 * PRICE * GWEI, ESCROW]
    assert deals.deal(stored.id).over == 2
    market.withdraw(client, sender=client)
    market.withdraw(provider, sender=provider)
    assert token.balanceOf(market) == 0


def test_once(deals, stored, to_epoch, stranger):
    """STO-1: no second time, in one call or in two."""
    to_epoch(stored.end + EVIDENCE)
    with ape.reverts("deals: shard is over"):
        deals.refund(stored.id, [0, 0], sender=stranger)
    deals.refund(stored.id, [0], sender=stranger)
    with ape.reverts("deals: shard is over"):
        deals.refund(stored.id, [0], sender=stranger)
    deals.refund(stored.id, [1], sender=stranger)


def test_not_before_the_end(market, deals, stored, to_epoch, client):
    to_epoch(stored.end - 1)
    with ape.reverts("deals: shard has not ended"):
        deals.refund(stored.id, [0], sender=client)
    to_epoch(stored.end)
    deals.refund(stored.id, [0], sender=client)


def test_by_others_when_nothing_can_be_shown_any_more(deals, stored, to_epoch, provider, client, stranger):
    """STO-11: three epochs after the end, when the shard's reserve ends; the client needs no protection from itself."""
    for epoch in (stored.end, stored.end + EVIDENCE - 1):
        to_epoch(epoch)
        for who in (provider, stranger):
            with ape.reverts("deals: may still be declared lost"):
                deals.refund(stored.id, [0], sender=who)
    deals.refund(stored.id, [1], sender=client)
    to_epoch(stored.end + EVIDENCE)
    deals.refund(stored.id, [0], sender=provider)


def test_a_refund_saves_no_provider_that_lost_its_shard(
    market, deals, stored, missed_epoch, to_epoch, provider, client, stranger
):
    """STO-11: whoever drops a shard in its last three epochs cannot have it settled before somebody says so."""
    for epoch in range(stored.end - 3, stored.end):
        missed_epoch(epoch)
    to_epoch(stored.end)
    with ape.reverts("deals: may still be declared lost"):
        deals.refund(stored.id, [0], sender=provider)
    deals.declare_lost(stored.id, 0, sender=stranger)
    assert market.credits(client) == RESTITUTION * GWEI


def test_what_nobody_accepted(market, deals, open_deal, accept, provider, data, client, stranger, to_epoch):
    """Cancelling is free after `accept_by`, and not before."""
    deal = open_deal((provider, data), (provider, stream("other", 2)), accept_by=3)
    accept(deal, 0)
    to_epoch(3)
    with ape.reverts("deals: may still be accepted"):
        deals.refund(deal.id, [1], sender=client)
    to_epoch(4)
    deals.refund(deal.id, [1], sender=stranger)
    assert market.credits(client) == ESCROW
    with ape.reverts("deals: shard is taken"):
        deals.accept(deal.item(1), sender=provider)


@pytest.mark.parametrize("index", [2, 2**256 - 1])
def test_no_such_shard(deals, stored, to_epoch, client, index):
    to_epoch(stored.end)
    with ape.reverts("deals: no such shard"):
        deals.refund(stored.id, [index], sender=client)


def test_the_client_of_now_gets_it(market, deals, stored, to_epoch, client, other_client):
    deals.transfer_deal(stored.id, other_client, sender=client)
    to_epoch(stored.end + EVIDENCE)
    deals.refund(stored.id, [0], sender=client)
    assert (market.credits(client), market.credits(other_client)) == (0, ESCROW)


def test_a_late_acceptance_is_paid_from_then(market, deals, open_deal, accept, provider, data, proven_epoch, to_epoch):
    """Epochs before the shard was accepted are the client's, though the provider proved other shards in them."""
    first = open_deal((provider, data))
    late = open_deal((provider, stream("late", 3)), accept_by=5, salt=b"\x01" * 32)
    accept(first)
    for epoch in (2, 3):
        proven_epoch(epoch, provider)
    accept(late)
    for epoch in (4, 5):
        proven_epoch(epoch, provider)
    assert market.ledger(provider).earned == (4 + 2) * PRICE
    to_epoch(late.end + EVIDENCE)
    receipt = deals.refund(late.id, [0], sender=provider)
    (event,) = receipt.events.filter(deals.Refunded)
    assert event.amount == ESCROW - 2 * PRICE * GWEI


def test_in_another_token(deals, market, coin, stored_for, proven_epoch, to_epoch, provider, client, stranger):
    """STO-15: what was not proven is the client's in the token, the rest its provider's, and nothing is in the coin."""
    deal = stored_for(coin)
    for epoch in (2, 5, 9):
        proven_epoch(epoch, provider)
    to_epoch(10)
    deals.collect(deal.id, [0], sender=stranger)
    to_epoch(deal.end + EVIDENCE)
    before = market.credits(client)
    receipt = deals.refund(deal.id, [0, 1], sender=stranger)
    assert [(event.amount, event.bounty) for event in receipt.events.filter(deals.Refunded)] == [
        ((TERM - 3) * RATE, 0),
        (TERM * RATE, 0),
    ]
    assert deals.token_credits(client, coin) == (2 * TERM - 3) * RATE
    assert deals.token_credits(provider, coin) == 3 * RATE
    assert market.credits(client) == before
    with ape.reverts("deals: shard is over"):
        deals.refund(deal.id, [0], sender=stranger)


def test_one_token_s_deals_do_not_pay_another_s(deals, coin, listed, stored_for, to_epoch, client):
    """STO-15: each deal is refunded in the token in which it was paid."""
    other = listed()
    mine = stored_for(coin)
    theirs = stored_for(other, salt=b"\1" * 32)
    to_epoch(mine.end)
    deals.refund(mine.id, [0, 1], sender=client)
    assert (deals.token_credits(client, coin), deals.token_credits(client, other)) == (2 * TERM * RATE, 0)
    deals.refund(theirs.id, [0], sender=client)
    assert deals.token_credits(client, other) == TERM * RATE


def test_a_token_that_freezes_stops_no_refund(deals, listed, stored_for, to_epoch, client, owner):
    """STO-15: nothing is sent in a refund, so nobody's token holds up another's."""
    hook = listed("HookToken")
    deal = stored_for(hook)
    to_epoch(deal.end)
    hook.set_refuses(True, sender=owner)
    deals.refund(deal.id, [0, 1], sender=client)
    assert deals.token_credits(client, hook) == 2 * TERM * RATE
