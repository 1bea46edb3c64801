"""AgentAccount: a session ends with the ownership that it was granted under."""

from __future__ import annotations

from ethwire.constants import ZERO_ADDRESS

from .conftest import TOKEN_ID, TRANSFER, Session


def test_a_session_dies_with_the_sale(world, refused):
    """ACC-4"""
    world.give()
    world.sell()
    with refused("account: token has a new owner"):
        world.account.execute_session(*world.pay(1), sender=world.key)


def test_and_stays_dead_when_the_seller_buys_back(world, refused):
    """ACC-4: the token counts its transfers."""
    world.give()
    world.sell()
    world.nft.transferFrom(world.buyer, world.owner, TOKEN_ID, sender=world.buyer)
    with refused("account: token has a new owner"):
        world.account.execute_session(*world.pay(1), sender=world.key)


def test_a_transfer_to_oneself_ends_sessions_too(world, refused):
    world.give()
    world.nft.transferFrom(world.owner, world.owner, TOKEN_ID, sender=world.owner)
    with refused("account: token has a new owner"):
        world.account.execute_session(*world.pay(1), sender=world.key)


def test_a_token_that_does_not_count_is_bound_to_its_owner(world, refused):
    """Stated: these sessions live again when the same owner buys back."""
    world.uncounted.mint(world.owner, 1, sender=world.owner)
    account = world.account_of(1, world.uncounted)
    world.token.transfer(account, 50, sender=world.deployer)
    account.grant_session(world.grant().args, sender=world.owner)
    world.uncounted.transferFrom(world.owner, world.buyer, 1, sender=world.owner)
    with refused("account: token has a new owner"):
        account.execute_session(*world.pay(1), sender=world.key)
    world.uncounted.transferFrom(world.buyer, world.owner, 1, sender=world.buyer)
    account.execute_session(*world.pay(1), sender=world.key)


def test_a_session_dies_with_its_token(world, refused):
    """ACC-2, ACC-4: nobody owns the token, and its burn counts as a transfer."""
    world.give()
    world.nft.burn(TOKEN_ID, sender=world.owner)
    with refused("account: nobody owns the token"):
        world.account.execute_session(*world.pay(1), sender=world.key)
    assert not world.session(world.key).alive
    assert not world.account.allows(world.key, world.token, TRANSFER)


def test_and_stays_dead_when_its_number_is_minted_again(world, refused):
    """ACC-4: for the same owner, who must grant anew."""
    world.give()
    world.nft.burn(TOKEN_ID, sender=world.owner)
    world.nft.mint(world.owner, TOKEN_ID, sender=world.owner)
    with refused("account: token has a new owner"):
        world.account.execute_session(*world.pay(1), sender=world.key)
    assert not world.session(world.key).alive
    world.give()
    world.account.execute_session(*world.pay(1), sender=world.key)


def test_a_session_of_an_intelligent_nft_dies_with_its_burn(world, refused):
    """ACC-4: its burn is counted, and its number is never given again."""
    nft = world.evm.deploy("IntelligentNFT", world.deployer, "", sender=world.deployer)
    number = nft.mint(world.owner, 1, sender=world.owner).value
    account = world.account_of(number, nft)
    world.token.transfer(account, 50, sender=world.deployer)
    account.grant_session(world.grant().args, sender=world.owner)
    account.execute_session(*world.pay(1), sender=world.key)
    nft.burn(number, sender=world.owner)
    held = world.token.balanceOf(account)
    for _ in range(2):
        with refused("account: nobody owns the token"):
            account.execute_session(*world.pay(1), sender=world.key)
        with refused("inft: token was minted before"):
            nft.mint(world.owner, 1, sender=world.owner)
    assert world.token.balanceOf(account) == held
    assert account.owner() == ZERO_ADDRESS
    assert not Session(*account.session(world.key)).alive


def test_a_new_owner_by_a_lie_has_no_sessions(world, refused):
    """A contract that changes the owner without counting: the owner is part of what a session is bound to."""
    world.give()
    world.nft.lie(TOKEN_ID, int(world.buyer.address, 16), sender=world.stranger)
    with refused("account: token has a new owner"):
        world.account.execute_session(*world.pay(1), sender=world.key)
