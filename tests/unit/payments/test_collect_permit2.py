"""`Permit2DepositCollector.collect`: a deposit that its payer signed for Permit2, into the channel that it names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evmstorm.evm import reverts
from keifu.abi import encode_args
from keifu.abi.eip712 import PERMIT
from keifu.keys import Domain
from keifu.payments import deposits, sign_permit2
from keifu.units import DAY

from .world import ENOUGH, FUNDS, PAID

PERMIT_TYPES = ["uint256", "uint256", "uint8", "bytes32", "bytes32"]


@pytest.fixture
def permit2(world, monkeypatch):
    """A stand-in at an address of its own, which the typed data names."""
    contract = world.evm.deploy("PlainPermit2", sender=world.owner)
    monkeypatch.setattr(deposits, "PERMIT2", contract.address)
    world.token.approve(contract, ENOUGH, sender=world.payer)
    return contract


@pytest.fixture
def collector(world, permit2):
    return world.evm.deploy("Permit2DepositCollector", world.channels, permit2, sender=world.owner)


@pytest.fixture
def signed(world, collector):
    """`signed(amount, …)`: what the payer signs for the channel."""

    def signed(amount, channel=None, *, token=None, nonce=7, by=None):
        return sign_permit2(
            world.evm.chain_id,
            (token or world.token).address,
            collector.address,
            world.id(channel),
            amount,
            until=world.evm.now + DAY,
            nonce=nonce,
            sign=(by or world.payer).sign,
        )

    return signed


def bring(world, collector, deposit, channel=None):
    channel = channel or world.channel
    return world.channels.deposit(channel.values, deposit.amount, collector, deposit.data, sender=world.stranger)


def test_chn_10_anybody_brings_it(world, collector, signed, token):
    event = bring(world, collector, signed(40)).events("Deposited")[0].args
    assert (event["sender"], event["amount"], event["newBalance"]) == (world.stranger.address, 40, PAID + 40)
    assert token.balanceOf(world.payer) == FUNDS - PAID - 40
    assert token.balanceOf(world.channels) == PAID + 40


def test_of_a_token_that_knows_no_signatures(world, collector, signed, permit2):
    quiet = world.listed("QuietToken")
    quiet.approve(permit2, 100, sender=world.payer)
    channel = world.other(token=quiet.address)
    bring(world, collector, signed(40, channel, token=quiet), channel)
    assert world.state(channel) == (40, 0)


def test_chn_8_of_a_token_that_takes_a_fee(world, collector, signed, permit2):
    token = world.listed("FeeToken")
    token.approve(permit2, 1_000, sender=world.payer)
    channel = world.other(token=token.address)
    with reverts("channels: collector brought another amount"):
        bring(world, collector, signed(1_000, channel, token=token), channel)


def test_chn_10_once(world, collector, signed):
    bring(world, collector, signed(40))
    with reverts("permit2: nonce was used"):
        bring(world, collector, signed(40))
    bring(world, collector, signed(40, nonce=8))
    assert world.state() == (PAID + 80, 0)


def test_chn_10_into_its_own_channel_with_its_own_amount(world, collector, signed):
    other = world.other(salt=b"\x01" * 32)
    with reverts("permit2: not signed"):
        bring(world, collector, signed(40), other)
    for amount in (39, 41):
        with reverts("permit2: not signed"):
            bring(world, collector, replace(signed(40), amount=amount))


def test_signed_by_another(world, collector, signed):
    with reverts("permit2: not signed"):
        bring(world, collector, signed(40, by=world.authorizer))


def test_too_late(world, collector, signed):
    deposit = signed(40)
    world.evm.warp(DAY + 1)
    with reverts("permit2: expired"):
        bring(world, collector, deposit)


def test_chn_10_only_channels_calls_it(world, collector, signed):
    deposit = signed(40)
    with reverts("collector: caller is not channels"):
        collector.collect(world.payer, world.token, 40, world.id(), deposit.data, sender=world.stranger)


# with a permit of the token -------------------------------------------------------------------------------------------


def with_permit(world, permit2, deposit, value, nonce=0):
    """The same with the payer's permit for Permit2 in it (EIP-2612)."""
    until = world.evm.now + DAY
    domain = Domain(*deposits.COIN_DOMAIN, world.evm.chain_id, world.token)
    signature = domain.sign(world.payer, PERMIT, world.payer.address, permit2.address, value, nonce, until)
    r, s, v = signature[:32], signature[32:64], signature[64]
    permit = encode_args(PERMIT_TYPES, [value, until, v, r, s])
    start = encode_args(["uint256", "uint256"], [7, until])
    inner = deposit.data[128 + 32 : 128 + 32 + 65]
    data = encode_args(["uint256", "uint256", "bytes", "bytes"], [7, until, inner, permit])
    assert data.startswith(start)
    return replace(deposit, data=data)


def test_the_payer_permits_permit2_in_the_same_call(world, collector, signed, permit2, token):
    token.approve(permit2, 0, sender=world.payer)
    deposit = with_permit(world, permit2, signed(40), 40)
    bring(world, collector, deposit)
    assert world.state() == (PAID + 40, 0)
    assert token.allowance(world.payer, permit2) == 0


def test_a_permit_that_somebody_brought_before(world, collector, signed, permit2, token):
    token.approve(permit2, 0, sender=world.payer)
    deposit = with_permit(world, permit2, signed(40), 40)
    until = world.evm.now + DAY
    domain = Domain(*deposits.COIN_DOMAIN, world.evm.chain_id, token)
    signature = domain.sign(world.payer, PERMIT, world.payer.address, permit2.address, 40, 0, until)
    r, s, v = signature[:32], signature[32:64], signature[64]
    token.permit(world.payer, permit2, 40, until, v, r, s, sender=world.stranger)
    bring(world, collector, deposit)
    assert world.state() == (PAID + 40, 0)


def test_a_permit_that_is_none(world, collector, signed, permit2, token):
    token.approve(permit2, 39, sender=world.payer)
    with reverts("token: invalid signature"):
        bring(world, collector, with_permit(world, permit2, signed(40), 40, nonce=1))


def test_without_a_permit_nothing_moves(world, collector, signed, permit2, token):
    token.approve(permit2, 39, sender=world.payer)
    with reverts("token: insufficient allowance"):
        bring(world, collector, signed(40))
