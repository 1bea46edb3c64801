"""`settle`: a receiver gets what was claimed for it less the fee, once, whoever calls."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts
from keifu.units import DAY

from .world import FEE, PAID

WHOLE = 10_000


def part(amount):
    return amount * FEE // WHOLE


def test_chn_5_what_was_claimed_less_the_fee(world, channels, token):
    world.claim(world.item(PAID))
    receipt = channels.settle(world.receiver, token, sender=world.stranger)
    event = receipt.events("Settled")[0].args
    assert (event["receiver"], event["token"], event["sender"]) == (
        world.receiver.address, token.address, world.stranger.address,
    )  # fmt: skip
    assert event["amount"] == PAID - part(PAID) == token.balanceOf(world.receiver)
    assert tuple(channels.receivers(world.receiver, token)) == (PAID, PAID)


def test_nothing_twice(world, channels, token):
    world.claim(world.item(PAID))
    channels.settle(world.receiver, token, sender=world.receiver)
    assert channels.settle(world.receiver, token, sender=world.receiver).events("Settled") == []
    assert token.balanceOf(world.receiver) == PAID - part(PAID)
    assert token.balanceOf(channels) == 0


def test_nothing_for_who_has_earned_nothing(world, channels, token):
    assert channels.settle(world.stranger, token, sender=world.stranger).events("Settled") == []


def test_chn_5_the_coin_s_fee_becomes_rewards_of_the_receiver(world, channels, token):
    world.claim(world.item(PAID))
    receipt = channels.settle(world.receiver, token, sender=world.stranger)
    rewarded = [log for log in receipt.events("Rewarded") if log.args["payer"] == channels.address]
    assert [(log.args["operator"], log.args["amount"]) for log in rewarded] == [(world.receiver.address, part(PAID))]
    assert token.balanceOf(world.hub) == part(PAID)
    assert (receipt.events("FeeKept"), channels.treasuryFees(token)) == ([], 0)


def test_chn_5_the_treasury_s_where_the_hub_knows_no_such_operator(world, channels, token):
    channel = world.other(receiver=world.stranger.address)
    world.pay(channel, PAID)
    world.claim(world.item(PAID, channel), sender=world.claimer)
    receipt = channels.settle(world.stranger, token, sender=world.stranger)
    event = receipt.events("FeeKept")[0].args
    assert (event["receiver"], event["token"], event["amount"]) == (
        world.stranger.address, token.address, part(PAID),
    )  # fmt: skip
    assert channels.treasuryFees(token) == part(PAID)
    assert token.balanceOf(world.stranger) == PAID - part(PAID)
    assert token.balanceOf(world.hub) == 0


def test_chn_5_other_tokens_fees_are_the_treasury_s(world, channels):
    quiet = world.listed("QuietToken")
    channel = world.other(token=quiet.address)
    world.pay(channel, PAID)
    world.claim(world.item(PAID, channel))
    channels.settle(world.receiver, quiet, sender=world.stranger)
    assert channels.treasuryFees(quiet) == part(PAID)
    assert quiet.balanceOf(world.receiver) == PAID - part(PAID)


@pytest.mark.parametrize("amount", [1, WHOLE // FEE - 1])
def test_a_fee_below_one_unit_is_none(world, channels, token, amount):
    world.claim(world.item(amount))
    receipt = channels.settle(world.receiver, token, sender=world.receiver)
    assert token.balanceOf(world.receiver) == amount
    assert receipt.events("FeeKept") == receipt.events("Rewarded") == []


def test_the_first_unit_of_a_fee(world, channels, token):
    amount = WHOLE // FEE
    world.claim(world.item(amount))
    channels.settle(world.receiver, token, sender=world.receiver)
    assert token.balanceOf(world.receiver) == amount - 1


def test_the_fee_is_that_of_the_settlement(world, channels, token):
    world.claim(world.item(PAID))
    channels.setFee(0, sender=world.owner)
    channels.settle(world.receiver, token, sender=world.receiver)
    assert token.balanceOf(world.receiver) == PAID
    channels.setFee(100, sender=world.owner)
    world.pay(amount=PAID)
    world.claim(world.item(2 * PAID))
    channels.settle(world.receiver, token, sender=world.receiver)
    assert token.balanceOf(world.receiver) == 2 * PAID - PAID // 100


def test_chn_11_taken_off_the_list_it_is_paid_all_the_same(world, channels, token):
    channels.listToken(token, False, sender=world.owner)
    world.claim(world.item(PAID))
    channels.settle(world.receiver, token, sender=world.receiver)
    assert token.balanceOf(world.receiver) == PAID - part(PAID)


def test_a_token_that_refuses_keeps_it_owed(world, channels):
    token = world.listed("HookToken")
    channel = world.other(token=token.address)
    world.pay(channel, 50)
    world.claim(world.item(20, channel))
    token.set_refuses(True, sender=world.owner)
    with reverts("transfer: refused"):
        channels.settle(world.receiver, token, sender=world.receiver)
    assert tuple(channels.receivers(world.receiver, token)) == (20, 0)
    token.set_refuses(False, sender=world.owner)
    channels.settle(world.receiver, token, sender=world.receiver)
    assert token.balanceOf(world.receiver) == 20


def test_a_token_cannot_come_back_in_the_middle(world, channels):
    token = world.listed("HookToken")
    channel = world.other(token=token.address)
    world.pay(channel, 50)
    world.claim(world.item(20, channel))
    for call in (
        channels.settle.encode(world.receiver.address, token.address),
        channels.payTreasury.encode(token.address),
        channels.claim.encode([world.item(30, channel).args], False),
        channels.channels.encode(world.id(channel)),
    ):
        with world.evm.anchor():
            token.arm(channels, call, sender=world.owner)
            channels.settle(world.receiver, token, sender=world.receiver)
            assert (token.calls(), token.got_through(), token.balanceOf(world.receiver)) == (1, False, 20)


def test_a_hub_that_gives_no_reason_stops_it(world, token):
    """As a hub does that has run out of gas: the receiver may be an operator all the same."""
    silent = world.evm.deploy("QuietToken", sender=world.owner)
    other = world.evm.deploy("Channels", token, silent, world.owner, world.treasury, sender=world.owner)
    other.setFee(FEE, sender=world.owner)
    token.approve(other, PAID, sender=world.payer)
    vouchers = type(world.vouchers)(world.evm.chain_id, other.address)
    other.deposit(world.channel.values, PAID, other, b"", sender=world.payer)
    signature = vouchers.sign(world.authorizer, vouchers.channel_id(world.channel), PAID)
    other.claim([((world.channel.values, PAID), signature, PAID)], sender=world.receiver)
    with reverts("channels: hub does not answer"):
        other.settle(world.receiver, token, sender=world.receiver)


def test_rewards_are_the_receiver_s_when_the_epoch_is_over(world, channels, token):
    """The operator without delegators gets the whole fee."""
    token.transfer(world.receiver, PAID, sender=world.owner)
    world.hub.list_service(world.owner, DAY, 0, sender=world.owner)
    token.approve(world.hub, PAID, sender=world.receiver)
    world.hub.lock(world.owner, world.receiver, PAID, sender=world.receiver)
    world.hub.bind(world.receiver, PAID, sender=world.owner)
    world.evm.warp(DAY)
    world.claim(world.item(PAID), paid=True)
    world.evm.warp(2 * DAY)
    world.hub.poke(world.receiver, world.owner, sender=world.stranger)
    assert world.hub.credit(world.receiver) in (part(PAID), part(PAID) - 1)
