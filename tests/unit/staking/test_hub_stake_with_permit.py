"""StakingHub.stake_with_permit."""

from __future__ import annotations

import ape
import pytest

from keifu.abi.eip712 import PERMIT
from keifu.keys import Account, Domain
from keifu.units import COIN

FOREVER = 2**256 - 1


@pytest.fixture(scope="module")
def signer(hub, token, deployer, accounts):
    """An account with coins whose key this test holds; it has approved nothing."""
    holder = Account.from_role("holder")
    token.transfer(holder.address, 100 * COIN, sender=deployer)
    deployer.transfer(holder.address, COIN)
    return holder


def _signature(token, chain, signer, spender, amount, deadline, chain_id=None):
    domain = Domain("Keifu", "1", chain_id or chain.chain_id, token.address)
    raw = domain.sign(signer, PERMIT, signer.address, spender.address, amount, token.nonces(signer.address), deadline)
    return raw[64], raw[:32], raw[32:64]


def _stake(hub, signer, operator, accounts, *args):
    impersonated = accounts[signer.address]
    return hub.stake_with_permit(operator, *args, sender=impersonated)


def test_stakes_without_an_approval(hub, token, operator, signer, accounts, chain):
    v, r, s = _signature(token, chain, signer, hub, 5 * COIN, FOREVER)
    _stake(hub, signer, operator, accounts, 5 * COIN, 0, FOREVER, v, r, s)
    assert hub.position(operator, signer.address) == (5 * COIN, 5 * COIN)


def test_a_signature_counts_once(hub, token, operator, signer, accounts, chain):
    v, r, s = _signature(token, chain, signer, hub, 5 * COIN, FOREVER)
    _stake(hub, signer, operator, accounts, 5 * COIN, 0, FOREVER, v, r, s)
    with ape.reverts("token: insufficient allowance"):
        _stake(hub, signer, operator, accounts, 5 * COIN, 0, FOREVER, v, r, s)


def test_a_permit_that_was_brought_before_does_no_harm(hub, token, operator, signer, accounts, chain, stranger):
    v, r, s = _signature(token, chain, signer, hub, 5 * COIN, FOREVER)
    token.permit(signer.address, hub, 5 * COIN, FOREVER, v, r, s, sender=stranger)
    _stake(hub, signer, operator, accounts, 5 * COIN, 0, FOREVER, v, r, s)
    assert hub.position(operator, signer.address)[0] == 5 * COIN


def test_past_deadline(hub, token, operator, signer, accounts, chain):
    v, r, s = _signature(token, chain, signer, hub, 5 * COIN, 1)
    with ape.reverts("token: insufficient allowance"):
        _stake(hub, signer, operator, accounts, 5 * COIN, 0, 1, v, r, s)


def test_wrong_chain(hub, token, operator, signer, accounts, chain):
    v, r, s = _signature(token, chain, signer, hub, 5 * COIN, FOREVER, chain_id=1)
    with ape.reverts("token: insufficient allowance"):
        _stake(hub, signer, operator, accounts, 5 * COIN, 0, FOREVER, v, r, s)
