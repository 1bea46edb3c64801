"""StorageDeals.collect: providers of a deal in another token are credited with what they have proven, once."""

from __future__ import annotations

import ape
import pytest

from keifu.storage.states import EVIDENCE
from tests.unit.storage_market.conftest import GWEI, PRICE, RATE, TERM, UNNAMED, stream


@pytest.fixture
def deal(coin, stored_for):
    return stored_for(coin)


def test_by_proven_epoch(deals, market, coin, deal, proven_epoch, to_epoch, provider, other_provider, stranger):
    """STO-15: each provider what it proved; the market pays nothing for it."""
    proven_epoch(2, provider, other_provider)
    proven_epoch(5, provider)
    to_epoch(6)
    receipt = deals.collect(deal.id, [0, 1], sender=stranger)
    assert receipt.return_value == 3 * RATE
    first, second = receipt.events.filter(deals.Earned)
    assert (bytes(first.deal), first.index, first.amount) == (deal.id, 0, 2 * RATE)
    assert first.event_arguments["provider"] == provider
    assert (second.index, second.amount) == (1, RATE)
    assert deals.token_credits(provider, coin) == 2 * RATE
    assert deals.token_credits(other_provider, coin) == RATE
    assert deals.token_credits(stranger, coin) == 0
    for who in (provider, other_provider):
        ledger = market.ledger(who)
        assert (ledger.rate, ledger.pending, ledger.earned) == (0, 0, 0)


def test_no_epoch_twice(deals, coin, deal, proven_epoch, to_epoch, provider):
    """STO-15: in one call, in two, in the next epoch, or with the refund."""
    proven_epoch(2, provider)
    to_epoch(3)
    assert deals.collect(deal.id, [0, 0], sender=provider).return_value == RATE
    assert deals.collect(deal.id, [0], sender=provider).return_value == 0
    to_epoch(4)
    receipt = deals.collect(deal.id, [0], sender=provider)
    assert receipt.return_value == 0
    proven_epoch(4, provider)
    to_epoch(deal.end + EVIDENCE)
    deals.refund(deal.id, [0, 1], sender=provider)
    assert deals.token_credits(provider, coin) == 2 * RATE


def test_not_what_may_still_be_proven(deals, coin, deal, proven_epoch, to_epoch, seed, prove, provider):
    """STO-15: the epoch under way counts from the next one on, also when it was not proven yet."""
    proven_epoch(2, provider)
    assert deals.collect(deal.id, [0], sender=provider).return_value == 0
    to_epoch(3)
    assert deals.collect(deal.id, [0], sender=provider).return_value == RATE
    seed()
    assert deals.collect(deal.id, [0], sender=provider).return_value == 0
    prove(provider)
    to_epoch(4)
    assert deals.collect(deal.id, [0], sender=provider).return_value == RATE


def test_nothing_for_what_was_not_proven(deals, coin, deal, proven_epoch, missed_epoch, to_epoch, provider, client):
    """What its provider proved before it stored this shard, or did not prove, is the client's."""
    proven_epoch(2, provider)
    missed_epoch(3)
    to_epoch(deal.end)
    assert deals.collect(deal.id, [0], sender=provider).return_value == RATE
    deals.refund(deal.id, [0], sender=client)
    assert deals.token_credits(client, coin) == (TERM - 1) * RATE


def test_not_before_it_is_stored(deals, coin, open_deal, accept, proven_epoch, to_epoch, provider, data):
    """A late acceptance earns from then on, whatever its provider proved before."""
    accept(open_deal((provider, data)))
    late = open_deal((provider, stream("late", 3)), accept_by=4, salt=b"\1" * 32, price=RATE, token=coin)
    for epoch in (2, 3):
        proven_epoch(epoch, provider)
    accept(late)
    assert deals.collect(late.id, [0], sender=provider).return_value == 0
    proven_epoch(4, provider)
    to_epoch(5)
    assert deals.collect(late.id, [0], sender=provider).return_value == RATE


def test_not_after_its_end(deals, coin, open_deal, accept, proven_epoch, to_epoch, provider, data):
    """Other shards of the provider go on; this one is paid until its end."""
    accept(open_deal((provider, data)))
    short = open_deal((provider, stream("short", 3)), salt=b"\1" * 32, price=RATE, token=coin, end=4)
    accept(short)
    for epoch in (2, 3, 4, 5):
        proven_epoch(epoch, provider)
    assert deals.collect(short.id, [0], sender=provider).return_value == 2 * RATE
    to_epoch(6)
    assert deals.collect(short.id, [0], sender=provider).return_value == 0


def test_what_was_closed_is_paid_for_the_notice(deals, coin, deal, proven_epoch, to_epoch, provider, client):
    """STO-15: a client that closes and refunds keeps nothing of what was earned."""
    proven_epoch(2, provider)
    to_epoch(3)
    deals.close(deal.id, [0, 1], sender=client)
    for epoch in (3, 4, 5):
        proven_epoch(epoch, provider)
    deals.refund(deal.id, [0, 1], sender=client)
    assert deals.token_credits(provider, coin) == 3 * RATE
    assert deals.token_credits(client, coin) == (2 * TERM - 3) * RATE == coin.balanceOf(deals) - 3 * RATE


def test_whoever_hands_over_keeps_what_it_earned(
    deals, repairs, coin, deal, proven_epoch, to_epoch, disks, provider, other_provider
):
    """STO-12, STO-15: at the hand-over the rest is credited, and no epoch goes to two."""
    proven_epoch(2, provider, other_provider)
    repairs.propose(deal.id, 0, other_provider, sender=provider)
    receipt = repairs.accept_proposal(deal.id, 0, deal.shown(0), sender=other_provider)
    (event,) = receipt.events.filter(deals.Earned)
    assert (event.event_arguments["provider"], event.amount) == (provider, RATE)
    disks[str(other_provider)].data.append(deal.shards[0][1])
    assert deals.collect(deal.id, [0], sender=provider).return_value == 0
    proven_epoch(3, provider, other_provider)
    to_epoch(4)
    assert deals.collect(deal.id, [0], sender=provider).return_value == RATE
    assert deals.token_credits(provider, coin) == RATE
    assert deals.token_credits(other_provider, coin) == RATE
    assert deals.collect(deal.id, [1], sender=provider).return_value == 2 * RATE


def test_not_to_oneself(deals, repairs, deal, provider, proven_epoch):
    """A hand-over to oneself would begin anew; there is none."""
    proven_epoch(2, provider)
    repairs.propose(deal.id, 0, provider, sender=provider)
    with ape.reverts("deals: stores it already"):
        repairs.accept_proposal(deal.id, 0, deal.shown(0), sender=provider)


def test_a_lost_shard_earns_nothing_more(
    deals, market, coin, deal, proven_epoch, missed_epoch, to_epoch, prove, provider, client, stranger
):
    """STO-11, STO-15: what it had proven is its own; then nothing is collected. Restitution is in the coin."""
    proven_epoch(2, provider)
    for epoch in (3, 4, 5):
        missed_epoch(epoch)
    to_epoch(6)
    receipt = deals.declare_lost(deal.id, 0, sender=stranger)
    assert [event.amount for event in receipt.events.filter(deals.Earned)] == [RATE]
    assert deals.token_credits(provider, coin) == RATE
    proven_epoch(6, provider)
    to_epoch(7)
    with ape.reverts("deals: shard is not stored"):
        deals.collect(deal.id, [0], sender=provider)
    credited = market.credits(client)
    assert credited > 0
    receipt = deals.refund(deal.id, [0], sender=client)
    (event,) = receipt.events.filter(deals.Refunded)
    assert event.amount == (TERM - 1) * RATE == deals.token_credits(client, coin)
    assert event.bounty == market.credits(client) - credited > 0
    assert coin.balanceOf(deals) == 2 * TERM * RATE


def test_a_renewed_deal_goes_on(deals, coin, deal, proven_epoch, to_epoch, provider, client):
    for epoch in (2, deal.end - 1):
        proven_epoch(epoch, provider)
    deals.renew(deal.id, deal.end + 2, sender=client)
    deals.prolong(deal.id, 0, sender=provider)
    for epoch in (deal.end, deal.end + 1):
        proven_epoch(epoch, provider)
    to_epoch(deal.end + 2 + EVIDENCE)
    assert deals.collect(deal.id, [0, 1], sender=provider).return_value == 4 * RATE
    deals.refund(deal.id, [0, 1], sender=provider)
    assert coin.balanceOf(deals) == 2 * (TERM + 2) * RATE
    assert deals.token_credits(client, coin) == (2 * (TERM + 2) - 4) * RATE


def test_not_of_a_deal_in_the_coin(deals, stored, proven_epoch, to_epoch, provider):
    """The market pays that by its rate; to collect would pay it twice."""
    proven_epoch(2, provider)
    to_epoch(3)
    with ape.reverts("deals: paid by the market"):
        deals.collect(stored.id, [0], sender=provider)


def test_what_there_is_not(deals, coin, open_deal, deal, to_epoch, provider, data):
    with ape.reverts("deals: no such deal"):
        deals.collect(b"\1" * 32, [0], sender=provider)
    free = open_deal((provider, data), price=RATE, token=coin, salt=b"\1" * 32)
    for known, index in ((free, 0), (deal, 2), (deal, 2**256 - 1)):
        with ape.reverts("deals: shard is not stored"):
            deals.collect(known.id, [index], sender=provider)
    to_epoch(deal.end + EVIDENCE)
    deals.refund(deal.id, [0], sender=provider)
    with ape.reverts("deals: shard is not stored"):
        deals.collect(deal.id, [0], sender=provider)
    assert deals.collect(deal.id, [], sender=provider).return_value == 0
    with ape.reverts(UNNAMED):
        deals.collect(deal.id, [1] * 33, sender=provider)


def test_both_kinds_beside_each_other(
    deals, market, token, coin, open_deal, accept, proven_epoch, to_epoch, provider, client, data
):
    """STO-1, STO-15: one provider, a deal in the coin and one in a token; everybody is paid, and nothing is left."""
    mine = open_deal((provider, data))
    accept(mine)
    other = open_deal((provider, stream("other", 3)), price=RATE, token=coin)
    accept(other)
    for epoch in (2, 4):
        proven_epoch(epoch, provider)
    assert market.ledger(provider).earned == 2 * PRICE
    to_epoch(other.end)
    for deal in (mine, other):
        deals.refund(deal.id, [0], sender=client)
    assert market.credits(client) == (TERM - 2) * PRICE * GWEI
    for who in (provider, client):
        market.withdraw(who, sender=who)
        deals.withdraw_token(coin, who, sender=who)
    assert token.balanceOf(market) == coin.balanceOf(deals) == 0
    assert coin.balanceOf(provider) == 2 * RATE
