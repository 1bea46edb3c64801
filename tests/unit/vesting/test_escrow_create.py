"""VestingEscrow.create, create_many and the constructor."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN


def test_a_grant_is_stored_and_paid_in(escrow, token, plan, deployer, holder, revoker):
    receipt = escrow.create(plan(), sender=deployer)
    assert receipt.return_value == escrow.count() == 1
    assert receipt.events == [
        escrow.Created(id=1, beneficiary=holder, revoker=revoker, total=plan()["total"], divisor=3),
        token.Transfer(sender=deployer, receiver=escrow, value=plan()["total"]),
    ]
    stored = escrow.plan(1)
    assert {name: getattr(stored, name) for name in plan()} == plan()
    assert (escrow.revoker(1), escrow.paid(1), token.balanceOf(escrow)) == (revoker, 0, plan()["total"])


def test_the_widest_numbers_fit_beside_each_other(project, deployer, plan, holder, revoker):
    wide = project.HookToken.deploy(sender=deployer)
    escrow = project.VestingEscrow.deploy(wide, ZERO_ADDRESS, sender=deployer)
    total = 2**112 - 1
    wide.mint(deployer, total, sender=deployer)
    wide.approve(escrow, total, sender=deployer)
    widest = plan(total=total, start=2**40 - 1, step=2**32 - 1, steps=2**16 - 1, cliff=2**16 - 1, divisor=255)
    escrow.create(widest, sender=deployer)
    stored = escrow.plan(1)
    assert {name: getattr(stored, name) for name in widest} == widest


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"beneficiary": ZERO_ADDRESS}, "no beneficiary"),
        ({"total": 0}, "total out of range"),
        ({"total": 2**112}, "total out of range"),
        ({"start": 0}, "start out of range"),
        ({"start": 2**40}, "start out of range"),
        ({"step": 0}, "step out of range"),
        ({"step": 2**32}, "step out of range"),
        ({"steps": 0}, "steps out of range"),
        ({"steps": 2**16}, "steps out of range"),
        ({"cliff": 37}, "cliff after the last step"),
        ({"divisor": 256}, "divisor out of range"),
    ],
)
def test_terms_out_of_range_are_refused(escrow, plan, deployer, changes, reason):
    with ape.reverts(f"escrow: {reason}"):
        escrow.create(plan(**changes), sender=deployer)


def test_the_escrow_is_nobodys_beneficiary(escrow, plan, deployer):
    with ape.reverts("escrow: no beneficiary"):
        escrow.create(plan(beneficiary=escrow.address), sender=deployer)


def test_a_grant_is_paid_by_its_creator(escrow, plan, stranger):
    with ape.reverts("token: insufficient allowance"):
        escrow.create(plan(), sender=stranger)


def test_a_token_that_takes_a_fee_is_refused(project, plan, deployer):
    fee = project.FeeToken.deploy(sender=deployer)
    escrow = project.VestingEscrow.deploy(fee, ZERO_ADDRESS, sender=deployer)
    fee.mint(deployer, 10**24, sender=deployer)
    fee.approve(escrow, 10**24, sender=deployer)
    with ape.reverts("transfer: token takes a fee"):
        escrow.create(plan(), sender=deployer)
    fee.set_refuses(True, sender=deployer)
    with ape.reverts("transfer: refused"):
        escrow.create(plan(), sender=deployer)


def test_a_token_that_calls_back_cannot_count_one_payment_twice(project, plan, deployer):
    hook = project.HookToken.deploy(sender=deployer)
    escrow = project.VestingEscrow.deploy(hook, ZERO_ADDRESS, sender=deployer)
    hook.mint(deployer, 10**24, sender=deployer)
    hook.approve(escrow, 10**24, sender=deployer)
    hook.arm(escrow, escrow.create.encode_input(plan()), sender=deployer)
    escrow.create(plan(), sender=deployer)
    assert (hook.calls(), hook.got_through(), escrow.count()) == (1, False, 1)


def test_several_grants_are_paid_in_with_one_transfer(escrow, token, plan, deployer, other_holder):
    plans = [plan(), plan(beneficiary=other_holder.address, total=5 * COIN, revoker=ZERO_ADDRESS)]
    receipt = escrow.create_many(plans, sender=deployer)
    assert (receipt.return_value, escrow.count()) == (1, 2)
    assert token.balanceOf(escrow) == plan()["total"] + 5 * COIN
    assert escrow.plan(2).beneficiary == other_holder
    assert len(list(receipt.decode_logs(token.Transfer))) == 1


def test_no_plans_are_refused(escrow, deployer):
    with ape.reverts("escrow: no plans"):
        escrow.create_many([], sender=deployer)


def test_a_token_without_code_is_refused(project, deployer, stranger):
    with ape.reverts("escrow: no token"):
        project.VestingEscrow.deploy(stranger, ZERO_ADDRESS, sender=deployer)
