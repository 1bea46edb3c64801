"""What reaches an account: coins, tokens of ERC-721 and ERC-1155, and what would close a circle of owners."""

from __future__ import annotations

import pytest

from evmstorm.evm import Revert
from keifu.accounts import selector

from .conftest import TOKEN_ID

DEPTH = 8  # accounts that are followed


def test_coins_are_welcome(world):
    had = world.evm.balance(world.account)
    world.evm.send(world.stranger, world.account, value=5)
    assert world.evm.balance(world.account) == had + 5


def test_a_call_that_names_no_function_is_a_slip(world, refused):
    for data in (b"\0", selector("nothing()"), b"\1" * 68):
        with refused("account: no such function"):
            world.evm.send(world.owner, world.account, data, value=5)


def test_coins_arrive_in_the_middle_of_a_call(world):
    world.account.execute(world.shop, 0, world.shop.trade.encode(world.token, 0, 0, 7), 0, sender=world.owner)
    assert world.evm.balance(world.account) == 1_007


def test_any_token_but_its_own(world, refused):
    world.nft.mint(world.owner, 8, sender=world.owner)
    world.nft.safeTransferFrom(world.owner, world.account, 8, sender=world.owner)
    assert int(world.account.address, 16) == world.nft.ownerOf(8)
    with refused("account: circle of owners"):
        world.nft.safeTransferFrom(world.owner, world.account, TOKEN_ID, sender=world.owner)


def test_the_same_number_of_another_contract(world):
    world.uncounted.mint(world.owner, TOKEN_ID, sender=world.owner)
    world.uncounted.safeTransferFrom(world.owner, world.account, TOKEN_ID, sender=world.owner)


def chain_of(world, length):
    """Accounts of tokens 20, 21, …: each belongs to the one before it, the first to `owner`."""
    accounts = []
    for number in range(20, 20 + length):
        world.nft.mint(accounts[-1] if accounts else world.owner, number, sender=world.owner)
        accounts.append(world.account_of(number))
    return accounts


@pytest.mark.parametrize("length", [1, 2, DEPTH])
def test_a_circle_of_any_length(world, refused, length):
    """ACC-7"""
    with refused("account: circle of owners"):
        world.nft.safeTransferFrom(world.owner, chain_of(world, length)[-1], 20, sender=world.owner)


def test_a_chain_that_is_too_long_to_follow(world, refused):
    accounts = chain_of(world, DEPTH)
    world.nft.mint(world.owner, 99, sender=world.owner)
    world.nft.safeTransferFrom(world.owner, accounts[-2], 99, sender=world.owner)
    world.nft.mint(world.owner, 98, sender=world.owner)
    with refused("account: chain of owners too long"):
        world.nft.safeTransferFrom(world.owner, accounts[-1], 98, sender=world.owner)


@pytest.mark.parametrize("kind", ["wallet", "nothing", "burned"])
def test_owners_that_are_no_accounts(world, kind):
    """A contract without `token`, an owner without code, and nobody."""
    wallet = world.evm.deploy("ContractWallet", world.stranger, sender=world.deployer)
    if kind == "wallet":
        world.nft.transferFrom(world.owner, wallet, TOKEN_ID, sender=world.owner)
    if kind == "burned":
        world.nft.burn(TOKEN_ID, sender=world.owner)
    world.nft.mint(world.owner, 8, sender=world.owner)
    world.nft.safeTransferFrom(world.owner, world.account, 8, sender=world.owner)
    assert world.nft.ownerOf(8) == int(world.account.address, 16)


def test_tokens_of_erc1155(world):
    who = world.stranger.address
    assert world.account.onERC1155Received(who, who, 1, 1, b"") == selector(
        "onERC1155Received(address,address,uint256,uint256,bytes)"
    )
    assert world.account.onERC1155BatchReceived(who, who, [1, 2], [1, 2], b"") == selector(
        "onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)"
    )


def test_more_kinds_than_can_be_taken_at_once(world):
    who, many = world.stranger.address, list(range(65))
    world.account.onERC1155BatchReceived(who, who, many[:64], many[:64], b"")
    with pytest.raises(Revert):
        world.account.onERC1155BatchReceived(who, who, many, many, b"")
