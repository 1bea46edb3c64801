"""`deposit`: what arrives is what is booked, in listed tokens alone, into the channel that its configuration names."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.units import DAY

from .world import ENOUGH, FUNDS, PAID

MINUTE = 60
MOST = 2**128 - 1
ABSENT = "0x" + "77" * 20


def test_chn_1_the_first_deposit_opens_a_channel(world, token):
    channel = world.other(salt=b"\x01" * 32)
    receipt = world.pay(channel, 7)
    created, deposited = receipt.events("ChannelCreated"), receipt.events("Deposited")
    assert [bytes(log.args["channelId"]) for log in created] == [world.id(channel)]
    assert tuple(created[0].args["config"])[:5] == channel.values[:5]
    assert (deposited[0].args["amount"], deposited[0].args["newBalance"]) == (7, 7)
    assert deposited[0].args["sender"] == world.payer.address
    assert world.state(channel) == (7, 0)
    assert token.balanceOf(world.channels) == PAID + 7


def test_later_ones_add_to_it(world, channels, token):
    world.claim(world.item(3))
    receipt = world.pay(amount=5)
    assert receipt.events("ChannelCreated") == []
    assert receipt.events("Deposited")[0].args["newBalance"] == PAID + 5
    assert world.state() == (PAID + 5, 3)
    assert token.balanceOf(world.payer) == FUNDS - PAID - 5


def test_a_channel_that_was_emptied_opens_again(world, channels):
    channels.refund(world.channel.values, PAID, sender=world.receiver)
    assert len(world.pay(amount=1).events("ChannelCreated")) == 1


def test_each_part_of_the_configuration_makes_another_channel(world):
    others = [
        world.other(payer=world.stranger.address),
        world.other(payer_authorizer=world.stranger.address),
        world.other(receiver=world.stranger.address),
        world.other(receiver_authorizer=world.stranger.address),
        world.other(token=world.stranger.address),
        world.other(withdraw_delay=2 * DAY),
        world.other(salt=b"\x01" * 32),
    ]
    assert len({world.id(), *map(world.id, others)}) == len(others) + 1


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"receiver": ZERO_ADDRESS}, "channels: no receiver"),
        ({"receiver_authorizer": ZERO_ADDRESS}, "channels: no receiver authorizer"),
        ({"withdraw_delay": 15 * MINUTE - 1}, "channels: delay too short"),
        ({"withdraw_delay": 30 * DAY + 1}, "channels: delay too long"),
        ({"token": ABSENT}, "channels: token is not listed"),
    ],
)
def test_a_configuration_that_is_refused(world, parts, reason):
    with reverts(reason):
        world.pay(world.other(**parts))


@pytest.mark.parametrize("delay", [15 * MINUTE, 30 * DAY])
def test_the_shortest_and_the_longest_delay(world, delay):
    world.pay(world.other(withdraw_delay=delay), 1)
    assert world.state(world.other(withdraw_delay=delay)) == (1, 0)


def test_nothing_is_no_deposit(world):
    with reverts("channels: zero amount"):
        world.pay(amount=0)


def test_chn_8_a_token_taken_off_the_list_is_not_paid_in(world, channels, token):
    channels.listToken(token, False, sender=world.owner)
    with reverts("channels: token is not listed"):
        world.pay()
    channels.listToken(token, True, sender=world.owner)
    world.pay()
    assert world.state() == (2 * PAID, 0)


def test_nobody_pays_with_the_coins_of_another(world):
    with reverts("channels: caller is not the payer"):
        world.pay(sender=world.stranger)


def test_more_than_the_payer_has_or_allows(world, channels, token):
    with reverts("token: insufficient balance"):
        world.pay(amount=FUNDS)
    token.approve(channels, PAID - 1, sender=world.payer)
    with reverts("token: insufficient allowance"):
        world.pay()


def test_a_coin_that_answers_no(world):
    """The suite's coin reverts instead; another hub's coin might not."""
    coin = world.evm.deploy("HookToken", sender=world.owner)
    other = world.evm.deploy("Channels", coin, world.hub, world.owner, world.treasury, sender=world.owner)
    coin.mint(world.payer, PAID, sender=world.owner)
    coin.approve(other, ENOUGH, sender=world.payer)
    coin.set_refuses(True, sender=world.owner)
    channel = world.other(token=coin.address)
    with reverts("channels: transfer was refused"):
        other.deposit(channel.values, 1, other, b"", sender=world.payer)


def test_chn_8_a_token_that_takes_a_fee_is_refused(world):
    token = world.listed("FeeToken")
    with reverts("transfer: token takes a fee"):
        world.pay(world.other(token=token.address), 100)


def test_a_token_that_answers_no_is_refused(world):
    token = world.listed("FeeToken")
    token.set_refuses(True, sender=world.owner)
    with reverts("transfer: refused"):
        world.pay(world.other(token=token.address), 100)


def test_a_token_that_answers_nothing_is_taken(world):
    token = world.listed("QuietToken")
    channel = world.other(token=token.address)
    world.pay(channel, 100)
    assert world.state(channel) == (100, 0)
    assert token.balanceOf(world.channels) == 100


def test_a_token_cannot_come_back_in_the_middle(world, channels):
    token = world.listed("HookToken")
    channel = world.other(token=token.address)
    call = channels.settle.encode(world.receiver.address, token.address)
    token.arm(channels, call, sender=world.owner)
    world.pay(channel, 100)
    assert token.calls() == 1
    assert not token.got_through()


def test_as_much_as_a_number_holds_and_no_more(world, channels):
    token = world.listed("QuietToken")
    channel = world.other(token=token.address)
    token.mint(world.payer, MOST, sender=world.owner)
    world.pay(channel, 5)
    world.pay(channel, MOST - 5)
    assert world.state(channel) == (MOST, 0)
    with reverts("channels: too much in it"):
        world.pay(channel, 1)
    channels.claim([world.item(1, channel).args], sender=world.receiver)
    assert world.state(channel) == (MOST, 1)
    with reverts("channels: too much in it"):
        world.pay(channel, 1)


# collectors -----------------------------------------------------------------------------------------------------------


def test_chn_8_a_collector_that_brings_nothing(world, channels):
    nobody = world.evm.deploy("CallbackAttacker", sender=world.owner)
    with reverts("channels: collector brought another amount"):
        channels.deposit(world.channel.values, 5, nobody, b"", sender=world.stranger)


def test_a_collector_cannot_come_back(world, channels):
    """Its call is refused, so what it would bring by it is missing."""
    attacker = world.evm.deploy("CallbackAttacker", sender=world.owner)
    call = channels.settle.encode(world.receiver.address, world.token.address)
    attacker.arm(2, channels, call, sender=world.owner)
    with reverts("channels: collector brought another amount"):
        channels.deposit(world.channel.values, 5, attacker, b"", sender=world.stranger)


def test_a_collector_that_refuses(world, channels):
    attacker = world.evm.deploy("CallbackAttacker", sender=world.owner)
    attacker.arm(1, channels, b"", sender=world.owner)
    with reverts("attacker: no"):
        channels.deposit(world.channel.values, 5, attacker, b"", sender=world.stranger)


def test_no_payer(world, channels):
    nobody = world.evm.deploy("CallbackAttacker", sender=world.owner)
    with reverts("channels: no payer"):
        channels.deposit(world.other(payer=ZERO_ADDRESS).values, 5, nobody, b"", sender=world.stranger)
