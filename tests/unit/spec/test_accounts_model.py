"""The model of accounts, with answers that are computed by hand."""

from __future__ import annotations

import pytest

from keifu.spec.accounts import COIN, Owned, Refused, Terms, World

ACCOUNT, SHOP, TOKEN, PAYEE = "account", "shop", "token", "payee"


@pytest.fixture
def world():
    balances = {(kind, who): 1_000 for kind in (TOKEN, COIN) for who in (ACCOUNT, SHOP, PAYEE)}
    found = World(ACCOUNT, SHOP, TOKEN, balances, [Owned("owner", 0)], {SHOP: 1_000}, now=150)
    rights = frozenset({(TOKEN, "transfer"), (SHOP, "trade"), (PAYEE, "")})
    found.grant("owner", Terms("key", 0, 1_000, 3, 100, rights, ((TOKEN, 50), (COIN, 5))))
    return found


def pay(world, amount):
    world.use("key", TOKEN, "transfer", 0, ("", amount), ("move", (TOKEN, ACCOUNT, PAYEE, amount)))


def trade(world, take=0, give=0, coins=0, value=0):
    world.use("key", SHOP, "trade", value, None, ("trade", (take, give, coins, value)))


def test_a_window_is_a_multiple_of_the_period(world):
    pay(world, 50)
    assert world.spent(world.session("key"), TOKEN) == 50
    with pytest.raises(Refused, match="over the limit"):
        pay(world, 1)
    world.busy, world.now = False, 200
    assert world.spent(world.session("key"), TOKEN) == 0
    pay(world, 50)
    assert world.uses_left(world.session("key")) == 1


def test_only_what_is_gone_in_the_end_counts(world):
    trade(world, take=80, give=30)
    assert world.spent(world.session("key"), TOKEN) == 50
    assert world.balances[TOKEN, ACCOUNT] == 950


def test_a_payment_counts_whole(world):
    trade(world, value=5, coins=5)
    assert world.spent(world.session("key"), COIN) == 5


def test_a_sale_ends_it_for_good(world):
    world.sell("buyer", "owner")
    world.sell("owner", "buyer")
    with pytest.raises(Refused, match="new owner"):
        pay(world, 1)


def test_a_sale_inside_a_call_lets_that_call_end(world):
    world.approved, world.armed = SHOP, ("sell", ("buyer", SHOP))
    trade(world, take=10)
    assert (world.got_through, world.owner) == (True, "buyer")
    with pytest.raises(Refused, match="new owner"):
        trade(world)


def test_coming_back_is_refused(world):
    world.armed = ("execute", ("owner", ("approve", (SHOP, 1))))
    trade(world)
    assert not world.got_through
    assert world.allowances[SHOP] == 1_000
