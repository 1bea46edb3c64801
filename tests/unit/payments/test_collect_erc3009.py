"""`Erc3009DepositCollector.collect`: a deposit that its payer signed as a transfer, into the channel that it names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evmstorm.evm import reverts
from keifu.keys import Domain
from keifu.payments import sign_authorization
from keifu.payments.deposits import COIN_DOMAIN
from keifu.units import DAY

from .world import FUNDS, PAID


@pytest.fixture
def collector(world):
    return world.evm.deploy("Erc3009DepositCollector", world.channels, sender=world.owner)


@pytest.fixture
def signed(world, collector):
    """`signed(amount, …)`: what the payer signs for the channel."""

    def signed(amount, channel=None, *, salt=7, until=None, by=None):
        token = Domain(*COIN_DOMAIN, world.evm.chain_id, world.token)
        return sign_authorization(
            token,
            world.payer.address,
            collector.address,
            world.id(channel),
            amount,
            until=until or world.evm.now + DAY,
            salt=salt,
            sign=(by or world.payer).sign,
        )

    return signed


def bring(world, collector, deposit, channel=None):
    channel = channel or world.channel
    return world.channels.deposit(channel.values, deposit.amount, collector, deposit.data, sender=world.stranger)


def test_chn_10_anybody_brings_it(world, collector, signed, token):
    event = bring(world, collector, signed(40)).events("Deposited")[0].args
    assert (event["sender"], event["amount"], event["newBalance"]) == (world.stranger.address, 40, PAID + 40)
    assert world.state() == (PAID + 40, 0)
    assert token.balanceOf(world.payer) == FUNDS - PAID - 40
    assert token.balanceOf(collector) == 0


def test_it_needs_no_approval_and_opens_a_channel(world, collector, signed, token):
    token.approve(world.channels, 0, sender=world.payer)
    channel = world.other(salt=b"\x01" * 32)
    assert len(bring(world, collector, signed(40, channel), channel).events("ChannelCreated")) == 1


def test_chn_10_once(world, collector, signed):
    bring(world, collector, signed(40))
    with reverts("token: authorization used or cancelled"):
        bring(world, collector, signed(40))
    bring(world, collector, signed(40, salt=8))
    assert world.state() == (PAID + 80, 0)


def test_chn_10_into_its_own_channel_with_its_own_amount(world, collector, signed):
    other = world.other(salt=b"\x01" * 32)
    with reverts("token: invalid signature"):
        bring(world, collector, signed(40), other)
    with reverts("token: invalid signature"):
        bring(world, collector, replace(signed(40), amount=41))


def test_signed_by_another(world, collector, signed):
    with reverts("token: invalid signature"):
        bring(world, collector, signed(40, by=world.authorizer))


def test_too_late(world, collector, signed):
    deposit = signed(40)
    world.evm.warp(DAY)
    with reverts("token: authorization expired"):
        bring(world, collector, deposit)


def test_chn_10_only_channels_calls_it(world, collector, signed):
    deposit = signed(40)
    with reverts("collector: caller is not channels"):
        collector.collect(world.payer, world.token, 40, world.id(), deposit.data, sender=world.stranger)


def test_data_that_is_none(world, collector):
    for data in (b"", bytes(127), bytes(160)):
        with reverts("" if len(data) < 128 else "token: authorization expired"):
            world.channels.deposit(world.channel.values, 40, collector, data, sender=world.stranger)


def test_a_payer_that_is_a_contract(world, collector, signed, token):
    """The token asks it whether it signed."""
    wallet = world.evm.deploy("ContractWallet", world.payer, sender=world.owner)
    world.fund(wallet)
    channel = world.other(payer=wallet.address)
    domain = Domain(*COIN_DOMAIN, world.evm.chain_id, token)
    deposit = sign_authorization(
        domain, wallet.address, collector.address, world.id(channel), 40, until=world.evm.now + DAY, salt=1,
        sign=world.payer.sign,
    )  # fmt: skip
    bring(world, collector, deposit, channel)
    assert world.state(channel) == (40, 0)
