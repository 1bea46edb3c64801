"""`listToken`: the timelock says which tokens are paid in."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts

from .world import PAID


def test_chn_8_the_owner_lists(world, channels):
    quiet = world.evm.deploy("QuietToken", sender=world.owner)
    assert not channels.isListed(quiet)
    event = channels.listToken(quiet, True, sender=world.owner).events("TokenListed")[0].args
    assert (event["token"], event["listed"]) == (quiet.address, True)
    assert channels.isListed(quiet)
    event = channels.listToken(quiet, False, sender=world.owner).events("TokenListed")[0].args
    assert (event["token"], event["listed"]) == (quiet.address, False)
    assert not channels.isListed(quiet)


@pytest.mark.parametrize("who", ["treasury", "payer", "receiver", "stranger"])
def test_nobody_else_lists(world, channels, token, who):
    with reverts("channels: caller is not the owner"):
        channels.listToken(token, False, sender=getattr(world, who))


def test_an_account_is_no_token(world, channels):
    with reverts("channels: token is no contract"):
        channels.listToken(world.stranger, True, sender=world.owner)


def test_the_coin_is_listed_from_the_start(world, token):
    other = world.evm.deploy("Channels", token, world.hub, world.owner, world.treasury, sender=world.owner)
    assert other.isListed(token)
    assert token.allowance(other, world.hub) == 2**256 - 1
    assert world.state() == (PAID, 0)
