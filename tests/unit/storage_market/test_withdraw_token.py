"""StorageDeals.withdraw_token: whoever was credited units of a token sends them where it wants."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.storage.states import EVIDENCE
from tests.unit.storage_market.conftest import RATE, TERM


@pytest.fixture
def earned(deals, stored_for, proven_epoch, to_epoch, provider):
    """A deal in a token of which one epoch was proven and collected."""

    def earned(token, **terms):
        deal = stored_for(token, **terms)
        proven_epoch(deal.begin, provider)
        to_epoch(deal.begin + 1)
        deals.collect(deal.id, [0], sender=provider)
        return deal

    return earned


def test_once_to_whom_it_wants(deals, coin, earned, provider, stranger):
    """STO-15"""
    earned(coin)
    before = coin.balanceOf(stranger)
    receipt = deals.withdraw_token(coin, stranger, sender=provider)
    assert receipt.return_value == RATE == coin.balanceOf(stranger) - before
    (event,) = receipt.events.filter(deals.TokenPaid)
    assert event.event_arguments["account"] == provider
    assert event.event_arguments["token"] == coin
    assert (event.receiver, event.amount) == (stranger, RATE)
    assert deals.token_credits(provider, coin) == 0
    assert coin.balanceOf(deals) == (2 * TERM - 1) * RATE
    with ape.reverts("deals: nothing to pay"):
        deals.withdraw_token(coin, stranger, sender=provider)


def test_receivers_that_are_none(deals, coin, earned, provider):
    earned(coin)
    for receiver in (ZERO_ADDRESS, deals):
        with ape.reverts("deals: no receiver"):
            deals.withdraw_token(coin, receiver, sender=provider)


def test_nobody_else_s_and_no_other_token_s(deals, token, coin, earned, listed, provider, other_provider, client):
    """STO-15: a credit in one token is none in another, and escrow is nobody's credit."""
    earned(coin)
    other = listed()
    for who in (other_provider, client):
        with ape.reverts("deals: nothing to pay"):
            deals.withdraw_token(coin, who, sender=who)
    for wrong in (other, token):
        with ape.reverts("deals: nothing to pay"):
            deals.withdraw_token(wrong, provider, sender=provider)


def test_a_delisted_token_is_paid_out(deals, channels, coin, earned, owner, provider):
    earned(coin)
    channels.listToken(coin, False, sender=owner)
    assert deals.withdraw_token(coin, provider, sender=provider).return_value == RATE


def test_a_token_that_freezes_harms_its_own_alone(deals, coin, listed, earned, stored_for, provider, owner):
    """STO-15: the credit stays, other tokens are paid, and it is paid when the token moves again."""
    hook = listed("HookToken")
    earned(hook)
    frozen = deals.token_credits(provider, hook)
    hook.set_refuses(True, sender=owner)
    with ape.reverts("transfer: refused"):
        deals.withdraw_token(hook, provider, sender=provider)
    assert deals.token_credits(provider, hook) == frozen == RATE
    hook.set_refuses(False, sender=owner)
    deals.withdraw_token(hook, provider, sender=provider)
    assert hook.balanceOf(provider) == RATE


def test_a_token_that_takes_a_fee_later_harms_whoever_is_paid_in_it(
    deals, listed, open_deal, accept, proven_epoch, to_epoch, provider, data
):
    """The fee is the receiver's loss, never another's escrow."""
    fee = listed("FeeToken")
    deal = open_deal((provider, data), price=40, end=4, accept_by=1, token=fee)
    accept(deal)
    more = open_deal((provider, data), price=40, end=4, accept_by=1, token=fee, salt=b"\1" * 32)
    accept(more)
    for epoch in (2, 3):
        proven_epoch(epoch, provider)
    to_epoch(4 + EVIDENCE)
    deals.refund(deal.id, [0], sender=provider)
    deals.refund(more.id, [0], sender=provider)
    assert deals.token_credits(provider, fee) == 160 == fee.balanceOf(deals)
    deals.withdraw_token(fee, provider, sender=provider)
    assert (fee.balanceOf(provider), fee.balanceOf(deals)) == (159, 0)


def test_a_token_that_calls_back_is_paid_once(deals, listed, earned, provider, stranger, owner):
    hook = listed("HookToken")
    earned(hook)
    hook.arm(deals, deals.pay_token.encode_input(provider, hook), sender=owner)
    deals.withdraw_token(hook, stranger, sender=provider)
    assert not hook.got_through()
    assert hook.balanceOf(provider) == 0
    assert hook.balanceOf(deals) == (2 * TERM - 1) * RATE
