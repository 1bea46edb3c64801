"""`multicall`: several calls as one, by the caller's own right, all of them or none."""

from __future__ import annotations

from evmstorm.evm import reverts
from keifu.abi import encode_args

from .world import FUNDS, PAID


def test_a_claim_and_a_refund_as_x402_sends_them(world, channels, token):
    items = [world.item(30)]
    claim = channels.claimWithSignature.encode([item.args for item in items], world.signed_batch(items))
    digest = world.vouchers.refund_digest(world.id(), 0, PAID)
    refund = channels.refundWithSignature.encode(world.channel.values, PAID, 0, world.claimer.sign(digest))
    channels.multicall([claim, refund], sender=world.stranger)
    assert world.state() == (30, 30)
    assert token.balanceOf(world.payer) == FUNDS - 30


def test_by_the_caller_s_own_right(world, channels):
    withdraw = channels.initiateWithdraw.encode(world.channel.values, 1)
    channels.multicall([withdraw], sender=world.payer)
    assert channels.pendingWithdrawals(world.id())[0] == 1
    for call in (withdraw, channels.finalizeWithdraw.encode(world.channel.values)):
        with reverts("channels: caller is not the payer's"):
            channels.multicall([call], sender=world.stranger)
    with reverts("channels: caller is not the owner"):
        channels.multicall([channels.setFee.encode(0)], sender=world.stranger)


def test_all_or_none(world, channels):
    good = channels.refund.encode(world.channel.values, 1)
    with reverts("channels: zero amount"):
        channels.multicall([good, channels.refund.encode(world.channel.values, 0)], sender=world.receiver)
    assert world.state() == (PAID, 0)


def test_what_calls_return(world, channels):
    quiet = world.listed("QuietToken")
    channel = world.other(token=quiet.address)
    world.pay(channel, PAID)
    world.claim(world.item(PAID, channel), paid=True)
    fee = channels.treasuryFees(quiet)
    calls = [channels.payTreasury.encode(quiet.address), channels.settle.encode(world.receiver.address, quiet.address)]
    assert list(channels.multicall(calls, sender=world.stranger).value) == [encode_args(["uint256"], [fee]), b""]


def test_none_is_fine(world, channels):
    assert list(channels.multicall([], sender=world.stranger).value) == []


def test_one_inside_another(world, channels):
    inner = channels.multicall.encode([channels.refund.encode(world.channel.values, 5)])
    channels.multicall([inner, inner], sender=world.receiver)
    assert world.state() == (PAID - 10, 0)
    assert channels.refundNonce(world.id()) == 2
