"""StorageDeals.open_in: a deal that is paid in another token."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.spec.storage import deal_id
from tests.unit.storage_market.conftest import ENOUGH, RATE, RESTITUTION, SALT, TERM, UNITS, UNNAMED

ROOT = b"\x07" * 32


@pytest.fixture
def opened(deals, client):
    """Opens a deal of 14 shards in a token; `changes` replaces arguments by name."""

    def opened(token, sender=client, **changes):
        arguments = {
            "root": ROOT,
            "shards": 14,
            "price": RATE,
            "restitution": RESTITUTION,
            "accept_by": 2,
            "end": 2 + TERM,
            "masked": True,
            "salt": SALT,
        }
        return deals.open_in(token, *(arguments | changes).values(), sender=sender)

    return opened


def test_the_escrow_is_in_the_token(deals, market, token, coin, opened, client):
    """STO-15: smallest units, at the deals; the market has none of it."""
    coins = token.balanceOf(client)
    receipt = opened(coin)
    assert coin.balanceOf(deals) == 14 * TERM * RATE == UNITS - coin.balanceOf(client)
    assert token.balanceOf(client) == coins
    assert token.balanceOf(market) == coin.balanceOf(market) == 0
    known = deal_id(str(client), ROOT, SALT)
    assert bytes(receipt.return_value) == known
    found = deals.deal(known)
    assert (found.token, found.price, found.restitution, found.over) == (coin, RATE, RESTITUTION, 0)
    assert (found.client, found.shards, found.masked, found.closed) == (client, 14, True, False)
    (event,) = receipt.events.filter(deals.DealOpened)
    assert (event.token, event.price, event.masked) == (coin, RATE, True)


def test_a_deal_in_the_coin_says_so(deals, token, client):
    receipt = deals.open(ROOT, 1, 1, 1, 2, 9, False, SALT, sender=client)
    (event,) = receipt.events.filter(deals.DealOpened)
    assert event.token == deals.deal(receipt.return_value).token == token


def test_only_what_is_listed(deals, channels, coin, opened, owner, client):
    """STO-15: never what the timelock did not list, or lists no more; what is open goes on."""
    for nothing in (ZERO_ADDRESS, client, deals):
        with ape.reverts("deals: token is not listed"):
            opened(nothing)
    opened(coin)
    channels.listToken(coin, False, sender=owner)
    with ape.reverts("deals: token is not listed"):
        opened(coin, salt=b"\1" * 32)


def test_not_in_the_coin(channels, token, opened, owner):
    """Its price would be meant in wei, and be taken in gwei."""
    for listed in (True, False):
        channels.listToken(token, listed, sender=owner)
        with ape.reverts("deals: open it in the coin"):
            opened(token)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shards": 0}, "deals: bad number of shards"),
        ({"shards": 33}, "deals: bad number of shards"),
        ({"accept_by": 0}, "deals: bad epochs"),
        ({"end": 182}, "deals: bad epochs"),
        ({"price": 0}, "deals: bad price"),
        ({"price": 2**64}, "deals: bad price"),
        ({"restitution": 2**64}, "deals: bad price"),
    ],
)
def test_bad_terms(coin, opened, changes, reason):
    with ape.reverts(reason):
        opened(coin, **changes)


@pytest.mark.parametrize("changes", [{"price": 1, "shards": 1}, {"restitution": 0}, {"accept_by": 1, "end": 3}])
def test_terms_at_their_edges(coin, opened, changes):
    opened(coin, **changes)


def test_a_deal_is_opened_once_in_whatever_token(deals, coin, opened, listed, client):
    opened(coin)
    with ape.reverts("deals: deal is known"):
        opened(listed())
    with ape.reverts("deals: deal is known"):
        deals.open(ROOT, 14, 1, 0, 2, 9, False, SALT, sender=client)


def test_a_token_that_takes_a_fee(listed, opened):
    """STO-15: what was not paid in full is no escrow."""
    fee = listed("FeeToken")
    with ape.reverts("deals: token takes a fee"):
        opened(fee)
    opened(fee, shards=1, price=1)  # too few units for a fee


def test_a_token_that_refuses(listed, opened, owner):
    hook = listed("HookToken")
    hook.set_refuses(True, sender=owner)
    with ape.reverts("deals: coins were refused"):
        opened(hook)
    hook.set_refuses(False, sender=owner)
    opened(hook)


def test_a_token_that_calls_back(deals, listed, opened, client, owner):
    """A deal is not refunded, collected or paid from inside its own payment."""
    hook = listed("HookToken")
    known = deal_id(str(client), ROOT, SALT)
    for call in (
        deals.refund.encode_input(known, [0]),
        deals.collect.encode_input(known, [0]),
        deals.pay_token.encode_input(client, hook),
        deals.renew.encode_input(known, 60),
    ):
        hook.arm(deals, call, sender=owner)
        opened(hook, salt=SALT if hook.calls() == 0 else hook.calls().to_bytes(32, "big"))
        assert not hook.got_through()
    assert hook.calls() == 4
    assert hook.balanceOf(deals) == 4 * 14 * TERM * RATE


def test_units_that_are_not_allowed(deals, coin, opened, client):
    coin.approve(deals, 14 * TERM * RATE - 1, sender=client)
    with ape.reverts(UNNAMED):
        opened(coin)
    coin.approve(deals, ENOUGH, sender=client)
    opened(coin)
