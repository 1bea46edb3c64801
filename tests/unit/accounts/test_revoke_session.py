"""AgentAccount.revoke_session: at once, by the owner or the key."""

from __future__ import annotations

import pytest

from keifu.accounts import Target

from .conftest import TRADE


@pytest.mark.parametrize("who", ["owner", "key"])
def test_by_owner_or_key(world, refused, who):
    world.give()
    before = world.account.state()
    receipt = world.account.revoke_session(world.key, sender=getattr(world, who))

    assert [log.args for log in receipt.events("SessionRevoked")] == [{"key": world.key.address}]
    assert world.account.state() == before + 1
    assert not world.session(world.key).alive
    with refused("account: no session"):
        world.account.execute_session(*world.pay(1), sender=world.key)


@pytest.mark.parametrize("who", ["buyer", "second_key", "stranger"])
def test_by_nobody_else(world, refused, who):
    world.give()
    with refused("account: not the owner"):
        world.account.revoke_session(world.key, sender=getattr(world, who))
    assert world.session(world.key).alive


def test_only_what_there_is(world, refused):
    with refused("account: no session"):
        world.account.revoke_session(world.key, sender=world.owner)
    world.give()
    world.account.revoke_session(world.key, sender=world.owner)
    with refused("account: no session"):
        world.account.revoke_session(world.key, sender=world.key)


def test_the_buyer_clears_what_the_seller_left(world):
    world.give()
    world.sell()
    world.account.revoke_session(world.key, sender=world.buyer)
    assert world.session(world.key).number == 0


def test_in_the_middle_of_one_of_its_calls(world, refused):
    """The target is a session key, too, and ends its own session while it is called; no other session ends."""
    world.give(key=world.shop.address)
    world.give(targets=(Target(world.shop.address, TRADE),), uses=2)
    revoke = world.account.revoke_session.encode(world.shop)
    world.shop.arm(world.account, revoke, sender=world.key)
    world.account.execute_session(world.shop, 0, world.shop.trade.encode(world.token, 0, 0, 0), sender=world.key)

    assert world.shop.got_through()
    assert not world.session(world.shop).alive
    assert world.session(world.key).uses == 1
