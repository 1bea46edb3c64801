"""`refundWithSignature`: anybody brings what the receiver's authorizer has signed, once, unless another came first."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.payments import Vouchers

from .world import DELAY, FUNDS, PAID


def signed(world, amount, nonce=0, by=None, channel=None):
    digest = world.vouchers.refund_digest(world.id(channel), nonce, amount)
    return (by or world.claimer).sign(digest)


def bring(world, amount, nonce=0, signature=None, channel=None):
    signature = signed(world, amount, nonce, channel=channel) if signature is None else signature
    values = (channel or world.channel).values
    return world.channels.refundWithSignature(values, amount, nonce, signature, sender=world.stranger)


def test_chn_9_anybody_brings_it(world, channels, token):
    event = bring(world, 40).events("Refunded")[0].args
    assert (event["sender"], event["amount"]) == (world.stranger.address, 40)
    assert token.balanceOf(world.payer) == FUNDS - PAID + 40
    assert channels.refundNonce(world.id()) == 1


def test_chn_9_once(world):
    bring(world, 40)
    with reverts("channels: another refund came first"):
        bring(world, 40)
    with reverts("channels: refund is not signed"):
        bring(world, 40, 1, signed(world, 40))
    bring(world, 40, 1)
    assert world.state() == (PAID - 80, 0)


def test_chn_9_one_given_directly_uses_up_the_signed_one(world, channels):
    signature = signed(world, 40)
    channels.refund(world.channel.values, 1, sender=world.receiver)
    with reverts("channels: another refund came first"):
        bring(world, 40, 0, signature)


def test_chn_9_even_one_that_moved_nothing(world, channels):
    world.claim(world.item(PAID))
    signature = signed(world, 40)
    channels.refund(world.channel.values, 1, sender=world.receiver)
    world.pay(amount=50)
    with reverts("channels: another refund came first"):
        bring(world, 40, 0, signature)


@pytest.mark.parametrize("by", ["payer", "authorizer", "receiver", "stranger"])
def test_signed_by_another(world, by):
    with reverts("channels: refund is not signed"):
        bring(world, 40, 0, signed(world, 40, by=getattr(world, by)))


def test_signed_for_another_amount_channel_chain_or_contract(world):
    other = world.other(salt=b"\x01" * 32)
    world.pay(other, 50)
    elsewhere = [
        Vouchers(1, world.channels.address), Vouchers(world.evm.chain_id, world.hub.address),
    ]  # fmt: skip
    for signature in (
        signed(world, 41),
        signed(world, 40, channel=other),
        *(world.claimer.sign(vouchers.refund_digest(world.id(), 0, 40)) for vouchers in elsewhere),
    ):
        with reverts("channels: refund is not signed"):
            bring(world, 40, 0, signature)


def test_nobody_is_no_authorizer(world):
    with reverts("channels: refund is not signed"):
        bring(world, 40, 0, bytes(65), world.other(receiver_authorizer=ZERO_ADDRESS))


def test_nothing(world):
    with reverts("channels: zero amount"):
        bring(world, 0)


def test_an_authorizer_that_is_a_contract(world):
    wallet = world.evm.deploy("ContractWallet", world.claimer, sender=world.owner)
    channel = world.other(receiver_authorizer=wallet.address)
    world.pay(channel, 50)
    bring(world, 40, channel=channel)
    assert world.state(channel) == (10, 0)


# who comes first ------------------------------------------------------------------------------------------------------


def test_chn_6_a_claim_before_a_refund_and_after_it(world):
    """The same voucher is worth the same, or what is left: the refund takes nothing that is claimed."""
    with world.evm.anchor():
        world.claim(world.item(70))
        bring(world, PAID - 60)
        assert world.state() == (70, 70)
    bring(world, PAID - 60)
    world.claim(world.item(70))
    assert world.state() == (60, 60)


def test_chn_6_a_claim_before_a_withdrawal_and_after_it(world, channels):
    channels.initiateWithdraw(world.channel.values, PAID - 60, sender=world.payer)
    world.evm.warp(DELAY)
    with world.evm.anchor():
        world.claim(world.item(70))
        channels.finalizeWithdraw(world.channel.values, sender=world.payer)
        assert world.state() == (70, 70)
    channels.finalizeWithdraw(world.channel.values, sender=world.payer)
    world.claim(world.item(70))
    assert world.state() == (60, 60)
