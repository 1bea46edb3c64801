"""VestingEscrow.revoke and renounce_revocation: the vested part is out of reach."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from tests.unit.vesting.conftest import MONTH


@pytest.fixture(scope="module")
def grant(escrow, plan, deployer):
    return escrow.create(plan(), sender=deployer).return_value


@pytest.mark.parametrize("claimed_before", [False, True])
@pytest.mark.parametrize("step", [0, 1, 2, 20, 35])
def test_esc_2_a_revocation_takes_what_is_not_vested_and_nothing_else(
    escrow, token, grant, plan, revoker, holder, stranger, at, start, step, claimed_before
):
    moment = start + step * MONTH + 7
    vested = escrow.vested(grant, moment)
    if claimed_before:
        at(start + 1)
        escrow.claim(grant, sender=stranger)
    at(moment)
    receipt = escrow.revoke(grant, sender=revoker)
    refund = plan()["total"] - vested
    assert receipt.events == [
        escrow.Revoked(id=grant, revoker=revoker, refund=refund, owed=0),
        token.Transfer(sender=escrow, receiver=revoker, value=refund),
    ]
    at(start + 100 * MONTH)
    escrow.claim_many([grant], sender=stranger)
    assert (token.balanceOf(holder), token.balanceOf(escrow)) == (vested, 0)


def test_a_grant_revoked_before_its_start_pays_nothing(escrow, token, grant, plan, revoker, stranger, at, start):
    at(start - 1)
    assert escrow.revoke(grant, sender=revoker).return_value == plan()["total"]
    at(start + 50 * MONTH)
    with ape.reverts("escrow: nothing to claim"):
        escrow.claim(grant, sender=stranger)


def test_a_revocation_happens_once(escrow, grant, revoker, at, start):
    at(start)
    escrow.revoke(grant, sender=revoker)
    with ape.reverts("escrow: caller is not the revoker"):
        escrow.revoke(grant, sender=revoker)
    assert escrow.plan(grant).divisor == 1


def test_nothing_is_left_to_revoke_at_the_end(escrow, grant, revoker, at, start):
    at(start + 36 * MONTH)
    with ape.reverts("escrow: nothing to revoke"):
        escrow.revoke(grant, sender=revoker)


def test_nobody_else_revokes(escrow, grant, holder, deployer, at, start):
    at(start)
    for non_revoker in (holder, deployer):
        with ape.reverts("escrow: caller is not the revoker"):
            escrow.revoke(grant, sender=non_revoker)


def test_an_irrevocable_grant_is_not_revoked_by_anyone(escrow, plan, deployer, revoker):
    number = escrow.create(plan(revoker=ZERO_ADDRESS), sender=deployer).return_value
    with ape.reverts("escrow: caller is not the revoker"):
        escrow.revoke(number, sender=revoker)


def test_a_renounced_revocation_is_gone(escrow, grant, revoker, holder, at, start):
    with ape.reverts("escrow: caller is not the revoker"):
        escrow.renounce_revocation(grant, sender=holder)
    receipt = escrow.renounce_revocation(grant, sender=revoker)
    assert receipt.events == [escrow.RevocationRenounced(id=grant, revoker=revoker)]
    with ape.reverts("escrow: caller is not the revoker"):
        escrow.revoke(grant, sender=revoker)
