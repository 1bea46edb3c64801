"""TGEDistributor.claim_and_stake and claim_and_stake_for: by the account or its signature, whoever claimed first."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.abi.eip712 import CLAIM_AND_STAKE
from keifu.keys import Domain
from keifu.units import COIN
from tests.wallet_forms import FORMS, salted

DUE = 381 * COIN


@pytest.fixture
def grant(staking_grants):
    """Index, account, total, proof."""
    return lambda number: (
        number,
        staking_grants.accounts[number],
        staking_grants.totals[number],
        staking_grants.tree.proof(number),
    )


@pytest.fixture
def stake(staking_distributor, grant, holder, operator):
    """The holder's call."""
    index, _, total, proof = grant(0)

    def call(amount=DUE, min_shares=0, sender=holder):
        return staking_distributor.claim_and_stake(index, total, proof, operator, amount, min_shares, sender=sender)

    return call


@pytest.fixture
def signed(staking_distributor, grant, signer, operator, start, chain):
    """Arguments of claim_and_stake_for, signed; a keyword changes what is sent but not what is signed."""
    domain = Domain("Keifu TGE", "1", chain.chain_id, staking_distributor.address)

    def make(amount=300 * COIN, min_shares=300 * COIN, deadline=start + 1_000, sent=None, domain=domain):
        index, account, total, proof = grant(1)
        nonce = staking_distributor.nonces(account)
        values = (index, account, operator.address, amount, min_shares, nonce, deadline)
        signature = domain.sign(signer, CLAIM_AND_STAKE, *values)
        terms = {"operator": operator.address, "amount": amount, "min_shares": min_shares, "deadline": deadline}
        return (index, account, total, proof, *{**terms, **(sent or {})}.values(), signature)

    return make


def test_a_holder_stakes_what_is_due(staking_distributor, hub, token, stake, holder, operator, at, start):
    at(start)
    receipt = stake(min_shares=DUE)
    assert receipt.return_value == DUE
    assert hub.position(operator, holder) == (DUE, DUE)
    assert (token.balanceOf(holder), staking_distributor.paid(0)) == (0, DUE)
    assert token.allowance(staking_distributor, hub) == 0


def test_what_is_not_staked_is_paid_out(hub, token, stake, holder, operator, at, start):
    at(start)
    stake(amount=300 * COIN)
    assert hub.position(operator, holder)[0] == 300 * COIN
    assert token.balanceOf(holder) == DUE - 300 * COIN


def test_tge_10_a_claim_that_came_first_does_not_make_it_fail(
    staking_distributor, hub, token, grant, stake, holder, stranger, operator, at, start
):
    at(start)
    staking_distributor.claim(*grant(0), sender=stranger)
    assert stake(min_shares=DUE).return_value == 0
    assert (token.balanceOf(holder), hub.position(operator, holder)[0]) == (DUE, 0)


def test_tge_10_with_an_allowance_the_coins_come_from_the_wallet(
    staking_distributor, hub, token, grant, stake, holder, stranger, operator, at, start
):
    token.approve(staking_distributor, DUE, sender=holder)
    at(start)
    staking_distributor.claim(*grant(0), sender=stranger)
    assert stake(min_shares=DUE).return_value == DUE
    assert (token.balanceOf(holder), hub.position(operator, holder)[0]) == (0, DUE)


def test_less_is_staked_for_fewer_shares_in_proportion(
    staking_distributor, token, grant, stake, holder, stranger, at, start
):
    token.approve(staking_distributor, DUE // 2, sender=holder)
    at(start)
    staking_distributor.claim(*grant(0), sender=stranger)
    assert stake(min_shares=DUE).return_value == DUE // 2


def test_too_little_to_stake_is_paid_out(hub, token, stake, holder, operator, at, start):
    at(start)
    assert stake(amount=COIN - 1).return_value == 0
    assert (token.balanceOf(holder), hub.position(operator, holder)[0]) == (DUE, 0)


def test_a_price_that_has_moved_is_refused(stake, at, start):
    at(start)
    with ape.reverts("hub: too little"):
        stake(min_shares=DUE + 1)


def test_only_the_account_stakes_its_grant(stake, stranger, at, start):
    at(start)
    with ape.reverts("distributor: not in the list"):
        stake(sender=stranger)


def test_without_a_hub_nothing_is_staked(distributor, grants, holder, operator, at, start):
    at(start)
    arguments = (0, grants.totals[0], grants.tree.proof(0), operator, DUE, 0)
    with ape.reverts("distributor: no hub"):
        distributor.claim_and_stake(*arguments, sender=holder)


def test_anyone_brings_the_accounts_signature_once(
    staking_distributor, hub, token, signed, signer, stranger, operator, at, start
):
    arguments = signed()
    at(start)
    receipt = staking_distributor.claim_and_stake_for(*arguments, sender=stranger)
    assert receipt.return_value == hub.position(operator, signer.address)[0] == 300 * COIN
    assert (token.balanceOf(signer.address), token.balanceOf(stranger)) == (DUE - 300 * COIN, 0)
    assert staking_distributor.nonces(signer.address) == 1
    with ape.reverts("distributor: invalid signature"):
        staking_distributor.claim_and_stake_for(*arguments, sender=stranger)


@pytest.mark.parametrize(
    "sent", [{"operator": ZERO_ADDRESS}, {"amount": 299 * COIN}, {"min_shares": 0}, {"deadline": 2**64}]
)
def test_what_was_not_signed_is_refused(staking_distributor, signed, stranger, at, start, sent):
    arguments = signed(sent=sent)
    if "deadline" not in sent:
        at(start)
    with ape.reverts("distributor: invalid signature"):
        staking_distributor.claim_and_stake_for(*arguments, sender=stranger)


def test_a_signature_expires(staking_distributor, signed, stranger, at, start):
    arguments = signed(deadline=start + 10)
    at(start + 11)
    with ape.reverts("distributor: signature expired"):
        staking_distributor.claim_and_stake_for(*arguments, sender=stranger)


@pytest.mark.case("tools-9")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("domain_of", [lambda domain: domain, salted], ids=["domain", "zero salt"])
def test_every_form_of_a_wallet_counts(
    staking_distributor, hub, signed, signer, stranger, operator, at, start, chain, form, domain_of
):
    at(start)
    domain = domain_of(Domain("Keifu TGE", "1", chain.chain_id, staking_distributor.address))
    *call, signature = signed(domain=domain)
    staking_distributor.claim_and_stake_for(*call, form(signature), sender=stranger)
    assert hub.position(operator, signer.address)[0] == 300 * COIN
