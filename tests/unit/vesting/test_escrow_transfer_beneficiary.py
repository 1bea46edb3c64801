"""VestingEscrow.transfer_beneficiary and accept_beneficiary."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS


@pytest.fixture(scope="module")
def grant(escrow, plan, deployer):
    return escrow.create(plan(), sender=deployer).return_value


def test_a_grant_passes_on_in_two_steps(escrow, token, grant, plan, holder, successor, stranger, at, start):
    started = escrow.transfer_beneficiary(grant, successor, sender=holder)
    assert started.events == [escrow.BeneficiaryTransferStarted(id=grant, beneficiary=holder, successor=successor)]
    assert escrow.plan(grant).beneficiary == holder
    accepted = escrow.accept_beneficiary(grant, sender=successor)
    assert accepted.events == [escrow.BeneficiaryTransferred(id=grant, beneficiary=holder, successor=successor)]
    stored = escrow.plan(grant)
    assert {name: getattr(stored, name) for name in plan()} == plan(beneficiary=successor.address)
    at(start)
    escrow.claim(grant, sender=stranger)
    assert token.balanceOf(holder) == 0
    assert token.balanceOf(successor) == escrow.paid(grant)


def test_an_offer_is_taken_once_and_may_be_withdrawn(escrow, grant, holder, successor):
    escrow.transfer_beneficiary(grant, successor, sender=holder)
    escrow.transfer_beneficiary(grant, ZERO_ADDRESS, sender=holder)
    with ape.reverts("escrow: caller is not the successor"):
        escrow.accept_beneficiary(grant, sender=successor)


def test_only_the_beneficiary_offers_and_only_the_successor_accepts(
    escrow, grant, holder, revoker, stranger, successor
):
    for other in (revoker, stranger):
        with ape.reverts("escrow: caller is not the beneficiary"):
            escrow.transfer_beneficiary(grant, successor, sender=other)
    escrow.transfer_beneficiary(grant, successor, sender=holder)
    with ape.reverts("escrow: caller is not the successor"):
        escrow.accept_beneficiary(grant, sender=stranger)
