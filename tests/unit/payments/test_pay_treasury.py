"""`payTreasury`: anybody sends the treasury what waits for it, once."""

from __future__ import annotations

from evmstorm.evm import reverts

from .world import FEE, PAID


def earned(world):
    quiet = world.listed("QuietToken")
    channel = world.other(token=quiet.address)
    world.pay(channel, PAID)
    world.claim(world.item(PAID, channel), paid=True)
    return quiet


def test_the_fees_go_to_the_treasury(world, channels):
    quiet = earned(world)
    fee = PAID * FEE // 10_000
    receipt = channels.payTreasury(quiet, sender=world.stranger)
    assert receipt.value == fee == quiet.balanceOf(world.treasury)
    event = receipt.events("TreasuryPaid")[0].args
    assert (event["token"], event["amount"]) == (quiet.address, fee)
    assert quiet.balanceOf(channels) == channels.treasuryFees(quiet) == 0


def test_nothing_twice_and_nothing_of_what_is_in_channels(world, channels):
    quiet = earned(world)
    channels.payTreasury(quiet, sender=world.stranger)
    for token in (quiet, world.token):
        with reverts("channels: nothing for the treasury"):
            channels.payTreasury(token, sender=world.owner)


def test_a_token_that_refuses_keeps_it_owed(world, channels):
    token = world.listed("HookToken")
    channel = world.other(token=token.address)
    world.pay(channel, PAID)
    world.claim(world.item(PAID, channel), paid=True)
    token.set_refuses(True, sender=world.owner)
    with reverts("transfer: refused"):
        channels.payTreasury(token, sender=world.stranger)
    assert channels.treasuryFees(token) == PAID * FEE // 10_000
