"""KeifuToken's EIP-3009: transferWithAuthorization, receiveWithAuthorization, cancelAuthorization."""

from __future__ import annotations

import ape
import pytest

from keifu.abi.eip712 import CANCEL_AUTHORIZATION, RECEIVE_WITH_AUTHORIZATION, TRANSFER_WITH_AUTHORIZATION

NONCE = b"\x05" * 32


def split(signature):
    return signature[64], signature[:32], signature[32:64]


@pytest.fixture
def terms(signer, receiver, now):
    """from, to, value, validAfter, validBefore, nonce"""
    return signer.address, receiver.address, 400, now() - 1, now() + 1_000, NONCE


def test_tok_5_an_authorized_transfer_happens_once(token, signer, receiver, relayer, domain, terms):
    signature = split(domain.sign(signer, TRANSFER_WITH_AUTHORIZATION, *terms))
    assert not token.authorizationState(signer.address, NONCE)
    receipt = token.transferWithAuthorization(*terms, *signature, sender=relayer)
    assert receipt.events == [
        token.AuthorizationUsed(authorizer=signer.address, nonce=NONCE),
        token.Transfer(sender=signer.address, receiver=receiver, value=400),
    ]
    assert token.authorizationState(signer.address, NONCE)
    with ape.reverts("token: authorization used or cancelled"):
        token.transferWithAuthorization(*terms, *signature, sender=relayer)


def test_only_the_receiver_brings_a_receive_authorization(token, signer, receiver, relayer, domain, terms):
    signature = split(domain.sign(signer, RECEIVE_WITH_AUTHORIZATION, *terms))
    with ape.reverts("token: caller is not the receiver"):
        token.receiveWithAuthorization(*terms, *signature, sender=relayer)
    token.receiveWithAuthorization(*terms, *signature, sender=receiver)
    assert token.balanceOf(receiver) == 400


def test_the_two_kinds_cannot_stand_for_each_other(token, signer, receiver, relayer, domain, terms):
    with ape.reverts("token: invalid signature"):
        token.transferWithAuthorization(
            *terms, *split(domain.sign(signer, RECEIVE_WITH_AUTHORIZATION, *terms)), sender=relayer
        )
    with ape.reverts("token: invalid signature"):
        token.receiveWithAuthorization(
            *terms, *split(domain.sign(signer, TRANSFER_WITH_AUTHORIZATION, *terms)), sender=receiver
        )


def test_the_interval_is_open_at_both_ends(token, signer, relayer, domain, terms, chain, now):
    start, end = now() + 100, now() + 200
    terms = (*terms[:3], start, end, NONCE)
    signature = split(domain.sign(signer, TRANSFER_WITH_AUTHORIZATION, *terms))
    for moment, reason in ((start, "not yet valid"), (end, "expired")):
        with chain.isolate():
            chain.provider.set_timestamp(moment)
            with ape.reverts(f"token: authorization {reason}"):
                token.transferWithAuthorization(*terms, *signature, sender=relayer, gas=200_000)
    for moment in (start + 1, end - 1):
        with chain.isolate():
            chain.provider.set_timestamp(moment)
            assert not token.transferWithAuthorization(*terms, *signature, sender=relayer, gas=200_000).failed


@pytest.mark.parametrize("place", range(6))
def test_an_authorization_for_anything_else_is_refused(token, signer, relayer, domain, terms, place):
    other = (relayer.address, relayer.address, 401, terms[3] - 1, terms[4] + 1, b"\x06" * 32)
    signature = split(domain.sign(signer, TRANSFER_WITH_AUTHORIZATION, *terms))
    changed = tuple(other[i] if i == place else value for i, value in enumerate(terms))
    with ape.reverts("token: invalid signature"):
        token.transferWithAuthorization(*changed, *signature, sender=relayer)


def test_a_cancelled_authorization_is_never_used(token, signer, relayer, domain, terms):
    signature = split(domain.sign(signer, CANCEL_AUTHORIZATION, signer, NONCE))
    receipt = token.cancelAuthorization(signer.address, NONCE, *signature, sender=relayer)
    assert receipt.events == [token.AuthorizationCanceled(authorizer=signer.address, nonce=NONCE)]
    with ape.reverts("token: authorization used or cancelled"):
        token.transferWithAuthorization(
            *terms, *split(domain.sign(signer, TRANSFER_WITH_AUTHORIZATION, *terms)), sender=relayer
        )
    with ape.reverts("token: authorization used or cancelled"):
        token.cancelAuthorization(signer.address, NONCE, *signature, sender=relayer)


def test_nobody_else_cancels(token, signer, relayer, domain, receiver):
    signature = split(domain.sign(signer, CANCEL_AUTHORIZATION, signer, NONCE))
    with ape.reverts("token: invalid signature"):
        token.cancelAuthorization(receiver, NONCE, *signature, sender=relayer)


def test_a_contract_account_authorizes_by_erc_1271(token, wallet, signer, receiver, relayer, domain, terms):
    terms = (wallet.address, *terms[1:])
    signature = split(domain.sign(signer, TRANSFER_WITH_AUTHORIZATION, *terms))
    token.transferWithAuthorization(*terms, *signature, sender=relayer)
    assert token.balanceOf(receiver) == 400
