"""KeifuToken.permit (EIP-2612) and the signing domain (EIP-5267)."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.abi.eip712 import PERMIT
from keifu.keys import Domain

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def split(signature):
    return signature[64], signature[:32], signature[32:64]


@pytest.fixture
def deadline(now):
    return now() + 1_000


def test_tok_4_a_permit_sets_the_allowance_once(token, signer, spender, relayer, domain, deadline):
    signature = domain.sign(signer, PERMIT, signer, spender.address, 7, 0, deadline)
    receipt = token.permit(signer.address, spender, 7, deadline, *split(signature), sender=relayer)
    assert receipt.events == [token.Approval(owner=signer.address, spender=spender, value=7)]
    assert (token.allowance(signer.address, spender), token.nonces(signer.address)) == (7, 1)
    with ape.reverts("token: invalid signature"):
        token.permit(signer.address, spender, 7, deadline, *split(signature), sender=relayer)


def test_a_permit_is_good_until_its_deadline(token, signer, spender, relayer, domain, deadline, chain):
    signature = domain.sign(signer, PERMIT, signer, spender.address, 7, 0, deadline)
    with chain.isolate():
        chain.provider.set_timestamp(deadline)
        token.permit(signer.address, spender, 7, deadline, *split(signature), sender=relayer)
    chain.provider.set_timestamp(deadline + 1)
    chain.mine()
    with ape.reverts("token: permit expired"):
        token.permit(signer.address, spender, 7, deadline, *split(signature), sender=relayer)


@pytest.mark.parametrize("field", ["owner", "spender", "value", "nonce", "deadline", "chain", "contract"])
def test_a_permit_for_anything_else_is_refused(token, signer, spender, relayer, domain, deadline, field):
    signed = {
        "owner": signer.address,
        "spender": spender.address,
        "value": 7,
        "nonce": 0,
        "deadline": deadline,
    }
    other = {"owner": relayer.address, "spender": relayer.address, "value": 8, "nonce": 1, "deadline": deadline + 1}
    if field in other:
        signed[field] = other[field]
    elif field == "chain":
        domain = Domain("Keifu", "1", domain.chain_id + 1, token.address)
    else:
        domain = Domain("Keifu", "1", domain.chain_id, relayer.address)
    signature = domain.sign(signer, PERMIT, *signed.values())
    with ape.reverts("token: invalid signature"):
        token.permit(signer.address, spender, 7, deadline, *split(signature), sender=relayer)


def test_the_other_dress_of_a_signature_is_refused(token, signer, spender, relayer, domain, deadline):
    v, r, s = split(domain.sign(signer, PERMIT, signer, spender.address, 7, 0, deadline))
    high = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    with ape.reverts("token: invalid signature"):
        token.permit(signer.address, spender, 7, deadline, 55 - v, r, high, sender=relayer)


def test_nobody_signs_with_a_malformed_signature(token, spender, relayer, deadline):
    with ape.reverts("token: invalid signature"):
        token.permit(ZERO_ADDRESS, spender, 7, deadline, 1, b"\x01" * 32, b"\x01" * 32, sender=relayer)


def test_a_contract_account_permits_by_erc_1271(token, wallet, signer, spender, relayer, domain, deadline):
    signature = domain.sign(signer, PERMIT, wallet.address, spender.address, 7, 0, deadline)
    token.permit(wallet, spender, 7, deadline, *split(signature), sender=relayer)
    assert token.allowance(wallet, spender) == 7
    with ape.reverts("token: invalid signature"):
        token.permit(wallet, spender, 8, deadline, *split(signature), sender=relayer)


def test_the_domain_is_readable(token, chain, domain):
    fields, name, version, chain_id, contract, salt, extensions = token.eip712Domain()
    assert (fields, name, version, chain_id, contract) == (b"\x0f", "Keifu", "1", chain.chain_id, token.address)
    assert (salt, extensions) == (b"\0" * 32, [])
    assert token.DOMAIN_SEPARATOR() == domain.separator
