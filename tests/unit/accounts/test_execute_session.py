"""AgentAccount.execute_session: a key within its limits, and never beyond one of them."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import Revert
from keifu.accounts import APPROVABLE, Limit, Target, selector

from .conftest import APPROVE, HELD, PERIOD, TRADE, TRANSFER

COIN = ZERO_ADDRESS  # the chain's coin, as a limit


def trade(world, take=0, give=0, coins=0, value=0, token=None):
    data = world.shop.trade.encode(token or world.token, take, give, coins)
    return world.account.execute_session(world.shop, value, data, sender=world.key)


def give_trade(world, limit=100, coins=10, **changes):
    """The key may trade; the owner has approved the shop."""
    world.account.execute(world.token, 0, world.token.approve.encode(world.shop, HELD), 0, sender=world.owner)
    limits = (Limit(COIN, coins), Limit(world.token.address, limit))
    world.give(targets=(Target(world.shop.address, TRADE),), limits=limits, **changes)


def test_a_call_within_the_limits(world):
    world.give()
    before = world.account.state()
    receipt = world.account.execute_session(*world.pay(60), sender=world.key)

    [log] = receipt.events("SessionUsed")
    assert log.args == {"key": world.key.address, "to": world.token.address, "value": 0, "selector": TRANSFER}
    assert world.token.balanceOf(world.payee) == 60
    assert world.account.spent(world.key, world.token) == (60, 100)
    assert world.session(world.key).uses == 4
    assert world.account.state() == before + 1


def test_without_a_session(world, refused):
    with refused("account: no session"):
        world.account.execute_session(*world.pay(1), sender=world.key)


def test_the_owner_has_no_session_either(world, refused):
    with refused("account: no session"):
        world.account.execute_session(*world.pay(1), sender=world.owner)


# time and uses --------------------------------------------------------------------------------------------------------


def test_from_its_first_to_its_last_second(world, refused):
    now = world.evm.now
    world.give(after=now + 10, until=now + 20)
    with refused("account: session has not begun"):
        world.account.execute_session(*world.pay(1), sender=world.key)
    world.evm.warp_to(now + 9)
    with refused("account: session has not begun"):
        world.account.execute_session(*world.pay(1), sender=world.key)
    for at in (now + 10, now + 19):
        world.evm.warp_to(at)
        world.account.execute_session(*world.pay(1), sender=world.key)
    world.evm.warp_to(now + 20)
    with refused("account: session is over"):
        world.account.execute_session(*world.pay(1), sender=world.key)


def test_as_often_as_granted(world, refused):
    world.give(uses=2)
    for _ in range(2):
        world.account.execute_session(*world.pay(1), sender=world.key)
    with refused("account: session used up"):
        world.account.execute_session(*world.pay(1), sender=world.key)


def test_a_refused_call_uses_nothing_up(world, refused):
    world.give(uses=1)
    with refused("account: over the limit"):
        world.account.execute_session(*world.pay(101), sender=world.key)
    world.account.execute_session(*world.pay(100), sender=world.key)


# functions ------------------------------------------------------------------------------------------------------------


def test_only_functions_of_the_grant(world, refused):
    world.give()
    for to, data in (
        (world.token, world.token.approve.encode(world.payee, 1)),
        (world.shop, world.shop.trade.encode(world.token, 0, 0, 0)),
        (world.stranger, b""),
        (world.token, b""),
        (world.payee, world.token.transfer.encode(world.payee, 1)),
    ):
        with refused("account: call not granted"):
            world.account.execute_session(to, 0, data, sender=world.key)


@pytest.mark.parametrize("data", [b"\1", b"\1\2\3", bytes(4), b"\xff" * 4, b"\xff" * 40], ids=bytes.hex)
def test_what_names_no_function(world, refused, data):
    world.give(targets=(Target(world.payee.address), Target(world.payee.address, APPROVABLE)))
    with refused("account: malformed call"):
        world.account.execute_session(world.payee, 0, data, sender=world.key)


@pytest.mark.parametrize("size", [4, 36, 67])
def test_a_transfer_that_names_no_amount(world, refused, size):
    world.give()
    with refused("account: malformed call"):
        world.account.execute_session(world.token, 0, world.pay(1)[2][:size], sender=world.key)


def test_another_key_has_another_session(world, refused):
    world.give()
    world.give(key=world.second_key.address, targets=(Target(world.payee.address),))
    with refused("account: call not granted"):
        world.account.execute_session(*world.pay(1), sender=world.second_key)


# limits ---------------------------------------------------------------------------------------------------------------


def test_up_to_the_limit_of_a_period(world, refused):
    world.window()
    world.give(uses=9)
    world.account.execute_session(*world.pay(60), sender=world.key)
    with refused("account: over the limit"):
        world.account.execute_session(*world.pay(41), sender=world.key)
    world.account.execute_session(*world.pay(40), sender=world.key)
    with refused("account: over the limit"):
        world.account.execute_session(*world.pay(1), sender=world.key)
    assert world.account.spent(world.key, world.token) == (100, 100)


def test_a_new_window_begins_at_a_multiple_of_the_period(world, refused):
    """So twice the limit can go within two seconds: the stated worst case."""
    world.window()
    world.evm.warp_to(world.evm.now + PERIOD - 1)
    world.give(uses=9)
    world.account.execute_session(*world.pay(100), sender=world.key)
    with refused("account: over the limit"):
        world.account.execute_session(*world.pay(1), sender=world.key)
    world.evm.warp(1)
    assert world.account.spent(world.key, world.token) == (0, 100)
    world.account.execute_session(*world.pay(100), sender=world.key)
    with refused("account: over the limit"):
        world.account.execute_session(*world.pay(1), sender=world.key)


def test_the_largest_amounts_are_refused_with_the_reason(world, refused):
    """Neither a sum nor a packed field overflows."""
    world.give(
        targets=(Target(world.token.address, TRANSFER), Target(world.token.address, APPROVE),
                 Target(world.payee.address, APPROVABLE)),
        limits=(Limit(world.token.address, 2**104 - 1),),
    )  # fmt: skip
    world.account.execute_session(*world.pay(1), sender=world.key)
    for amount in (2**104 - 1, 2**104, 2**256 - 1):
        with refused("account: over the limit"):
            world.account.execute_session(
                world.token, 0, world.token.approve.encode(world.payee, amount), sender=world.key
            )


def test_coins_up_to_their_limit(world, refused):
    world.give()
    had = world.evm.balance(world.payee)
    world.account.execute_session(world.payee, 10, b"", sender=world.key)
    with refused("account: over the limit"):
        world.account.execute_session(world.payee, 1, b"", sender=world.key)
    assert world.evm.balance(world.payee) == had + 10


def test_no_coin_without_a_limit_on_coins(world, refused):
    world.give(limits=(Limit(world.token.address, 100),))
    with refused("account: coin without a limit"):
        world.account.execute_session(world.payee, 1, b"", sender=world.key)
    world.account.execute_session(world.payee, 0, b"", sender=world.key)


def test_each_grant_has_its_own_limit(world):
    world.give()
    world.give(key=world.second_key.address)
    for key in (world.key, world.second_key):
        world.account.execute_session(*world.pay(100), sender=key)
    assert world.token.balanceOf(world.payee) == 200


# what a target takes --------------------------------------------------------------------------------------------------


def test_what_a_target_pulls_counts(world, refused):
    give_trade(world)
    trade(world, take=70)
    assert world.account.spent(world.key, world.token) == (70, 100)
    with refused("account: over the limit"):
        trade(world, take=31)
    trade(world, take=30)


def test_what_it_gives_back_in_the_same_call_does_not(world):
    give_trade(world)
    trade(world, take=500, give=450)
    assert world.account.spent(world.key, world.token) == (50, 100)


def test_a_gain_gives_no_credit(world, refused):
    give_trade(world)
    trade(world, take=0, give=500)
    assert world.account.spent(world.key, world.token) == (0, 100)
    with refused("account: over the limit"):
        trade(world, take=101)


def test_a_calls_own_coins_count_whole(world, refused):
    """Also those that come back: what comes in during a call hides nothing of them."""
    give_trade(world)
    trade(world, value=6, coins=6)
    assert world.account.spent(world.key, COIN) == (6, 10)
    with refused("account: over the limit"):
        trade(world, value=5, coins=5)


def test_a_transfer_counts_what_it_names(world, refused):
    """A token that calls its receiver: coins that arrive in the middle hide nothing of a transfer."""
    hooked = world.evm.deploy("HookToken", sender=world.deployer)
    hooked.mint(world.account, 1_000, sender=world.deployer)
    hooked.arm(hooked, hooked.mint.encode(world.account, 80), sender=world.stranger)
    world.give(targets=(Target(hooked.address, TRANSFER),), limits=(Limit(hooked.address, 100),))
    call = (hooked, 0, hooked.transfer.encode(world.payee, 80))
    world.account.execute_session(*call, sender=world.key)

    assert hooked.balanceOf(world.account) == 1_000
    assert world.account.spent(world.key, hooked) == (80, 100)
    with refused("account: over the limit"):
        world.account.execute_session(*call, sender=world.key)


def test_an_unlimited_token_is_not_watched(world):
    """Stated: whoever grants a function names each token that it can move."""
    other = world.evm.deploy("HookToken", sender=world.deployer)
    other.mint(world.account, 1_000, sender=world.deployer)
    world.account.execute(other, 0, other.approve.encode(world.shop, 1_000), 0, sender=world.owner)
    give_trade(world)
    trade(world, take=1_000, token=other)
    assert other.balanceOf(world.account) == 0


# approvals ------------------------------------------------------------------------------------------------------------


def give_approve(world, limit=100):
    targets = (Target(world.token.address, APPROVE), Target(world.shop.address, APPROVABLE))
    world.give(targets=targets, limits=(Limit(world.token.address, limit),), uses=9)


def approve(world, spender, amount):
    data = world.token.approve.encode(spender, amount)
    return world.account.execute_session(world.token, 0, data, sender=world.key)


def test_an_approval_counts_when_it_is_given(world, refused):
    give_approve(world)
    approve(world, world.shop, 60)
    assert world.token.allowance(world.account, world.shop) == 60
    assert world.account.spent(world.key, world.token) == (60, 100)
    with refused("account: over the limit"):
        approve(world, world.shop, 41)
    approve(world, world.shop, 40)


def test_only_spenders_of_the_grant(world, refused):
    give_approve(world)
    for spender in (world.payee, world.key, world.token):
        with refused("account: spender not granted"):
            approve(world, spender, 1)


def test_a_spender_that_is_no_address(world, refused):
    give_approve(world)
    data = bytearray(world.token.approve.encode(world.shop, 1))
    data[4] = 1
    with refused("account: malformed call"):
        world.account.execute_session(world.token, 0, bytes(data), sender=world.key)


def test_a_spender_is_no_target(world, refused):
    give_approve(world)
    with refused("account: call not granted"):
        world.account.execute_session(world.shop, 0, b"", sender=world.key)


def test_the_token_with_id_zero_is_one_token(world, refused):
    """ERC-721's `approve` names an id in the place of the amount."""
    for number in (0, 1):
        world.uncounted.mint(world.account, number, sender=world.stranger)
    world.give(
        targets=(Target(world.uncounted.address, APPROVE), Target(world.shop.address, APPROVABLE)),
        limits=(Limit(world.uncounted.address, 1),),
    )
    approve_one = lambda number: world.account.execute_session(  # noqa: E731
        world.uncounted, 0, world.uncounted.approve.encode(world.shop, number), sender=world.key
    )
    approve_one(0)
    for number in (0, 1):
        with refused("account: over the limit"):
            approve_one(number)


def test_tokens_of_an_erc721_are_counted(world, refused):
    for number in (10, 11):
        world.uncounted.mint(world.account, number, sender=world.stranger)
    move = selector("transferFrom(address,address,uint256)")
    world.give(targets=(Target(world.uncounted.address, move),), limits=(Limit(world.uncounted.address, 1),))
    take = lambda number: world.account.execute_session(  # noqa: E731
        world.uncounted, 0, world.uncounted.transferFrom.encode(world.account, world.payee, number), sender=world.key
    )
    take(10)
    with refused("account: over the limit"):
        take(11)


# coming back ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["execute_session", "execute", "execute_batch"])
def test_a_target_that_comes_back_gets_nothing(world, function):
    """ACC-5: also when it is a session key itself."""
    world.give(key=world.shop.address)
    give_trade(world)
    args = {"execute_session": world.pay(1), "execute": (*world.pay(1), 0), "execute_batch": ([world.pay(1)],)}[
        function
    ]
    world.shop.arm(world.account, getattr(world.account, function).encode(*args), sender=world.key)
    trade(world)

    assert not world.shop.got_through()
    assert world.token.balanceOf(world.payee) == 0
    world.shop.visit(world.account, world.account.execute_session.encode(*world.pay(1)), sender=world.stranger)
    assert world.token.balanceOf(world.payee) == 1


def test_a_relayed_batch_of_the_owner_does_not_hide_a_loss(world):
    """The owner signed a batch that brings coins in; a key that holds it back and brings it in the middle of its own
    call would hide as much spending. The lock refuses it there."""
    give_trade(world)
    world.token.transfer(world.shop, 500, sender=world.deployer)
    call = world.call(world.shop.address, 0, world.shop.trade.encode(world.token, 0, 400, 0))
    digest = world.domain.batch_digest([call], world.account.holding(), 0, 2**40)
    relayed = world.account.execute_signed.encode([call.args], 0, 2**40, world.owner.sign(digest))
    world.shop.arm(world.account, relayed, sender=world.key)
    with pytest.raises(Revert) as caught:
        trade(world, take=450)
    assert caught.value.reason == "account: over the limit"
