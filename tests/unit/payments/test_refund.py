"""`refund`: the receiver's side gives back at once what is not claimed, to the payer alone."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts

from .world import FUNDS, PAID


def give(world, amount, sender=None):
    return world.channels.refund(world.channel.values, amount, sender=sender or world.receiver)


@pytest.mark.parametrize("who", ["receiver", "claimer"])
def test_chn_6_it_goes_to_the_payer(world, channels, token, who):
    receipt = give(world, 40, getattr(world, who))
    event = receipt.events("Refunded")[0].args
    assert (bytes(event["channelId"]), event["sender"], event["amount"]) == (
        world.id(), getattr(world, who).address, 40,
    )  # fmt: skip
    assert token.balanceOf(world.payer) == FUNDS - PAID + 40
    assert world.state() == (PAID - 40, 0)
    assert channels.refundNonce(world.id()) == 1


@pytest.mark.parametrize("who", ["payer", "authorizer", "stranger"])
def test_chn_6_nobody_else_gives_back(world, who):
    with reverts("channels: caller is not the receiver's"):
        give(world, 40, getattr(world, who))


def test_nothing(world):
    with reverts("channels: zero amount"):
        give(world, 0)


def test_chn_6_at_most_what_is_not_claimed(world, token):
    world.claim(world.item(30))
    receipt = give(world, PAID)
    assert receipt.events("Refunded")[0].args["amount"] == PAID - 30
    assert len(receipt.events("ChannelClosed")) == 1
    assert world.state() == (30, 30)
    assert token.balanceOf(world.payer) == FUNDS - 30


def test_chn_1_claims_stay_after_a_full_refund(world):
    world.claim(world.item(30))
    give(world, PAID)
    world.pay(amount=5)
    assert world.state() == (35, 30)
    assert len(world.skipped(world.claim(world.item(30)))) == 1
    world.claim(world.item(34))
    assert world.state() == (35, 34)


def test_where_nothing_is_left_a_nonce_is_used_all_the_same(world, channels):
    world.claim(world.item(PAID))
    receipt = give(world, 1)
    assert receipt.events("Refunded") == []
    assert channels.refundNonce(world.id()) == 1


@pytest.mark.parametrize(("given", "left"), [(39, 1), (40, 0), (41, 0), (1, 39)])
def test_a_withdrawal_that_is_pending_becomes_less(world, channels, given, left):
    channels.initiateWithdraw(world.channel.values, 40, sender=world.payer)
    at = world.evm.now
    give(world, given)
    assert tuple(channels.pendingWithdrawals(world.id())) == (left, at if left else 0)


def test_chn_11_taken_off_the_list_it_goes_back_all_the_same(world, channels, token):
    channels.listToken(token, False, sender=world.owner)
    give(world, 40)
    assert token.balanceOf(world.payer) == FUNDS - PAID + 40


def test_a_token_cannot_come_back_in_the_middle(world, channels):
    token = world.listed("HookToken")
    channel = world.other(token=token.address)
    world.pay(channel, 50)
    token.arm(channels, channels.settle.encode(world.receiver.address, token.address), sender=world.owner)
    channels.refund(channel.values, 50, sender=world.receiver)
    assert (token.calls(), token.got_through()) == (1, False)
