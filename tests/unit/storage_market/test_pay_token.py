"""StorageDeals.pay_token: anybody sends an account what it was credited in a token."""

from __future__ import annotations

import ape

from keifu.storage.states import EVIDENCE
from tests.unit.storage_market.conftest import RATE, TERM


def test_to_the_account_and_nobody_else(deals, coin, stored_for, to_epoch, client, stranger):
    """STO-15"""
    deal = stored_for(coin)
    to_epoch(deal.end + EVIDENCE)
    deals.refund(deal.id, [0], sender=stranger)
    before, mine = coin.balanceOf(client), coin.balanceOf(stranger)
    receipt = deals.pay_token(client, coin, sender=stranger)
    assert receipt.return_value == TERM * RATE == coin.balanceOf(client) - before
    (event,) = receipt.events.filter(deals.TokenPaid)
    assert event.event_arguments["account"] == client
    assert (event.receiver, event.amount) == (client, TERM * RATE)
    assert coin.balanceOf(stranger) == mine
    assert coin.balanceOf(deals) == TERM * RATE
    with ape.reverts("deals: nothing to pay"):
        deals.pay_token(client, coin, sender=stranger)


def test_whoever_is_owed_nothing(deals, coin, stored_for, client, provider):
    stored_for(coin)
    for who in (client, provider, deals):
        with ape.reverts("deals: nothing to pay"):
            deals.pay_token(who, coin, sender=client)


def test_a_token_that_refuses(deals, listed, stored_for, to_epoch, owner, client):
    hook = listed("HookToken")
    deal = stored_for(hook)
    to_epoch(deal.end)
    deals.refund(deal.id, [0], sender=client)
    hook.set_refuses(True, sender=owner)
    with ape.reverts("transfer: refused"):
        deals.pay_token(client, hook, sender=client)
    assert deals.token_credits(client, hook) == TERM * RATE
