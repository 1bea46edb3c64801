"""`claimWithSignature`: anybody brings what the receivers' authorizer has signed for exactly these items."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.payments import MAX_CLAIMS

from .world import BAD_SIGNATURE, NOT_RECEIVERS, PAID


def bring(world, items, signature=None, sender=None):
    signature = world.signed_batch(items) if signature is None else signature
    rows = [item.args for item in items]
    return world.channels.claimWithSignature(rows, signature, sender=sender or world.stranger)


def test_chn_3_the_authorizer_s_signature_lets_anybody_claim(world, channels):
    receipt = bring(world, [world.item(30)])
    event = receipt.events("Claimed")[0].args
    assert (event["sender"], event["newTotalClaimed"]) == (world.stranger.address, 30)
    assert tuple(channels.receivers(world.receiver, world.token)) == (30, 0)


def test_the_same_again_counts_nothing(world):
    items = [world.item(30)]
    bring(world, items)
    assert len(world.skipped(bring(world, items))) == 1
    assert world.state() == (PAID, 30)


@pytest.mark.parametrize("by", ["payer", "authorizer", "receiver", "stranger"])
def test_chn_3_signed_by_another(world, by):
    items = [world.item(30)]
    with reverts("channels: batch is not signed"):
        bring(world, items, world.signed_batch(items, getattr(world, by)))


def test_signed_for_other_items(world):
    items = [world.item(30)]
    for signed in ([world.item(29)], [world.item(30, most=31)], [*items, *items], []):
        with reverts("channels: batch is not signed"):
            bring(world, items, world.signed_batch(signed))


def test_an_empty_batch(world, channels):
    with reverts("channels: empty batch"):
        channels.claimWithSignature([], world.signed_batch([]), sender=world.stranger)


def test_nobody_is_no_authorizer(world):
    items = [world.item(30, world.other(receiver_authorizer=ZERO_ADDRESS))]
    with reverts("channels: batch is not signed"):
        bring(world, items, bytes(65))


def test_items_of_another_authorizer_are_skipped(world):
    other = world.other(receiver_authorizer=world.stranger.address)
    third = world.other(salt=b"\x01" * 32)
    world.pay(other, 50)
    world.pay(third, 50)
    items = [world.item(10), world.item(10, other), world.item(10, third, by=world.payer), world.item(20)]
    receipt = bring(world, items)
    assert world.skipped(receipt) == [(world.id(other), NOT_RECEIVERS), (world.id(third), BAD_SIGNATURE)]
    assert (world.state(), world.state(other)) == ((PAID, 20), (50, 0))


def test_it_lets_nobody_claim_afterwards(world):
    """What the signature allows ends with its call."""
    bring(world, [world.item(10)])
    receipt = world.claim(world.item(20), sender=world.stranger)
    assert world.skipped(receipt) == [(world.id(), NOT_RECEIVERS)]


def test_nor_in_the_same_transaction(world, channels):
    items = [world.item(10)]
    first = channels.claimWithSignature.encode([item.args for item in items], world.signed_batch(items))
    second = channels.claim.encode([world.item(20).args], False)
    receipt = channels.multicall([first, second], sender=world.stranger)
    assert world.skipped(receipt) == [(world.id(), NOT_RECEIVERS)]
    assert world.state() == (PAID, 10)


def test_an_authorizer_that_is_a_contract(world):
    wallet = world.evm.deploy("ContractWallet", world.claimer, sender=world.owner)
    channel = world.other(receiver_authorizer=wallet.address)
    world.pay(channel, 50)
    items = [world.item(10, channel)]
    bring(world, items)
    assert world.state(channel) == (50, 10)
    with reverts("channels: batch is not signed"):
        bring(world, items, world.signed_batch(items, world.payer))


def test_the_longest_batch(world):
    made = [world.other(salt=number.to_bytes(32, "big")) for number in range(1, MAX_CLAIMS + 1)]
    for channel in made:
        world.pay(channel, 10)
    bring(world, [world.item(2, channel) for channel in made])
    assert all(world.state(channel) == (10, 2) for channel in made)
    assert tuple(world.channels.receivers(world.receiver, world.token)) == (2 * MAX_CLAIMS, 0)


def test_a_batch_is_for_its_contract_and_chain(world):
    items = [world.item(10)]
    other = replace(items[0])
    digest = type(world.vouchers)(1, world.channels.address).claim_digest([(world.id(), 10, 10)])
    with reverts("channels: batch is not signed"):
        bring(world, [other], world.claimer.sign(digest))
