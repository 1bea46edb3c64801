"""VestingEscrow.claim and claim_many: upfront part, cliff, steps, the last wei."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.tge import Schedule
from keifu.units import COIN
from tests.unit.vesting.conftest import MONTH


@pytest.fixture(scope="module")
def grant(escrow, plan, deployer):
    return escrow.create(plan(), sender=deployer).return_value


@pytest.fixture
def due(plan):
    def at_moment(moment, **changes):
        terms = plan(**changes)
        schedule = Schedule(*(terms[name] for name in ("start", "step", "steps", "divisor", "cliff")))
        return schedule.vested(terms["total"], moment)

    return at_moment


def test_anyone_may_claim_and_the_beneficiary_is_paid(escrow, token, grant, holder, stranger, at, start, due):
    at(start)
    receipt = escrow.claim(grant, sender=stranger)
    amount = due(start)
    assert receipt.events == [
        escrow.Claimed(id=grant, beneficiary=holder, amount=amount),
        token.Transfer(sender=escrow, receiver=holder, value=amount),
    ]
    assert receipt.return_value == escrow.paid(grant) == amount == (1_000 * COIN + 1) // 3


@pytest.mark.parametrize("step", [0, 1, 2, 3, 35, 36])
@pytest.mark.parametrize("around", [-1, 0, 1])
def test_esc_1_a_claim_around_each_step_pays_what_the_model_says(escrow, grant, stranger, at, start, due, step, around):
    moment = start + step * MONTH + around
    at(moment)
    if due(moment) == 0:
        with ape.reverts("escrow: nothing to claim"):
            escrow.claim(grant, sender=stranger)
    else:
        assert escrow.claim(grant, sender=stranger).return_value == due(moment)


@pytest.mark.parametrize(("divisor", "cliff"), [(0, 0), (0, 36), (1, 36), (255, 12)])
def test_other_terms_are_paid_by_the_model_too(escrow, plan, deployer, stranger, at, start, due, divisor, cliff):
    number = escrow.create(plan(divisor=divisor, cliff=cliff, revoker=ZERO_ADDRESS), sender=deployer).return_value
    paid = 0
    for step in sorted({0, 1, cliff, 36}):
        moment = start + step * MONTH + step
        at(moment)
        paid += escrow.claim_many([number], sender=stranger).return_value
        assert paid == due(moment, divisor=divisor, cliff=cliff)
    assert paid == plan()["total"]


def test_nothing_is_paid_twice(escrow, grant, stranger, at, start):
    at(start)
    escrow.claim(grant, sender=stranger)
    at(start + 2 * MONTH - 1)
    with ape.reverts("escrow: nothing to claim"):
        escrow.claim(grant, sender=stranger)


def test_a_grant_that_does_not_exist_pays_nothing(escrow, grant, stranger):
    with ape.reverts("escrow: nothing to claim"):
        escrow.claim(grant + 1, sender=stranger)
    assert (escrow.claimable(grant + 1), escrow.vested(grant + 1, 2**60)) == (0, 0)


def test_a_batch_passes_over_what_is_not_due(escrow, token, grant, plan, deployer, stranger, at, start, due, holder):
    escrow.create(plan(start=start + 50 * MONTH), sender=deployer)
    at(start)
    receipt = escrow.claim_many([grant, grant, grant + 1, grant + 2], sender=stranger)
    assert receipt.return_value == token.balanceOf(holder) == due(start)


def test_a_donation_changes_nothing(escrow, token, grant, deployer, stranger, at, start, due):
    token.transfer(escrow, 10**24, sender=deployer)
    at(start)
    assert escrow.claim(grant, sender=stranger).return_value == due(start)


def test_a_receiver_that_calls_back_gets_nothing_more(project, plan, deployer, stranger, at, start, due, holder):
    hook = project.HookToken.deploy(sender=deployer)
    escrow = project.VestingEscrow.deploy(hook, ZERO_ADDRESS, sender=deployer)
    hook.mint(deployer, 10**24, sender=deployer)
    hook.approve(escrow, 10**24, sender=deployer)
    escrow.create_many([plan(), plan()], sender=deployer)
    hook.arm(escrow, escrow.claim.encode_input(2), sender=deployer)
    at(start)
    escrow.claim(1, sender=stranger)
    assert (hook.calls(), hook.got_through(), hook.balanceOf(holder)) == (1, False, due(start))
