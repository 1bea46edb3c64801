"""TGEDistributor.claim: paid by the schedule, to the account, once; hostile lists, proofs and tokens."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.keys import keccak256
from keifu.units import COIN
from tests.unit.vesting.conftest import MONTH


def test_tge_3_anyone_may_claim_and_only_the_account_is_paid(distributor, token, grant, holder, stranger, at, start):
    at(start)
    receipt = distributor.claim(*grant(0), sender=stranger)
    due = 381 * COIN
    assert receipt.events == [
        distributor.Claimed(index=0, account=holder, amount=due),
        token.Transfer(sender=distributor, receiver=holder, value=due),
    ]
    assert receipt.return_value == due
    assert (token.balanceOf(holder), token.balanceOf(stranger), distributor.paid(0)) == (due, 0, due)


def test_nothing_is_paid_before_the_event(distributor, grant, stranger, at, start):
    at(start - 1)
    with ape.reverts("distributor: nothing to claim"):
        distributor.claim(*grant(0), sender=stranger)


@pytest.mark.parametrize("step", [0, 1, 2, 35, 36, 37])
@pytest.mark.parametrize("around", [-1, 0, 1])
def test_tge_1_a_claim_around_each_step_pays_what_the_model_says(
    distributor, grant, grants, schedule, stranger, at, step, around
):
    moment = schedule.start + step * MONTH + around
    due = schedule.vested(grants.totals[5], moment)
    at(moment)
    if due == 0:
        with ape.reverts("distributor: nothing to claim"):
            distributor.claim(*grant(5), sender=stranger)
    else:
        assert distributor.claim(*grant(5), sender=stranger).return_value == due


def test_a_second_claim_at_the_same_step_is_refused(distributor, grant, stranger, at, start):
    at(start)
    distributor.claim(*grant(0), sender=stranger)
    at(start + MONTH - 1)
    with ape.reverts("distributor: nothing to claim"):
        distributor.claim(*grant(0), sender=stranger)
    at(start + MONTH)
    distributor.claim(*grant(0), sender=stranger)


def test_tge_6_two_grants_of_one_slot_do_not_touch_each_other(distributor, grant, grants, stranger, at, schedule):
    at(schedule.end)
    distributor.claim(*grant(0), sender=stranger)
    assert (distributor.paid(0), distributor.paid(1)) == (grants.totals[0], 0)
    distributor.claim(*grant(1), sender=stranger)
    assert (distributor.paid(0), distributor.paid(1)) == (grants.totals[0], grants.totals[1])


@pytest.mark.parametrize("place", range(4))
def test_what_is_not_in_the_list_is_refused(distributor, grant, stranger, at, start, place):
    at(start)
    wrong = list(grant(0))
    wrong[place] = [1, stranger.address, wrong[2] + 1, wrong[3][1:]][place]
    with ape.reverts("distributor: not in the list"):
        distributor.claim(*wrong, sender=stranger)
    assert not distributor.verify(*wrong)
    assert distributor.verify(*grant(0))


def test_an_empty_proof_is_refused(distributor, grant, stranger):
    with ape.reverts("distributor: not in the list"):
        distributor.claim(*grant(0)[:3], [], sender=stranger)


def test_a_total_that_does_not_fit_is_refused(project, token, terms, deployer, holder, stranger, at, start):
    total = 2**128
    encoded = (0).to_bytes(32, "big") + bytes(12) + bytes.fromhex(holder.address[2:]) + total.to_bytes(32, "big")
    root = keccak256(keccak256(encoded))
    contract = project.TGEDistributor.deploy(token, ZERO_ADDRESS, *{**terms, "root": root}.values(), sender=deployer)
    at(start)
    with ape.reverts("distributor: total too large"):
        contract.claim(0, holder, total, [], sender=stranger)


def test_a_distributor_that_was_not_funded_pays_nobody(project, token, terms, deployer, grant, stranger, at, start):
    contract = project.TGEDistributor.deploy(token, ZERO_ADDRESS, *terms.values(), sender=deployer)
    at(start)
    with ape.reverts("token: insufficient balance"):
        contract.claim(*grant(0), sender=stranger)


def test_tge_4_a_donation_changes_nothing(distributor, token, grant, deployer, stranger, at, start, holder):
    token.transfer(distributor, 10**6 * COIN, sender=deployer)
    at(start)
    distributor.claim(*grant(0), sender=stranger)
    assert token.balanceOf(holder) == 381 * COIN
    with ape.reverts("distributor: nothing to claim"):
        distributor.claim(*grant(0), sender=stranger)


def test_a_token_that_answers_no_is_believed(project, terms, deployer, grant, stranger, at, start):
    refusing = project.FeeToken.deploy(sender=deployer)
    contract = project.TGEDistributor.deploy(refusing, ZERO_ADDRESS, *terms.values(), sender=deployer)
    refusing.set_refuses(True, sender=deployer)
    at(start)
    with ape.reverts("distributor: transfer refused"):
        contract.claim(*grant(0), sender=stranger)
    assert contract.paid(0) == 0


@pytest.mark.parametrize("other_call", ["claim again", "claim another", "claim many", "sweep"])
def test_tge_7_a_receiver_that_calls_back_gets_nothing_more(
    project, terms, deployer, grant, stranger, at, start, other_call
):
    hook = project.HookToken.deploy(sender=deployer)
    contract = project.TGEDistributor.deploy(hook, ZERO_ADDRESS, *terms.values(), sender=deployer)
    hook.mint(contract, 10**27, sender=deployer)
    call = {
        "claim again": lambda: contract.claim.encode_input(*grant(0)),
        "claim another": lambda: contract.claim.encode_input(*grant(1)),
        "claim many": lambda: contract.claim_many.encode_input([grant(1)]),
        "sweep": lambda: contract.sweep.encode_input(stranger),
    }[other_call]()
    hook.arm(contract, call, sender=deployer)
    at(start)
    contract.claim(*grant(0), sender=stranger)
    assert (hook.calls(), hook.got_through()) == (1, False)
    assert hook.balanceOf(grant(0)[1]) == 381 * COIN
    assert contract.paid(1) == 0
