"""AgentAccount.isValidSignature (ERC-1271), isValidSigner (ERC-6551) and statement_digest."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.accounts import AccountDomain
from keifu.keys import keccak256
from tests.wallet_forms import FORMS, high_s, salted

from .conftest import TOKEN_ID

YES, NO = bytes.fromhex("1626ba7e"), b"\xff" * 4
SIGNER, NO_SIGNER = bytes.fromhex("523e3260"), bytes(4)
DIGEST = keccak256(b"an order")
WRAPPED = bytes.fromhex("6492" * 16)


def sign(world, signer=None, domain=None, digest=DIGEST, holding=None):
    holding = world.account.holding() if holding is None else holding
    return (signer or world.owner).sign((domain or world.domain).statement_digest(digest, holding))


def test_the_owners_statement(world):
    assert world.account.statement_digest(DIGEST) == world.domain.statement_digest(DIGEST, world.account.holding())
    assert world.account.isValidSignature(DIGEST, sign(world)) == YES


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_in_every_form_of_wallets(world, form):
    assert world.account.isValidSignature(DIGEST, form(sign(world))) == YES


def test_under_the_salted_domain(world):
    assert world.account.isValidSignature(DIGEST, sign(world, domain=salted(world.domain))) == YES


def test_a_plain_signature_counts_nowhere(world):
    """It would count for each account of the owner, and for what the owner signed for itself."""
    assert world.account.isValidSignature(DIGEST, world.owner.sign(DIGEST)) == NO


def test_for_one_account_only(world):
    """ACC-6"""
    world.nft.mint(world.owner, 8, sender=world.owner)
    other = world.account_of(8)
    signature = sign(world)
    assert other.isValidSignature(DIGEST, signature) == NO
    domain = AccountDomain(world.evm.chain_id, other.address)
    assert other.isValidSignature(DIGEST, sign(world, domain=domain, holding=other.holding())) == YES


def test_of_another_digest(world):
    assert world.account.isValidSignature(keccak256(b"another order"), sign(world)) == NO


@pytest.mark.parametrize("who", ["key", "buyer", "stranger"])
def test_nobody_elses(world, who):
    """ACC-6: a session key never signs for the account."""
    world.give()
    assert world.account.isValidSignature(DIGEST, sign(world, getattr(world, who))) == NO
    assert world.account.isValidSigner(getattr(world, who), b"") == NO_SIGNER


def test_the_owner_is_a_signer(world):
    assert world.account.isValidSigner(world.owner, b"") == SIGNER
    assert world.account.isValidSigner(world.owner, b"context") == SIGNER


@pytest.mark.parametrize("signature", [b"", b"\1" * 31, bytes(64), bytes(65), b"\1" * 66, bytes(1_300)], ids=len)
def test_nonsense(world, signature):
    assert world.account.isValidSignature(DIGEST, signature) == NO


def test_a_large_s(world):
    assert world.account.isValidSignature(DIGEST, high_s(sign(world))) == NO


def test_after_a_sale(world):
    """Also when the seller buys back: a statement is for one time of owning."""
    signature = sign(world)
    world.sell()
    assert world.account.isValidSignature(DIGEST, signature) == NO
    assert world.account.isValidSigner(world.owner, b"") == NO_SIGNER
    assert world.account.isValidSignature(DIGEST, sign(world, world.buyer)) == YES
    world.nft.transferFrom(world.buyer, world.owner, TOKEN_ID, sender=world.buyer)
    assert world.account.isValidSignature(DIGEST, signature) == NO


def test_of_a_burned_token(world):
    signature = sign(world)
    world.nft.burn(TOKEN_ID, sender=world.owner)
    assert world.account.isValidSignature(DIGEST, signature) == NO
    assert world.account.isValidSigner(ZERO_ADDRESS, b"") == NO_SIGNER
    assert world.account.isValidSignature(DIGEST, bytes(65)) == NO


def test_an_account_that_owns_an_account(world):
    """The owner signs for the inner account's statement in the name of the outer one."""
    world.nft.mint(world.account, 8, sender=world.owner)
    inner = world.account_of(8)
    statement = AccountDomain(world.evm.chain_id, inner.address).statement_digest(DIGEST, inner.holding())
    assert inner.isValidSignature(DIGEST, sign(world, digest=statement)) == YES
    assert inner.isValidSignature(DIGEST, sign(world)) == NO


def test_an_account_that_owns_itself_signs_nothing(world):
    """Nobody can act for it; the question ends all the same."""
    signature = sign(world)
    world.nft.transferFrom(world.owner, world.account, TOKEN_ID, sender=world.owner)
    assert world.account.isValidSignature(DIGEST, signature) == NO


def test_a_signature_for_an_account_that_is_not_there_is_refused_by_name(world, refused):
    """ERC-6492: the account is deployed before its first signature."""
    with refused("account: ERC-6492 signature refused"):
        world.account.isValidSignature(DIGEST, sign(world) + WRAPPED)
