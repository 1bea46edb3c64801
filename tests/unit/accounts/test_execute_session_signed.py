"""AgentAccount.execute_session_signed: a session key's call, brought by anybody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.accounts import AccountDomain
from tests.wallet_forms import FORMS, high_s, salted


def sign(world, amount=5, nonce=0, deadline=None, signer=None, domain=None, session=None):
    """Key, call, nonce, deadline and signature, as `execute_session_signed` takes them."""
    call = world.call(*world.pay(amount))
    deadline = world.evm.now if deadline is None else deadline
    session = world.session(world.key).number if session is None else session
    digest = (domain or world.domain).session_digest(world.key.address, session, call, nonce, deadline)
    return world.key.address, call.args, nonce, deadline, (signer or world.key).sign(digest)


def test_anybody_brings_it(world):
    world.give()
    before = world.account.state()
    receipt = world.account.execute_session_signed(*sign(world), sender=world.relayer)

    assert [log.args["key"] for log in receipt.events("SessionUsed")] == [world.key.address]
    assert world.token.balanceOf(world.payee) == 5
    assert world.account.spent(world.key, world.token) == (5, 100)
    assert world.account.nonces(world.key) == 1
    assert world.account.state() == before + 1


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_in_every_form_of_wallets(world, form):
    world.give()
    *args, signature = sign(world)
    world.account.execute_session_signed(*args, form(signature), sender=world.relayer)


def test_under_the_salted_domain(world):
    world.give()
    world.account.execute_session_signed(*sign(world, domain=salted(world.domain)), sender=world.relayer)


@pytest.mark.parametrize("who", ["owner", "second_key", "stranger"])
def test_only_the_key_signs(world, refused, who):
    world.give()
    with refused("account: bad signature"):
        world.account.execute_session_signed(*sign(world, signer=getattr(world, who)), sender=world.owner)


def test_within_the_same_limits(world, refused):
    world.give()
    with refused("account: over the limit"):
        world.account.execute_session_signed(*sign(world, 101), sender=world.relayer)
    world.account.execute_session(*world.pay(60), sender=world.key)
    with refused("account: over the limit"):
        world.account.execute_session_signed(*sign(world, 41), sender=world.relayer)


def test_each_part_is_signed(world, refused):
    world.give()
    key, (to, value, data), nonce, deadline, signature = sign(world, deadline=world.evm.now + 5)
    others = (
        (key, (world.shop.address, value, data), nonce, deadline),
        (key, (to, 1, data), nonce, deadline),
        (key, (to, value, data + b"\0"), nonce, deadline),
        (key, (to, value, data), nonce, deadline + 1),
        (world.second_key.address, (to, value, data), nonce, deadline),
    )
    for changed in others:
        with refused("account: bad signature"):
            world.account.execute_session_signed(*changed, signature, sender=world.relayer)


def test_for_one_account_only(world, refused):
    world.give()
    world.nft.mint(world.owner, 8, sender=world.owner)
    other = AccountDomain(world.evm.chain_id, world.account_of(8).address)
    with refused("account: bad signature"):
        world.account.execute_session_signed(*sign(world, domain=other), sender=world.relayer)


def test_a_nonce_counts_once(world, refused):
    world.give()
    args = sign(world)
    world.account.execute_session_signed(*args, sender=world.relayer)
    with refused("account: nonce used"):
        world.account.execute_session_signed(*args, sender=world.relayer)
    with refused("account: nonce used"):
        world.account.execute_session_signed(*sign(world, nonce=2), sender=world.relayer)


def test_until_its_deadline(world, refused):
    world.give()
    args = sign(world, deadline=world.evm.now)
    world.evm.warp(1)
    with refused("account: intent expired"):
        world.account.execute_session_signed(*args, sender=world.relayer)


def test_nothing_signed_for_one_session_counts_in_the_next(world, refused):
    """Revoked means revoked: also when the same key is trusted again later."""
    world.give()
    args = sign(world, deadline=2**39)
    world.account.revoke_session(world.key, sender=world.owner)
    with refused("account: bad signature"):
        world.account.execute_session_signed(*args, sender=world.relayer)
    world.give()
    with refused("account: bad signature"):
        world.account.execute_session_signed(*args, sender=world.relayer)


def test_without_a_session(world, refused):
    with refused("account: no session"):
        world.account.execute_session_signed(*sign(world), sender=world.relayer)


def test_after_a_sale(world, refused):
    """ACC-4"""
    world.give()
    args = sign(world, deadline=2**39)
    world.sell()
    with refused("account: token has a new owner"):
        world.account.execute_session_signed(*args, sender=world.relayer)


def test_a_large_s_is_refused(world, refused):
    world.give()
    *args, signature = sign(world)
    with refused("account: bad signature"):
        world.account.execute_session_signed(*args, high_s(signature), sender=world.relayer)


def test_the_zero_key_signs_nothing(world, refused):
    """What ecrecover answers for nonsense is no key."""
    key, call, nonce, deadline, _ = sign(world)
    with refused("account: bad signature"):
        world.account.execute_session_signed(ZERO_ADDRESS, call, nonce, deadline, bytes(65), sender=world.relayer)
    assert replace(world.grant(), key=key).key == key
