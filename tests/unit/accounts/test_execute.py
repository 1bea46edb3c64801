"""AgentAccount.execute: the owner's call, and nobody else's."""

from __future__ import annotations

import pytest

from evmstorm.evm import Revert

from .conftest import HELD, TOKEN_ID


def test_the_owner_pays_with_tokens(world):
    before = world.account.state()
    done = world.account.execute(*world.pay(7), 0, sender=world.owner)

    assert int.from_bytes(done.value, "big") == 1  # what `transfer` answered
    assert world.token.balanceOf(world.payee) == 7
    assert world.account.state() == before + 1


def test_the_owner_pays_with_coins(world):
    had = world.evm.balance(world.payee)
    world.account.execute(world.payee, 30, b"", 0, sender=world.owner)
    assert world.evm.balance(world.payee) == had + 30


def test_coins_sent_along_can_go_on(world):
    had = world.evm.balance(world.payee)
    world.account.execute(world.payee, 1_030, b"", 0, sender=world.owner, value=30)
    assert world.evm.balance(world.payee) == had + 1_030
    assert world.evm.balance(world.account) == 0


@pytest.mark.parametrize("who", ["buyer", "key", "stranger"])
def test_nobody_else(world, refused, who):
    world.give()
    with refused("account: not the owner"):
        world.account.execute(*world.pay(7), 0, sender=getattr(world, who))


@pytest.mark.parametrize("operation", [1, 2, 3, 255])
def test_other_operations_are_refused(world, refused, operation):
    """ERC-6551's delegatecall, create and create2."""
    with refused("account: operation refused"):
        world.account.execute(*world.pay(7), operation, sender=world.owner)


def test_a_reason_passes_through(world, refused):
    with refused("token: insufficient balance"):
        world.account.execute(*world.pay(HELD + 1), 0, sender=world.owner)


def test_a_long_answer_is_cut(world):
    """512 bytes of it are passed on."""
    answer = world.account.execute(
        world.account, 0, world.account.supportsInterface.encode(b"\x01\xff\xc9\xa7"), 0, sender=world.owner
    ).value
    assert len(answer) == 32


def test_it_does_not_come_back_into_itself(world):
    """A call of the account to itself is refused by the lock, without a reason."""
    again = world.account.execute.encode(*world.pay(1), 0)
    with pytest.raises(Revert) as caught:
        world.account.execute(world.account, 0, again, 0, sender=world.owner)
    assert caught.value.reason == ""


def test_after_a_sale_only_the_buyer(world, refused):
    """ACC-2"""
    world.sell()
    with refused("account: not the owner"):
        world.account.execute(*world.pay(7), 0, sender=world.owner)
    world.account.execute(*world.pay(7), 0, sender=world.buyer)
    assert world.token.balanceOf(world.payee) == 7


def test_of_a_burned_token_nobody(world, refused):
    """ACC-2"""
    world.nft.burn(TOKEN_ID, sender=world.owner)
    for who in (world.owner, world.buyer):
        with refused("account: not the owner"):
            world.account.execute(*world.pay(7), 0, sender=who)


@pytest.mark.parametrize("lie", [2**160, 2**256 - 1], ids=["one bit more", "all ones"])
def test_a_lie_that_is_no_address_is_nobody(world, refused, lie):
    world.nft.lie(TOKEN_ID, lie, sender=world.stranger)
    with refused("account: not the owner"):
        world.account.execute(*world.pay(7), 0, sender=world.owner)


def test_the_implementation_belongs_to_nobody(world, refused):
    with refused("account: not the owner"):
        world.implementation.execute(*world.pay(7), 0, sender=world.owner)


def test_the_account_of_a_token_elsewhere_belongs_to_nobody(world, refused):
    """The same contract and number on another chain."""
    args = (world.implementation.address, bytes(32), 1, world.nft.address, TOKEN_ID)
    made = world.registry.createAccount(*args, sender=world.stranger).value
    with refused("account: not the owner"):
        world.evm.at(made, "AgentAccount").execute(*world.pay(7), 0, sender=world.owner)
