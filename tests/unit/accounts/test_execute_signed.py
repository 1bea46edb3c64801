"""AgentAccount.execute_signed: the owner's batch, brought by anybody."""

from __future__ import annotations

import pytest

from keifu.accounts import AccountDomain
from tests.wallet_forms import FORMS, high_s, salted

from .conftest import TOKEN_ID

WRAPPED = bytes.fromhex("6492" * 16)


def batch(world, *amounts):
    return [world.call(*world.pay(amount)) for amount in amounts or (3, 4)]


def sign(world, calls, nonce=0, deadline=None, signer=None, domain=None, holding=None):
    """Calls, nonce, deadline and signature, as `execute_signed` takes them."""
    deadline = world.evm.now if deadline is None else deadline
    holding = world.account.holding() if holding is None else holding
    digest = (domain or world.domain).batch_digest(calls, holding, nonce, deadline)
    return [call.args for call in calls], nonce, deadline, (signer or world.owner).sign(digest)


def test_anybody_brings_it(world):
    before = world.account.state()
    receipt = world.account.execute_signed(*sign(world, batch(world)), sender=world.relayer)

    assert [log.args for log in receipt.events("IntentExecuted")] == [
        {"owner": world.owner.address, "nonce": 0, "calls": 2}
    ]
    assert world.token.balanceOf(world.payee) == 7
    assert world.account.nonces(world.owner) == 1
    assert world.account.state() == before + 1


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_in_every_form_of_wallets(world, form):
    *args, signature = sign(world, batch(world))
    world.account.execute_signed(*args, form(signature), sender=world.relayer)
    assert world.token.balanceOf(world.payee) == 7


def test_under_the_salted_domain(world):
    args = sign(world, batch(world), domain=salted_domain(world))
    world.account.execute_signed(*args, sender=world.relayer)
    assert world.token.balanceOf(world.payee) == 7


def salted_domain(world):
    return salted(world.domain)


def test_it_grants_a_session(world):
    """Ten chores with one signature: grant and calls together."""
    grant = world.call(world.account.address, 0, world.account.grant_session.encode(world.grant().args))
    world.account.execute_signed(*sign(world, [grant, *batch(world)]), sender=world.relayer)
    assert world.session(world.key).alive


def test_a_contract_signs(world):
    """The token's owner is a wallet made of code (ERC-1271)."""
    wallet = world.evm.deploy("ContractWallet", world.stranger, sender=world.deployer)
    world.nft.transferFrom(world.owner, wallet, TOKEN_ID, sender=world.owner)
    args = sign(world, batch(world), signer=world.stranger)
    world.account.execute_signed(*args, sender=world.relayer)
    assert world.token.balanceOf(world.payee) == 7
    assert world.account.nonces(wallet) == 1


@pytest.mark.parametrize("who", ["stranger", "buyer", "key"])
def test_nobody_else_signs(world, refused, who):
    world.give()
    with refused("account: bad signature"):
        world.account.execute_signed(*sign(world, batch(world), signer=getattr(world, who)), sender=world.owner)


def test_each_part_is_signed(world, refused):
    calls, nonce, deadline, signature = sign(world, batch(world), deadline=world.evm.now + 5)
    to, value, data = calls[0]
    others = (
        (calls[::-1], nonce, deadline),
        (calls[:1], nonce, deadline),
        ([*calls, calls[0]], nonce, deadline),
        ([(world.shop.address, value, data), calls[1]], nonce, deadline),
        ([(to, 1, data), calls[1]], nonce, deadline),
        ([(to, value, data + b"\0"), calls[1]], nonce, deadline),
        (calls, nonce, deadline + 1),
    )
    for changed in others:
        with refused("account: bad signature"):
            world.account.execute_signed(*changed, signature, sender=world.relayer)
    world.account.execute_signed(calls, nonce, deadline, signature, sender=world.relayer)


def test_for_one_account_only(world, refused):
    """The owner has two accounts; a batch names one of them."""
    world.nft.mint(world.owner, 8, sender=world.owner)
    other = world.account_of(8)
    domain = AccountDomain(world.evm.chain_id, other.address)
    with refused("account: bad signature"):
        world.account.execute_signed(*sign(world, batch(world), domain=domain), sender=world.relayer)


def test_a_nonce_counts_once(world, refused):
    args = sign(world, batch(world))
    world.account.execute_signed(*args, sender=world.relayer)
    with refused("account: nonce used"):
        world.account.execute_signed(*args, sender=world.relayer)
    with refused("account: nonce used"):
        world.account.execute_signed(*sign(world, batch(world), nonce=2), sender=world.relayer)
    world.account.execute_signed(*sign(world, batch(world), nonce=1), sender=world.relayer)


def test_until_its_deadline(world, refused):
    args = sign(world, batch(world), deadline=world.evm.now + 5)
    late = sign(world, batch(world, 1), nonce=1, deadline=world.evm.now + 5)
    world.evm.warp(5)
    world.account.execute_signed(*args, sender=world.relayer)
    world.evm.warp(1)
    with refused("account: intent expired"):
        world.account.execute_signed(*late, sender=world.relayer)


def test_a_batch_that_fails_uses_no_nonce(world, refused):
    args = sign(world, batch(world, 2**90), deadline=2**40)
    with refused("token: insufficient balance"):
        world.account.execute_signed(*args, sender=world.relayer)
    assert world.account.nonces(world.owner) == 0


def test_a_sale_ends_what_was_signed(world, refused):
    """ACC-4: also when the seller buys back."""
    args = sign(world, batch(world), deadline=2**40)
    world.sell()
    with refused("account: bad signature"):
        world.account.execute_signed(*args, sender=world.relayer)
    world.nft.transferFrom(world.buyer, world.owner, TOKEN_ID, sender=world.buyer)
    with refused("account: bad signature"):
        world.account.execute_signed(*args, sender=world.relayer)


def test_of_a_burned_token_nothing_counts(world, refused):
    args = sign(world, batch(world), deadline=2**40)
    world.nft.burn(TOKEN_ID, sender=world.owner)
    with refused("account: nobody owns the token"):
        world.account.execute_signed(*args, sender=world.relayer)


def test_what_follows_a_sale_is_not_the_sellers(world, refused):
    """ACC-3"""
    world.nft.approve(world.account, TOKEN_ID, sender=world.owner)
    sell = world.call(world.nft.address, 0, world.nft.transferFrom.encode(world.owner, world.buyer, TOKEN_ID))
    with refused("account: not the owner"):
        world.account.execute_signed(*sign(world, [sell, *batch(world)]), sender=world.relayer)


def test_an_empty_batch_is_refused(world, refused):
    with refused("account: empty batch"):
        world.account.execute_signed(*sign(world, []), sender=world.relayer)


@pytest.mark.parametrize("size", [0, 63, 66])
def test_a_signature_of_another_length(world, refused, size):
    *args, signature = sign(world, batch(world))
    with refused("account: bad signature"):
        world.account.execute_signed(*args, (signature + b"\0")[:size], sender=world.relayer)


def test_a_large_s_is_refused(world, refused):
    *args, signature = sign(world, batch(world))
    with refused("account: bad signature"):
        world.account.execute_signed(*args, high_s(signature), sender=world.relayer)


def test_a_signature_for_an_account_that_is_not_there_is_refused_by_name(world, refused):
    *args, signature = sign(world, batch(world))
    with refused("account: ERC-6492 signature refused"):
        world.account.execute_signed(*args, signature + WRAPPED, sender=world.relayer)
