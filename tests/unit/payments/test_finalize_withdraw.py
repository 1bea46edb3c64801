"""`finalizeWithdraw`: what was asked for, or what is left of it, goes to the payer when the delay has passed."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts

from .world import DELAY, FUNDS, PAID


@pytest.fixture
def asked(world, channels):
    channels.initiateWithdraw(world.channel.values, 40, sender=world.payer)
    return world


def finish(world, sender=None):
    return world.channels.finalizeWithdraw(world.channel.values, sender=sender or world.payer)


@pytest.mark.parametrize("who", ["payer", "authorizer"])
def test_chn_6_it_goes_to_the_payer(asked, channels, token, who):
    asked.evm.warp(DELAY)
    receipt = finish(asked, getattr(asked, who))
    event = receipt.events("WithdrawFinalized")[0].args
    assert (event["sender"], event["amount"]) == (getattr(asked, who).address, 40)
    assert token.balanceOf(asked.payer) == FUNDS - PAID + 40
    assert asked.state() == (PAID - 40, 0)
    assert tuple(channels.pendingWithdrawals(asked.id())) == (0, 0)
    assert receipt.events("ChannelClosed") == []


@pytest.mark.parametrize("who", ["receiver", "claimer", "stranger"])
def test_chn_6_nobody_else_finishes(asked, who):
    asked.evm.warp(DELAY)
    with reverts("channels: caller is not the payer's"):
        finish(asked, getattr(asked, who))


def test_chn_6_the_receiver_has_the_whole_delay(asked):
    asked.evm.warp(DELAY - 1)
    with reverts("channels: delay has not passed"):
        finish(asked)
    asked.evm.warp(1)
    finish(asked)


def test_nothing_was_asked(world):
    with reverts("channels: no withdrawal"):
        finish(world)


def test_nothing_twice(asked):
    asked.evm.warp(DELAY)
    finish(asked)
    with reverts("channels: no withdrawal"):
        finish(asked)


def test_chn_6_what_was_claimed_meanwhile_stays(asked, token):
    asked.claim(asked.item(PAID - 10))
    asked.evm.warp(DELAY)
    receipt = finish(asked)
    assert receipt.events("WithdrawFinalized")[0].args["amount"] == 10
    assert len(receipt.events("ChannelClosed")) == 1
    assert asked.state() == (PAID - 10, PAID - 10)
    assert token.balanceOf(asked.payer) == FUNDS - PAID + 10


def test_all_of_it_was_claimed(asked, token):
    asked.claim(asked.item(PAID))
    asked.evm.warp(DELAY)
    receipt = finish(asked)
    assert receipt.events("WithdrawFinalized")[0].args["amount"] == 0
    assert receipt.events("ChannelClosed") == []
    assert token.balanceOf(asked.payer) == FUNDS - PAID


def test_what_went_back_first_is_not_paid_twice(asked, channels, token):
    channels.refund(asked.channel.values, 15, sender=asked.receiver)
    assert channels.pendingWithdrawals(asked.id())[0] == 25
    asked.evm.warp(DELAY)
    finish(asked)
    assert token.balanceOf(asked.payer) == FUNDS - PAID + 40


def test_the_last_coins_close_the_channel(world, channels):
    channels.initiateWithdraw(world.channel.values, PAID, sender=world.payer)
    world.evm.warp(DELAY)
    receipt = finish(world)
    assert [bytes(log.args["channelId"]) for log in receipt.events("ChannelClosed")] == [world.id()]
    assert world.state() == (0, 0)


def test_chn_11_taken_off_the_list_it_goes_back_all_the_same(asked, channels, token):
    channels.listToken(token, False, sender=asked.owner)
    asked.evm.warp(DELAY)
    finish(asked)
    assert token.balanceOf(asked.payer) == FUNDS - PAID + 40


def test_a_token_cannot_come_back_in_the_middle(world, channels):
    token = world.listed("HookToken")
    channel = world.other(token=token.address)
    world.pay(channel, 50)
    channels.initiateWithdraw(channel.values, 50, sender=world.payer)
    world.evm.warp(DELAY)
    token.arm(channels, channels.settle.encode(world.receiver.address, token.address), sender=world.owner)
    channels.finalizeWithdraw(channel.values, sender=world.payer)
    assert (token.calls(), token.got_through()) == (1, False)
