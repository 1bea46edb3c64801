"""`initiateWithdraw`: the payer's side announces what it takes back; nothing moves yet."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts

from .world import DELAY, PAID


@pytest.mark.parametrize("who", ["payer", "authorizer"])
def test_the_payer_s_side_announces(world, channels, token, who):
    receipt = channels.initiateWithdraw(world.channel.values, 40, sender=getattr(world, who))
    event = receipt.events("WithdrawInitiated")[0].args
    assert (bytes(event["channelId"]), event["amount"], event["finalizeAfter"]) == (
        world.id(), 40, world.evm.now + DELAY,
    )  # fmt: skip
    assert tuple(channels.pendingWithdrawals(world.id())) == (40, world.evm.now)
    assert world.state() == (PAID, 0)
    assert token.balanceOf(channels) == PAID


@pytest.mark.parametrize("who", ["receiver", "claimer", "stranger"])
def test_chn_6_nobody_else_does(world, channels, who):
    with reverts("channels: caller is not the payer's"):
        channels.initiateWithdraw(world.channel.values, 40, sender=getattr(world, who))


def test_nothing(world, channels):
    with reverts("channels: zero amount"):
        channels.initiateWithdraw(world.channel.values, 0, sender=world.payer)


def test_one_at_a_time(world, channels):
    channels.initiateWithdraw(world.channel.values, 1, sender=world.payer)
    with reverts("channels: withdrawal is pending"):
        channels.initiateWithdraw(world.channel.values, 1, sender=world.payer)


def test_not_more_than_there_is(world, channels):
    world.claim(world.item(30))
    with reverts("channels: more than there is"):
        channels.initiateWithdraw(world.channel.values, PAID - 29, sender=world.payer)
    channels.initiateWithdraw(world.channel.values, PAID - 30, sender=world.payer)
    assert channels.pendingWithdrawals(world.id())[0] == PAID - 30


def test_a_channel_that_was_never_opened(world, channels):
    with reverts("channels: more than there is"):
        channels.initiateWithdraw(world.other(salt=b"\x01" * 32).values, 1, sender=world.payer)
