"""`keifu.payments.actions`: what payers, receivers and relayers do, and what is found before anything is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.deployer import EvmDeployer
from evmstorm.evm import reverts
from keifu.chain import Deployment
from keifu.chain.suite import CHANNELS, ERC3009_COLLECTOR
from keifu.errors import CheckFailed, UsageError
from keifu.keys import Domain
from keifu.payments import MAX_CLAIMS, actions, read_channel, read_earnings, sign_authorization
from keifu.payments.deposits import COIN_DOMAIN
from keifu.units import DAY

from .world import DELAY, FEE, FUNDS, PAID


@pytest.fixture
def suite(world):
    collector = world.evm.deploy("Erc3009DepositCollector", world.channels, sender=world.owner)
    return Deployment({CHANNELS: world.channels.address, ERC3009_COLLECTOR: collector.address})


@pytest.fixture
def act(world):
    """Sends as somebody."""
    return lambda account: EvmDeployer(world.evm, account)


def test_a_deposit_approves_what_is_missing(world, suite, act, token):
    token.approve(world.channels, 0, sender=world.payer)
    actions.deposit(act(world.payer), suite, world.channel, 5)
    assert world.state() == (PAID + 5, 0)
    assert token.allowance(world.payer, world.channels) == 0


def test_of_another_token_too(world, suite, act):
    other = world.listed("HookToken")
    other.approve(world.channels, 0, sender=world.payer)
    channel = world.other(token=other.address)
    actions.deposit(act(world.payer), suite, channel, 5)
    assert world.state(channel) == (5, 0)


def test_a_refused_deposit_leaves_no_approval_behind(world, suite, act, token):
    token.approve(world.channels, 0, sender=world.payer)
    with reverts("channels: delay too short"):
        actions.deposit(act(world.payer), suite, world.other(withdraw_delay=1), 5)
    assert token.allowance(world.payer, world.channels) == 0


def test_more_than_the_payer_has(world, suite, act):
    with pytest.raises(CheckFailed, match=f"has {FUNDS - PAID} of {FUNDS}"):
        actions.deposit(act(world.payer), suite, world.channel, FUNDS)


def test_for_another_payer(world, suite, act):
    with pytest.raises(UsageError, match="another payer"):
        actions.deposit(act(world.stranger), suite, world.channel, 5)


def test_a_signed_deposit(world, suite, act):
    signed = sign_authorization(
        Domain(*COIN_DOMAIN, world.evm.chain_id, world.token),
        world.payer.address,
        suite[ERC3009_COLLECTOR],
        world.id(),
        40,
        until=world.evm.now + DAY,
        salt=1,
        sign=world.payer.sign,
    )
    actions.bring_deposit(act(world.stranger), suite, world.channel, signed)
    assert world.state() == (PAID + 40, 0)


def test_claims_are_paid_at_once_or_later(world, suite, act, token):
    receiver = act(world.receiver)
    actions.claim(receiver, suite, [world.item(10_000)])
    assert token.balanceOf(world.receiver) == 10_000 - FEE
    actions.claim(receiver, suite, [world.item(20_000)], paid=False)
    assert token.balanceOf(world.receiver) == 10_000 - FEE
    items = [world.item(30_000)]
    actions.claim_signed(act(world.stranger), suite, items, world.signed_batch(items))
    earned = read_earnings(world.channels, world.receiver.address, token.address)
    assert (earned.claimed, earned.settled) == (30_000, 10_000)
    assert actions.settle(act(world.stranger), suite, world.receiver.address, token.address) == 20_000
    assert actions.settle(act(world.stranger), suite, world.receiver.address, token.address) == 0
    assert token.balanceOf(world.receiver) == 30_000 - 3 * FEE


@pytest.mark.parametrize("count", [0, MAX_CLAIMS + 1])
def test_none_and_too_many_claims(world, suite, act, count):
    items = [world.item(1)] * count
    with pytest.raises(UsageError, match=f"{count} claims"):
        actions.claim(act(world.receiver), suite, items)
    with pytest.raises(UsageError, match=f"{count} claims"):
        actions.claim_signed(act(world.receiver), suite, items, b"")


def test_a_signature_of_a_contract_stays_as_it_is(world):
    item = world.item(1)
    for signature in (b"", bytes(65), bytes(64), item.signature[:64] + b"\x00"):
        assert replace(item, signature=signature).args[1] == signature


def test_coins_go_back(world, suite, act, token):
    payer = act(world.payer)
    actions.ask_back(payer, suite, world.channel, 40)
    status = read_channel(world.channels, world.channel)
    assert (status.available, status.asked_back, status.covered) == (PAID, 40, PAID - 40)
    assert status.data()["channel"] == "0x" + world.id().hex()
    actions.refund(act(world.receiver), suite, world.channel, 10)
    digest = world.vouchers.refund_digest(world.id(), 1, 10)
    actions.refund_signed(act(world.stranger), suite, world.channel, 10, 1, world.claimer.sign(digest))
    status = read_channel(world.channels, world.channel)
    assert (status.asked_back, status.refund_nonce) == (20, 2)
    world.evm.warp(DELAY)
    actions.take_back(payer, suite, world.channel)
    assert token.balanceOf(world.payer) == FUNDS - PAID + 40
    assert read_channel(world.channels, world.channel).data() == {
        "channel": "0x" + world.id().hex(),
        "balance": str(PAID - 40),
        "claimed": "0",
        "available": str(PAID - 40),
        "asked_back": "0",
        "asked_at": 0,
        "refund_nonce": "2",
    }


def test_nothing_is_covered_twice(world, suite, act):
    actions.ask_back(act(world.payer), suite, world.channel, PAID)
    world.claim(world.item(30))
    status = read_channel(world.channels, world.channel)
    assert (status.available, status.covered) == (PAID - 30, 0)
