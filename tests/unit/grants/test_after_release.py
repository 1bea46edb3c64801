"""`pay_learner`, `lapse` and `claw_back`: lists, and money that comes back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.chain import Deployment
from keifu.grants import actions
from keifu.grants.state import State
from keifu.provenance import Kind, Status
from keifu.tge import Grants
from keifu.units import COIN, DAY
from tests.beaten import Meanwhile

from .world import CLAIMED_FOR, ENOUGH, FUNDS, PAID, SCHEMA

LAPSED, CLAWED_BACK = 3, 4


@pytest.fixture
def learners(world):
    """Three, of whom the list asks for less than the milestone has."""
    accounts = [world.evm.account(f"learner {number}").address.lower() for number in range(3)]
    return Grants(accounts, [100 * COIN, 200 * COIN, 300 * COIN])


def paid(world, proposal, learners, index, *, number=0, amount=None, account=None, proof=None):
    return world.grants.pay_learner(
        proposal, number, index, account or learners.accounts[index % 3], amount or learners.totals[index % 3],
        learners.tree.proof(index % 3) if proof is None else proof, sender=world.stranger,
    )  # fmt: skip


@pytest.fixture
def listed(world, learners):
    """A list that was released."""
    proposal = world.due(world.milestone(learners=learners.tree.root))
    world.release(proposal, world.evidence())
    return proposal


# pay_learner ---------------------------------------------------------------------------------------------------------


def test_learners_are_paid_by_proof(world, learners, listed):
    assert world.state(listed) == (2, PAID, 0)
    assert world.money() == (FUNDS - PAID, PAID)
    for index, account in enumerate(learners.accounts):
        [event] = paid(world, listed, learners, index).events("ListPaid")
        assert (event.args["account"], event.args["amount"]) == (account, learners.totals[index])
        assert world.token.balanceOf(account) == learners.totals[index]
    assert world.state(listed) == (2, PAID - 600 * COIN, 0)
    assert world.money() == (FUNDS - PAID, PAID - 600 * COIN)
    assert world.token.balanceOf(world.team) == 0


def test_grt_4_a_learner_is_paid_once(world, learners, listed):
    paid(world, listed, learners, 1)
    with reverts("grants: learner was paid"):
        paid(world, listed, learners, 1)


def test_a_wrong_proof_pays_nobody(world, learners, listed):
    for changes in ({"amount": 300 * COIN}, {"account": world.stranger.address}, {"proof": []}):
        with reverts("grants: not on the list"):
            paid(world, listed, learners, 0, **changes)
    with reverts("grants: not on the list"):
        paid(world, listed, learners, 3)


def test_a_list_that_asks_for_more_stops_at_what_was_granted(world):
    greedy = Grants([world.stranger.address.lower(), world.other.address.lower()], [PAID - 1, 2])
    proposal = world.due(world.milestone(learners=greedy.tree.root))
    world.release(proposal, world.evidence())
    world.grants.pay_learner(proposal, 0, 0, greedy.accounts[0], PAID - 1, greedy.tree.proof(0), sender=world.team)
    with reverts("grants: list asks for too much"):
        world.grants.pay_learner(proposal, 0, 1, greedy.accounts[1], 2, greedy.tree.proof(1), sender=world.team)


def test_before_its_release_a_list_pays_nobody(world, learners):
    proposal = world.due(world.milestone(learners=learners.tree.root), world.milestone())
    with reverts("grants: no list is being paid"):
        paid(world, proposal, learners, 0)
    world.release(proposal, world.evidence(), 1)
    with reverts("grants: no list is being paid"):
        paid(world, proposal, learners, 0, number=1)


def test_learners_of_a_list_of_thousands(world):
    """Bits of more than one word."""
    many = Grants([f"0x{number:040x}" for number in range(1, 601)], [COIN] * 600)
    proposal = world.due(world.milestone(learners=many.tree.root))
    world.release(proposal, world.evidence())
    for index in (0, 255, 256, 511, 512, 599):
        world.grants.pay_learner(
            proposal, 0, index, many.accounts[index], COIN, many.tree.proof(index), sender=world.team
        )
        with reverts("grants: learner was paid"):
            world.grants.pay_learner(
                proposal, 0, index, many.accounts[index], COIN, many.tree.proof(index), sender=world.team
            )


# lapse ---------------------------------------------------------------------------------------------------------------


def test_a_milestone_lapses_after_its_deadline(world, grants):
    proposal = world.carried()
    world.evm.warp_to(world.deadline(proposal))
    with reverts("grants: deadline has not passed"):
        grants.lapse(proposal, 0, sender=world.stranger)
    world.evm.warp(1)
    [event] = grants.lapse(proposal, 0, sender=world.stranger).events("Lapsed")
    assert event.args["amount"] == PAID
    assert (world.state(proposal), world.money()) == ((LAPSED, 0, 0), (FUNDS, 0))
    with reverts("grants: nothing to lapse"):
        grants.lapse(proposal, 0, sender=world.stranger)
    with reverts("grants: milestone is not pending"):
        world.release(proposal, world.evidence())


def test_what_was_released_does_not_lapse(world, grants):
    proposal = world.due(world.milestone(), world.vesting())
    world.release(proposal, world.evidence())
    world.release(proposal, world.evidence("second"), 1)
    world.evm.warp(1_000 * DAY)
    for number in (0, 1, 2):
        with reverts("grants: nothing to lapse"):
            grants.lapse(proposal, number, sender=world.stranger)


def test_what_is_left_of_a_list_comes_back(world, grants, learners, listed):
    paid(world, listed, learners, 0)
    world.evm.warp_to(world.deadline(listed) + CLAIMED_FOR)
    with reverts("grants: deadline has not passed"):
        grants.lapse(listed, 0, sender=world.stranger)
    world.evm.warp(1)
    assert grants.lapse(listed, 0, sender=world.stranger).value == PAID - 100 * COIN
    assert world.money() == (FUNDS - 100 * COIN, 0)
    with reverts("grants: no list is being paid"):
        paid(world, listed, learners, 1)


def test_a_proposal_that_was_not_carried_lapses_not(world, grants):
    proposal = world.propose()
    world.evm.warp(61 * DAY)
    with reverts("grants: not carried"):
        grants.lapse(proposal, 0, sender=world.stranger)


# claw_back -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def vesting(world):
    """A milestone in the escrow: proposal, its evidence, and the grant."""
    parent = world.record("data", kind=Kind.DATASET)
    proposal = world.due(world.vesting(sound=True))
    record = world.evidence(parents=(parent,))
    return proposal, record, world.release(proposal, record).value, parent


WITHDRAWALS = {
    "record": lambda world, record, _: world.registry.set_status(
        record, int(Status.REVOKED), "wrong", sender=world.team
    ),
    "ancestor": lambda world, _, parent: world.registry.set_status(
        parent, int(Status.REVOKED), "wrong", sender=world.team
    ),
    "attestation": lambda world, record, _: world.registry.revoke_attestation(
        SCHEMA, record, sender=world.attesters[1]
    ),
}


@pytest.mark.parametrize("withdraw", WITHDRAWALS.values(), ids=WITHDRAWALS)
def test_grt_8_what_has_not_vested_comes_back_when_the_evidence_is_withdrawn(world, grants, vesting, withdraw):
    proposal, record, grant, parent = vesting
    world.evm.warp(91 * DAY)
    with reverts("grants: evidence stands"):
        grants.claw_back(proposal, 0, record, sender=world.stranger)
    assert grants.stands(proposal, 0, record)
    withdraw(world, record, parent)
    assert not grants.stands(proposal, 0, record)
    [event] = grants.claw_back(proposal, 0, record, sender=world.stranger).events("ClawedBack")
    assert event.args["amount"] == PAID * 9 // 12
    assert world.money() == (FUNDS - PAID // 4, 0)
    assert world.state(proposal) == (CLAWED_BACK, 0, grant)
    world.escrow.claim(grant, sender=world.stranger)
    assert world.token.balanceOf(world.team) == PAID // 4
    with reverts("grants: nothing was released"):
        grants.claw_back(proposal, 0, record, sender=world.stranger)


def test_grt_8_a_coin_that_has_vested_is_never_taken(world, grants, vesting):
    proposal, record, grant, _ = vesting
    world.evm.warp(360 * DAY)
    WITHDRAWALS["record"](world, record, None)
    with reverts("escrow: nothing to revoke"):
        grants.claw_back(proposal, 0, record, sender=world.stranger)
    world.escrow.claim(grant, sender=world.stranger)
    assert world.token.balanceOf(world.team) == PAID


def test_evidence_that_became_old_takes_nothing_back(world, grants):
    """A record that is deprecated, an attestation that has expired: both were true."""
    proposal = world.due(world.vesting())
    record = world.record()
    world.attest(record, 0)
    world.attest(record, 1, expiry=world.evm.now + DAY)
    world.release(proposal, record)
    world.evm.warp(2 * DAY)
    world.registry.set_status(record, int(Status.DEPRECATED), "old", sender=world.team)
    with reverts("grants: evidence stands"):
        grants.claw_back(proposal, 0, record, sender=world.stranger)


def test_a_third_attester_holds_the_evidence_up(world, grants):
    proposal = world.due(world.vesting())
    record = world.evidence()
    world.release(proposal, record)
    world.attest(record, 2)
    WITHDRAWALS["attestation"](world, record, None)
    with reverts("grants: evidence stands"):
        grants.claw_back(proposal, 0, record, sender=world.stranger)


def test_what_was_paid_at_once_is_gone(world, grants):
    proposal, record = world.due(), world.evidence()
    world.release(proposal, record)
    WITHDRAWALS["record"](world, record, None)
    with reverts("grants: paid at once"):
        grants.claw_back(proposal, 0, record, sender=world.stranger)


def test_another_record_is_no_evidence(world, grants, vesting):
    proposal, _, _, parent = vesting
    other = world.due(world.vesting())
    second = world.evidence("second")
    world.release(other, second)
    for wrong in (parent, second, bytes(32)):
        with reverts("grants: not its evidence"):
            grants.claw_back(proposal, 0, wrong, sender=world.stranger)
        assert not grants.stands(proposal, 0, wrong)


def test_what_is_left_of_a_list_is_taken_when_its_evidence_is_withdrawn(world, grants, learners):
    proposal = world.due(world.milestone(learners=learners.tree.root))
    record = world.evidence()
    world.release(proposal, record)
    paid(world, proposal, learners, 0)
    WITHDRAWALS["record"](world, record, None)
    assert grants.claw_back(proposal, 0, record, sender=world.stranger).value == PAID - 100 * COIN
    assert world.money() == (FUNDS - 100 * COIN, 0)
    with reverts("grants: no list is being paid"):
        paid(world, proposal, learners, 1)


def test_money_that_came_back_is_granted_again_and_the_books_are_exact(world, grants, vesting):
    proposal, record, _, _ = vesting
    WITHDRAWALS["record"](world, record, None)
    grants.claw_back(proposal, 0, record, sender=world.stranger)
    assert world.money() == (FUNDS, 0)
    again = world.due(world.milestone(amount=FUNDS))
    world.release(again, world.evidence("again"))
    assert world.money() == (0, 0)
    assert (world.token.balanceOf(grants), world.token.balanceOf(world.team)) == (0, FUNDS)


@pytest.mark.parametrize("name", ["pay_learner", "take_back", "lapse", "fund"])
def test_a_token_that_calls_back_in_the_middle_of_a_payment_is_kept_out(world, grants, learners, name):
    token = world.evm.deploy("HookToken", sender=world.owner)
    grants.list_token(token, ZERO_ADDRESS, True, sender=world.owner)
    program = world.open(token)
    token.mint(world.funder, 2 * PAID, sender=world.owner)
    token.approve(grants, ENOUGH, sender=world.funder)
    grants.fund(program, 2 * PAID, sender=world.funder)
    proposal = world.propose(world.milestone(learners=learners.tree.root), program=program)
    world.vote(proposal, 0, 1, 2)
    world.evm.warp(4 * DAY)
    world.release(proposal, world.evidence())
    second = proposal, 0, 1, learners.accounts[1], learners.totals[1], learners.tree.proof(1)
    calls = {"pay_learner": second, "take_back": (program,), "lapse": (proposal, 0), "fund": (program, 1)}
    token.arm(grants, getattr(grants, name).encode(*calls[name]), sender=world.owner)
    paid(world, proposal, learners, 0)
    assert not token.got_through()


# what the commands say -----------------------------------------------------------------------------------------------


def seen(world, proposal, record):
    """What a command reads of a milestone that was released, and of its programme."""
    _, _, grant = world.state(proposal)
    shown = SimpleNamespace(state=State.RELEASED, sound=False, grant=grant, evidence=record)
    said = SimpleNamespace(programme=SimpleNamespace(token=world.token.address))
    return SimpleNamespace(milestone=lambda *_: (said, shown), contract=world.grants)


def test_what_came_back_is_said_though_somebody_funds_the_programme_meanwhile(world, vesting):
    proposal, record, *_ = vesting
    world.evm.warp(91 * DAY)
    WITHDRAWALS["record"](world, record, None)
    fund = lambda: world.grants.fund(world.program, 5 * COIN, sender=world.funder)  # noqa: E731
    chain = Meanwhile(world.evm, world.stranger, "claw_back", fund, fund)
    suite = Deployment({"GrantProgram": world.grants.address})
    assert actions.claw_back(chain, suite, seen(world, proposal, record), proposal, 0) == PAID * 9 // 12


def test_what_vests_at_the_last_moment_is_said_to_be_paid(world, vesting):
    proposal, record, *_ = vesting
    world.evm.warp(91 * DAY)
    chain = Meanwhile(world.evm, world.stranger, "claim", lambda: world.evm.warp(30 * DAY))
    assert actions.collect(chain, seen(world, proposal, record), proposal, 0) == PAID * 4 // 12
    assert world.token.balanceOf(world.team) == PAID * 4 // 12


def test_what_lapses_at_the_last_moment_goes_to_the_funder_and_is_said(world):
    """Whoever reads the programme before and after sees what was free before."""
    proposal = world.due(world.milestone())
    world.evm.warp_to(world.ends + 1)
    before = world.token.balanceOf(world.funder)
    lapse = lambda: world.grants.lapse(proposal, 0, sender=world.stranger)  # noqa: E731
    chain = Meanwhile(world.evm, world.stranger, "take_back", lapse)
    paid = actions.take_back(chain, Deployment({"GrantProgram": world.grants.address}), world.program)
    assert paid == world.token.balanceOf(world.funder) - before == FUNDS
