"""Cheats against grant programmes, each of which loses; other files test the rules that they run into."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.provenance import Kind, Record, Status
from keifu.tge import Grants
from keifu.units import COIN, DAY

from .world import ENOUGH, FUNDS, NOTICE, PAID, SCHEMA

FAR = 2**248  # a proposal's number that many higher was kept at the same place


def withdraw(world, record):
    world.registry.set_status(record, int(Status.REVOKED), "wrong", sender=world.team)


# money ---------------------------------------------------------------------------------------------------------------


def test_grt_6_what_lapsed_is_not_freed_again_by_an_objection(world, grants):
    """A milestone whose deadline ends in the notice would be freed twice, out of another proposal's money."""
    honest = world.carried()
    short = world.carried(world.milestone(deadline=world.evm.now + DAY))
    world.evm.warp(2 * DAY)
    with reverts("grants: notice is not over"):
        grants.lapse(short, 0, sender=world.stranger)
    grants.object(short, world.operator, 0, sender=world.delegator)
    assert world.money() == (FUNDS - PAID, PAID)
    world.evm.warp(NOTICE)
    world.release(honest, world.evidence())
    assert world.money() == (FUNDS - PAID, 0)


def test_what_was_too_short_for_its_notice_lapses_after_it(world, grants):
    short = world.carried(world.milestone(deadline=world.evm.now + DAY))
    world.evm.warp(NOTICE)
    with reverts("grants: notice is not over"):
        grants.lapse(short, 0, sender=world.stranger)
    world.evm.warp(1)
    with reverts("grants: deadline has passed"):
        world.release(short, world.evidence())
    grants.lapse(short, 0, sender=world.stranger)
    assert world.money() == (FUNDS, 0)


def test_grt_6_money_that_comes_back_does_not_run_over(world, grants):
    """A token of which more exists than a programme counts."""
    token = world.evm.deploy("HookToken", sender=world.owner)
    escrow = world.evm.deploy("VestingEscrow", token, ZERO_ADDRESS, sender=world.owner)
    grants.list_token(token, escrow, True, sender=world.owner)
    token.mint(world.funder, 2**129, sender=world.owner)
    token.approve(grants, ENOUGH, sender=world.funder)
    last = world.evm.now + 30 * DAY
    program = world.open(token, last=last)
    grants.fund(program, 2**128 - 1, sender=world.funder)
    proposal = world.propose(world.vesting(), program=program)
    world.vote(proposal, 0, 1, 2)
    world.evm.warp(NOTICE + 1)
    record = world.evidence()
    world.release(proposal, record)
    grants.fund(program, PAID, sender=world.funder)
    withdraw(world, record)
    with reverts("grants: amount out of range"):
        grants.claw_back(proposal, 0, record, sender=world.stranger)
    world.evm.warp_to(last + 1)
    grants.take_back(program, sender=world.stranger)
    assert grants.claw_back(proposal, 0, record, sender=world.stranger).value == PAID
    assert grants.program(program)[2:4] == (PAID, 0)


def test_nobody_pays_into_a_programme_that_has_ended(world, grants):
    """The coins could go nowhere but to its funder."""
    world.evm.warp_to(world.ends)
    with world.evm.anchor():
        grants.fund(world.program, 1, sender=world.funder)
    world.evm.warp(1)
    with reverts("grants: programme has ended"):
        grants.fund(world.program, 1, sender=world.funder)


# lists ---------------------------------------------------------------------------------------------------------------


def all_paid(world):
    """A list of two learners who were paid all that the milestone had: the proposal, and its evidence."""
    learners = Grants([f"0x{number:040x}" for number in (21, 22)], [PAID - COIN, COIN])
    proposal, record = world.due(world.milestone(learners=learners.tree.root)), world.evidence()
    world.release(proposal, record)
    for index in (0, 1):
        row = learners.accounts[index], learners.totals[index], learners.tree.proof(index)
        world.grants.pay_learner(proposal, 0, index, *row, sender=world.stranger)
    return proposal, record


def test_a_list_that_was_paid_in_full_neither_lapses_nor_is_clawed_back(world, grants):
    """Its milestone was earned, whatever somebody says later."""
    proposal, record = all_paid(world)
    withdraw(world, record)
    with reverts("grants: paid at once"):
        grants.claw_back(proposal, 0, record, sender=world.stranger)
    world.evm.warp(1_000 * DAY)
    with reverts("grants: nothing to lapse"):
        grants.lapse(proposal, 0, sender=world.stranger)
    assert world.state(proposal) == (2, 0, 0)


# a committee that is bought -------------------------------------------------------------------------------------------


def test_a_bought_committee_needs_attesters_and_silence(world, grants):
    """Three members carry a proposal for a friend: without attesters that are bought it is not paid."""
    proposal = world.propose(to=world.other)
    world.vote(proposal, 0, 1, 2)
    world.evm.warp(NOTICE + 1)
    record = world.record(by=world.other)
    with reverts("grants: not enough attestations"):
        world.release(proposal, record, by=world.other)
    world.evm.warp(61 * DAY)
    grants.lapse(proposal, 0, sender=world.stranger)
    assert world.money() == (FUNDS, 0)


def test_what_was_stopped_is_not_voted_on_again(world, grants):
    proposal = world.carried()
    grants.object(proposal, world.operator, 0, sender=world.delegator)
    for approves in (True, False):
        with reverts("grants: is carried"):
            world.vote(proposal, 3, approves=approves)


def test_a_word_that_was_bought_and_taken_back_pays_nothing(world):
    """An attester speaks, takes it back, and the grantee shows the record all the same."""
    proposal, record = world.due(), world.evidence()
    world.registry.revoke_attestation(SCHEMA, record, sender=world.attesters[0])
    with reverts("grants: not enough attestations"):
        world.release(proposal, record)
    world.attest(record, 2)
    world.release(proposal, record)


def test_a_record_that_was_shown_cannot_be_shown_for_another_programme(world, grants):
    record, first = world.evidence(), world.due()
    world.release(first, record)
    program = world.open()
    grants.fund(program, PAID, sender=world.funder)
    second = world.propose(program=program)
    world.vote(second, 0, 1, 2)
    world.evm.warp(NOTICE + 1)
    with reverts("grants: record was shown before"):
        world.release(second, record)


def test_dust_reserves_nothing_and_delays_nobody(world, grants):
    """A stranger's programmes and proposals of one wei stand beside the others, and cost nobody else a thing."""
    grants.list_token(world.token, world.escrow, True, sender=world.owner)
    for _ in range(20):
        world.propose(world.milestone(amount=1))
        grants.open(world.token, ([world.stranger], 1, 1, DAY, world.evm.now + DAY), sender=world.stranger)
    proposal = world.due()
    assert world.money() == (FUNDS - PAID, PAID)
    world.release(proposal, world.evidence())
    assert world.token.balanceOf(world.team) == PAID


# tokens --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["release", "take_back", "lapse", "claw_back", "propose"])
def test_a_grantee_that_comes_back_while_it_is_paid_is_kept_out(world, grants, name):
    """A contract that is called when coins reach it, and has evidence for its next milestone ready."""
    team = world.evm.deploy("CallbackAttacker", sender=world.owner)
    token, program = hooked(world, 2 * PAID)
    proposal = world.propose(world.milestone(), world.milestone(), program=program, to=team)
    world.vote(proposal, 0, 1, 2)
    world.evm.warp(NOTICE + 1)
    records = [evidence_of(world, team, number) for number in (1, 2)]
    calls = {
        "release": (proposal, 1, records[1]), "take_back": (program,), "lapse": (proposal, 1),
        "claw_back": (proposal, 0, records[0]), "propose": (program, team, [world.milestone()], bytes(32), ""),
    }  # fmt: skip
    token.arm(team, b"\x01", sender=world.owner)
    team.arm(2, grants, getattr(grants, name).encode(*calls[name]), sender=world.owner)
    team.visit(grants, grants.release.encode(proposal, 0, records[0]), sender=world.owner)
    assert (token.calls(), team.mood(), team.got_through()) == (1, 0, False)
    assert token.balanceOf(team) == PAID
    assert grants.program(program)[2:4] == (0, PAID)


def hooked(world, amount):
    """A token that calls in the middle of each transfer, and a programme with as much of it."""
    token = world.evm.deploy("HookToken", sender=world.owner)
    world.grants.list_token(token, ZERO_ADDRESS, True, sender=world.owner)
    program = world.open(token)
    token.mint(world.funder, amount, sender=world.owner)
    token.approve(world.grants, ENOUGH, sender=world.funder)
    world.grants.fund(program, amount, sender=world.funder)
    return token, program


def evidence_of(world, team, number):
    """A record of a contract's, of which two attesters say that it is reached."""
    record = Record(team.address, Kind.EVALUATION, bytes([number]) * 32)
    team.visit(world.registry, world.registry.register.encode(record.args), sender=world.owner)
    known = world.domain.record_id(record)
    world.attest(known, 0, 1)
    return known


def test_a_token_that_refuses_to_pay_leaves_the_milestone_as_it_was(world, grants):
    token, program = hooked(world, PAID)
    proposal = world.propose(program=program)
    world.vote(proposal, 0, 1, 2)
    world.evm.warp(NOTICE + 1)
    record = world.evidence()
    token.set_refuses(True, sender=world.owner)
    with reverts("transfer: refused"):
        world.release(proposal, record)
    token.set_refuses(False, sender=world.owner)
    world.release(proposal, record)
    assert token.balanceOf(world.team) == PAID


# names ---------------------------------------------------------------------------------------------------------------


def test_no_other_number_names_a_proposal(world, grants):
    """A number that is higher by 2**248 led to the same milestones."""
    proposal, record = all_paid(world)
    withdraw(world, record)
    for far in (proposal + FAR, FAR, 2**256 - 1):
        with reverts("grants: no such proposal"):
            grants.claw_back(far, 0, record, sender=world.stranger)
        with reverts("grants: no such proposal"):
            grants.pay_learner(far, 0, 0, world.team, 1, [], sender=world.stranger)
        with reverts("grants: no such proposal"):
            grants.milestone(far, 0)


@pytest.mark.parametrize("proposal", [0, 1])
def test_nothing_stands_where_there_is_no_proposal(world, grants, proposal):
    assert not grants.stands(proposal, 0, b"\x07" * 32)
    assert grants.milestone(proposal, 0) == (0, 0, 0, 0)


# proposals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{"steps": 12}, {"cliff": 3}, {"steps": 12, "cliff": 3}])
def test_what_looks_as_if_it_vested_is_refused(world, changes):
    """Without seconds of a step all of it would be paid at once."""
    with reverts("grants: plan out of range"):
        world.propose(world.milestone(**changes))


def test_more_than_an_escrow_takes_is_not_proposed(world):
    """It could never be released, and its money would wait for nothing."""
    world.propose(world.vesting(amount=2**112 - 1))
    with reverts("grants: amount out of range"):
        world.propose(world.vesting(amount=2**112))


def test_a_grantee_does_not_attest_for_itself(world):
    for named in ([world.team], [world.attesters[0], world.team]):
        with reverts("grants: no attester"):
            world.propose(world.milestone(needed=1, attesters=named))
