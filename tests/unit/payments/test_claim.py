"""`claim`: what was signed, once, by the receiver's side alone; a wrong item counts nothing and holds up no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ethwire.constants import ZERO_ADDRESS
from ethwire.keys import Account
from evmstorm.evm import LocalEvm, reverts
from keifu.payments import MAX_CLAIMS, Vouchers
from keifu.units import DAY

from .world import (
    BAD_SIGNATURE,
    DELAY,
    FEE,
    FUNDS,
    NOT_RECEIVERS,
    NOT_SIGNED_FOR,
    NOTHING_LEFT,
    NOTHING_NEW,
    PAID,
)

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
MOST = 2**128 - 1


def split(signature):
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]


def joined(r, s, v):
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])


def test_chn_2_what_was_signed_is_claimed(world, channels):
    receipt = world.claim(world.item(30))
    event = receipt.events("Claimed")[0].args
    assert (bytes(event["channelId"]), event["sender"]) == (world.id(), world.receiver.address)
    assert (event["claimAmount"], event["newTotalClaimed"]) == (30, 30)
    assert world.state() == (PAID, 30)
    assert tuple(channels.receivers(world.receiver, world.token)) == (30, 0)


def test_a_later_voucher_replaces_an_earlier_one(world):
    world.claim(world.item(30))
    event = world.claim(world.item(50, most=60)).events("Claimed")[0].args
    assert (event["claimAmount"], event["newTotalClaimed"]) == (20, 50)
    assert world.state() == (PAID, 50)


def test_chn_3_the_receiver_and_its_authorizer_claim(world):
    world.claim(world.item(10), sender=world.receiver)
    world.claim(world.item(20), sender=world.claimer)
    assert world.state() == (PAID, 20)


def test_chn_3_nobody_else_claims(world):
    for sender in (world.payer, world.authorizer, world.stranger):
        assert world.skipped(world.claim(world.item(10), sender=sender)) == [(world.id(), NOT_RECEIVERS)]
    assert world.state() == (PAID, 0)


def test_chn_1_what_was_claimed_never_falls(world):
    world.claim(world.item(30))
    for total in (30, 29, 0):
        assert world.skipped(world.claim(world.item(total, most=30))) == [(world.id(), NOTHING_NEW)]
    assert world.state() == (PAID, 30)


def test_chn_2_not_more_than_the_voucher_says(world):
    assert world.skipped(world.claim(world.item(31, most=30))) == [(world.id(), NOT_SIGNED_FOR)]
    world.claim(world.item(30, most=30))
    assert world.state() == (PAID, 30)


def test_what_is_not_covered_counts_up_to_what_there_is(world):
    world.claim(world.item(PAID + 7))
    assert world.state() == (PAID, PAID)
    assert world.skipped(world.claim(world.item(PAID + 7))) == [(world.id(), NOTHING_LEFT)]
    world.pay(amount=5)
    world.claim(world.item(PAID + 7))
    assert world.state() == (PAID + 5, PAID + 5)
    world.pay(amount=5)
    world.claim(world.item(PAID + 7))
    assert world.state() == (PAID + 10, PAID + 7)


def test_a_channel_that_was_never_opened(world):
    channel = world.other(salt=b"\x09" * 32)
    assert world.skipped(world.claim(world.item(1, channel))) == [(world.id(channel), NOTHING_LEFT)]


def test_an_empty_batch(world, channels):
    with reverts("channels: empty batch"):
        channels.claim([], sender=world.receiver)


# signatures -----------------------------------------------------------------------------------------------------------


def test_chn_2_signed_by_another(world):
    for by in (world.payer, world.receiver, world.claimer):
        assert world.skipped(world.claim(world.item(10, by=by))) == [(world.id(), BAD_SIGNATURE)]


def test_chn_2_a_voucher_counts_for_its_channel_alone(world):
    other = world.other(salt=b"\x01" * 32)
    world.pay(other, 50)
    said = world.item(10)
    assert world.skipped(world.claim(replace(said, channel=other))) == [(world.id(other), BAD_SIGNATURE)]


def test_chn_2_and_for_its_sum(world):
    said = world.item(10)
    assert world.skipped(world.claim(replace(said, most=11))) == [(world.id(), BAD_SIGNATURE)]


@pytest.mark.parametrize("other", ["chain", "contract"])
def test_chn_2_and_on_its_chain_in_its_contract(world, other):
    chain = 1 if other == "chain" else world.evm.chain_id
    where = world.channels.address if other == "chain" else world.hub.address
    signature = Vouchers(chain, where).sign(world.authorizer, world.id(), 10)
    item = replace(world.item(10), signature=signature)
    assert world.skipped(world.claim(item)) == [(world.id(), BAD_SIGNATURE)]


def test_a_channel_is_one_of_its_chain():
    assert LocalEvm().chain_id != 1
    assert Vouchers(1, ZERO_ADDRESS).domain.separator != Vouchers(2, ZERO_ADDRESS).domain.separator


def test_the_long_and_the_short_form_of_a_signature(world, channels):
    long = world.item(10)
    assert len(long.signature) == 65
    channels.claim([(long.args[0], long.signature, 10)], sender=world.receiver)
    for total in range(20, 60, 10):  # both parities will be among them
        assert len(world.item(total).args[1]) == 64
        world.claim(world.item(total))
    assert world.state() == (PAID, 50)


def test_a_malleable_signature_is_none(world, channels):
    r, s, v = split(world.item(10).signature)
    args = world.item(10).args[0]
    second = joined(r, ORDER - s, 55 - v)
    assert world.skipped(channels.claim([(args, second, 10)], sender=world.receiver)) == [(world.id(), BAD_SIGNATURE)]


@pytest.mark.parametrize("length", [0, 1, 63])
def test_a_signature_that_is_too_short(world, channels, length):
    item = world.item(10)
    receipt = channels.claim([(item.args[0], item.signature[:length], 10)], sender=world.receiver)
    assert world.skipped(receipt) == [(world.id(), BAD_SIGNATURE)]


def test_a_signature_that_recovers_nobody(world, channels):
    item = world.item(10)
    for v in (0, 1, 26, 29, 255):
        receipt = channels.claim([(item.args[0], item.signature[:64] + bytes([v]), 10)], sender=world.receiver)
        assert world.skipped(receipt) == [(world.id(), BAD_SIGNATURE)]


def test_chn_2_nobody_is_no_authorizer(world, channels):
    """A signature that recovers nobody does not count as that of the zero address."""
    channel = world.without_authorizer()
    world.pay(channel, 50)
    item = world.item(10, channel)
    for signature in (bytes(65), bytes(64), item.signature[:64] + b"\x00"):
        receipt = channels.claim([(item.args[0], signature, 10)], sender=world.receiver)
        assert world.skipped(receipt) == [(world.id(channel), BAD_SIGNATURE)]


def test_without_an_authorizer_the_payer_signs(world):
    channel = world.without_authorizer()
    world.pay(channel, 50)
    assert world.skipped(world.claim(world.item(10, channel))) == [(world.id(channel), BAD_SIGNATURE)]
    world.claim(world.item(10, channel, by=world.payer))
    assert world.state(channel) == (50, 10)


def wallet_channel(world, **parts):
    """A channel whose payer is a contract, with coins in it."""
    wallet = world.evm.deploy("ContractWallet", world.authorizer, sender=world.owner)
    token = world.evm.deploy("QuietToken", sender=world.owner)
    world.channels.listToken(token, True, sender=world.owner)
    token.mint(wallet, 100, sender=world.owner)
    channel = world.without_authorizer(payer=wallet.address, token=token.address, **parts)
    for at, name, args in (
        (token, "approve", (world.channels, 100)),
        (world.channels, "deposit", (channel.values, 100, world.channels, b"")),
    ):
        wallet.run(at, getattr(at, name).encode(*args), sender=world.authorizer)
    return channel


def test_a_payer_that_is_a_contract_says_so_itself(world, channels):
    channel = wallet_channel(world)
    item = world.item(10, channel)
    channels.claim([(item.args[0], item.signature, 10)], sender=world.receiver)
    assert world.state(channel) == (100, 10)
    other = world.item(20, channel, by=world.payer)
    receipt = channels.claim([(other.args[0], other.signature, 20)], sender=world.receiver)
    assert world.skipped(receipt) == [(world.id(channel), BAD_SIGNATURE)]


def test_an_authorizer_that_is_a_contract_is_none(world, channels):
    wallet = world.evm.deploy("ContractWallet", world.authorizer, sender=world.owner)
    channel = world.other(payer_authorizer=wallet.address)
    world.pay(channel, 50)
    item = world.item(10, channel)
    receipt = channels.claim([(item.args[0], item.signature, 10)], sender=world.receiver)
    assert world.skipped(receipt) == [(world.id(channel), BAD_SIGNATURE)]


# batches --------------------------------------------------------------------------------------------------------------


def open_channels(world, count, amount=10):
    made = [world.other(salt=number.to_bytes(32, "big")) for number in range(1, count + 1)]
    for channel in made:
        world.pay(channel, amount)
    return made


def test_chn_4_a_wrong_item_holds_up_no_other(world):
    first, second, third, fourth, fifth = open_channels(world, 5)
    receipt = world.claim(
        world.item(3, first),
        world.item(3, second, by=world.payer),
        world.item(4, third, most=3),
        world.item(3, replace(first, salt=b"\x77" * 32)),
        world.item(0, fourth, most=3),
        world.item(3, replace(fifth, receiver=world.stranger.address, receiver_authorizer=world.stranger.address)),
        world.item(3, fifth),
    )
    reasons = [reason for _, reason in world.skipped(receipt)]
    assert reasons == [BAD_SIGNATURE, NOT_SIGNED_FOR, NOTHING_LEFT, NOTHING_NEW, NOT_RECEIVERS]
    assert [world.state(channel)[1] for channel in (first, second, third, fourth, fifth)] == [3, 0, 0, 0, 3]
    assert tuple(world.channels.receivers(world.receiver, world.token)) == (6, 0)


def test_the_same_channel_twice_in_a_batch(world):
    receipt = world.claim(world.item(3), world.item(3), world.item(2), world.item(5))
    assert [reason for _, reason in world.skipped(receipt)] == [NOTHING_NEW, NOTHING_NEW]
    assert world.state() == (PAID, 5)
    assert tuple(world.channels.receivers(world.receiver, world.token)) == (5, 0)


def test_receivers_and_tokens_are_kept_apart(world, channels):
    """One authorizer claims for two receivers, in two tokens, in any order."""
    quiet = world.listed("QuietToken")
    mine = world.other(salt=b"\x01" * 32)
    others = world.other(receiver=world.stranger.address)
    in_quiet = world.other(token=quiet.address)
    for channel in (mine, others, in_quiet):
        world.pay(channel, 50)
    world.claim(
        world.item(1, mine), world.item(2, others), world.item(4), world.item(8, in_quiet), world.item(16, mine),
        sender=world.claimer,
    )  # fmt: skip
    assert tuple(channels.receivers(world.receiver, world.token)) == (20, 0)
    assert tuple(channels.receivers(world.stranger, world.token)) == (2, 0)
    assert tuple(channels.receivers(world.receiver, quiet)) == (8, 0)


def test_the_longest_batch(world):
    made = open_channels(world, MAX_CLAIMS)
    receipt = world.claim(*(world.item(number % 10 + 1, channel) for number, channel in enumerate(made)))
    assert len(receipt.events("Claimed")) == MAX_CLAIMS
    assert tuple(world.channels.receivers(world.receiver, world.token)) == (550, 0)


def test_one_more_than_the_longest(world, channels):
    with reverts(""):
        channels.claim([world.item(1).args] * (MAX_CLAIMS + 1), sender=world.receiver)


def test_more_than_a_receiver_s_number_holds(world, channels):
    token = world.listed("QuietToken")
    channel, second = world.other(token=token.address), world.other(token=token.address, salt=b"\x01" * 32)
    token.mint(world.payer, MOST - FUNDS, sender=world.owner)
    world.pay(channel, MOST)
    world.claim(world.item(MOST, channel), paid=True)
    token.transfer(world.payer, 5, sender=world.receiver)
    world.pay(second, 5)
    with reverts("channels: too much claimed"):
        world.claim(world.item(1, second))


# paid in the same call ------------------------------------------------------------------------------------------------


def test_chn_5_claimed_and_paid_in_one_call(world, token):
    receipt = world.claim(world.item(10_000), paid=True)
    fee = 10_000 * FEE // 10_000
    assert token.balanceOf(world.receiver) == 10_000 - fee
    assert receipt.events("Settled")[0].args["amount"] == 10_000 - fee
    assert tuple(world.channels.receivers(world.receiver, token)) == (10_000, 10_000)


def test_what_was_claimed_before_is_paid_with_it(world, token):
    world.claim(world.item(10_000))
    world.claim(world.item(20_000), paid=True)
    assert token.balanceOf(world.receiver) == 20_000 - 20_000 * FEE // 10_000


def test_several_receivers_are_paid(world, token):
    others = world.other(receiver=world.stranger.address)
    world.pay(others, 20_000)
    world.claim(world.item(10_000), world.item(20_000, others), world.item(10_200), sender=world.claimer, paid=True)
    assert token.balanceOf(world.receiver) == 10_000 - 50 + 200 - 1
    assert token.balanceOf(world.stranger) == 20_000 - 100


def test_nothing_is_paid_for_what_is_skipped(world, token):
    receipt = world.claim(world.item(10, by=world.payer), paid=True)
    assert receipt.events("Settled") == []
    assert token.balanceOf(world.receiver) == 0


def test_chn_1_claims_go_on_while_coins_are_asked_back(world, channels):
    channels.initiateWithdraw(world.channel.values, PAID, sender=world.payer)
    world.evm.warp(DELAY)
    world.claim(world.item(40))
    channels.finalizeWithdraw(world.channel.values, sender=world.payer)
    assert world.state() == (40, 40)


def test_a_key_that_signs_for_nobody_is_not_asked(world):
    """Another network's account of the same key has other channels."""
    key = Account.from_role("a key of another channel")
    channel = world.other(payer_authorizer=key.address)
    world.pay(channel, 5)
    world.evm.warp(30 * DAY)
    world.claim(world.item(5, channel, by=key))
    assert world.state(channel) == (5, 5)
