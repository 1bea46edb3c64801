"""AgentAccount.execute_batch: several calls of the owner, all or none."""

from __future__ import annotations

import pytest

from evmstorm.evm import Revert

from .conftest import HELD, TOKEN_ID

MAXIMUM = 16


def test_all(world):
    before = world.account.state()
    had = world.evm.balance(world.payee)
    world.account.execute_batch([world.pay(1), (world.payee.address, 5, b""), world.pay(2)], sender=world.owner)

    assert world.token.balanceOf(world.payee) == 3
    assert world.evm.balance(world.payee) == had + 5
    assert world.account.state() == before + 1


def test_or_none(world, refused):
    before = world.account.state()
    with refused("token: insufficient balance"):
        world.account.execute_batch([world.pay(1), world.pay(HELD)], sender=world.owner)
    assert world.token.balanceOf(world.payee) == 0
    assert world.account.state() == before


def test_sixteen_and_no_more(world):
    world.account.execute_batch([world.pay(1)] * MAXIMUM, sender=world.owner)
    assert world.token.balanceOf(world.payee) == MAXIMUM
    with pytest.raises(Revert) as caught:
        world.account.execute_batch([world.pay(1)] * (MAXIMUM + 1), sender=world.owner)
    assert caught.value.reason == ""


def test_an_empty_batch_is_refused(world, refused):
    with refused("account: empty batch"):
        world.account.execute_batch([], sender=world.owner)


@pytest.mark.parametrize("who", ["buyer", "key", "stranger"])
def test_nobody_else(world, refused, who):
    world.give()
    with refused("account: not the owner"):
        world.account.execute_batch([world.pay(1)], sender=getattr(world, who))


def test_it_can_grant_and_revoke(world):
    """Chores of one signature: the account calls itself."""
    me = world.account.address
    grant = (me, 0, world.account.grant_session.encode(world.grant().args))
    world.account.execute_batch([grant, world.pay(1)], sender=world.owner)
    assert world.session(world.key).alive

    world.account.execute_batch([(me, 0, world.account.revoke_session.encode(world.key))], sender=world.owner)
    assert not world.session(world.key).alive


@pytest.mark.parametrize("then", ["pay", "grant"])
def test_what_follows_a_sale_is_not_the_sellers(world, refused, then):
    """ACC-3: a batch that sells the token cannot go on, neither to empty the account nor to leave a session in it."""
    world.nft.approve(world.account, TOKEN_ID, sender=world.owner)
    sell = (world.nft.address, 0, world.nft.transferFrom.encode(world.owner, world.buyer, TOKEN_ID))
    grant = (world.account.address, 0, world.account.grant_session.encode(world.grant().args))
    with refused("account: not the owner"):
        world.account.execute_batch([sell, grant if then == "grant" else world.pay(5)], sender=world.owner)

    world.account.execute_batch([grant, sell], sender=world.owner)
    assert not world.session(world.key).alive
