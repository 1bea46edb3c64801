"""`list_token`, `open`, `fund`, `take_back` and `announce_committee`: whose money it is, and who votes on it."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.units import COIN, DAY

from .world import COMMITTEE_NOTICE, ENOUGH, FUNDS, NEEDED, NOTICE, PAID

UNBONDING = 14 * DAY


# list_token ----------------------------------------------------------------------------------------------------------


def test_the_timelock_lists_tokens(world, grants):
    token = world.evm.deploy("QuietToken", sender=world.owner)
    with reverts("grants: caller is not the owner"):
        grants.list_token(token, ZERO_ADDRESS, True, sender=world.funder)
    with reverts("grants: token is not listed"):
        world.open(token)
    [event] = grants.list_token(token, ZERO_ADDRESS, True, sender=world.owner).events("TokenListed")
    assert (event.args["token"], event.args["escrow"], event.args["listed"]) == (token.address, ZERO_ADDRESS, True)
    assert (grants.listed(token), grants.escrow_of(token)) == (True, ZERO_ADDRESS)
    world.open(token)


def test_a_token_that_returns_nothing_is_paid_out(world, grants):
    token = world.evm.deploy("QuietToken", sender=world.owner)
    grants.list_token(token, ZERO_ADDRESS, True, sender=world.owner)
    program = world.open(token)
    token.mint(world.funder, FUNDS, sender=world.owner)
    token.approve(grants, ENOUGH, sender=world.funder)
    grants.fund(program, FUNDS, sender=world.funder)
    proposal = world.propose(program=program)
    world.vote(proposal, 0, 1, 2)
    world.evm.warp(NOTICE + 1)
    world.release(proposal, world.evidence())
    assert token.balanceOf(world.team) == PAID
    with reverts("grants: token has no escrow"):
        world.propose(world.vesting(), program=program)


def test_an_escrow_is_of_the_token_without_a_hub_and_for_ever(world, grants):
    other = world.evm.deploy("QuietToken", sender=world.owner)
    with reverts("grants: escrow of another token"):
        grants.list_token(other, world.escrow, True, sender=world.owner)
    staked = world.evm.deploy("VestingEscrow", other, world.hub, sender=world.owner)
    with reverts("grants: escrow has a hub"):
        grants.list_token(other, staked, True, sender=world.owner)
    for escrow in (ZERO_ADDRESS, world.evm.deploy("VestingEscrow", world.token, ZERO_ADDRESS, sender=world.owner)):
        with reverts("grants: escrow is fixed"):
            grants.list_token(world.token, escrow, True, sender=world.owner)
    grants.list_token(world.token, world.escrow, False, sender=world.owner)
    assert not grants.listed(world.token)


def test_a_token_is_a_contract(world, grants):
    with reverts("grants: token is no contract"):
        grants.list_token(world.stranger, ZERO_ADDRESS, True, sender=world.owner)


def test_a_token_off_the_list_takes_no_money_and_still_pays(world, grants):
    proposal = world.due(world.vesting())
    grants.list_token(world.token, world.escrow, False, sender=world.owner)
    with reverts("grants: token is not listed"):
        grants.fund(world.program, 1, sender=world.funder)
    with reverts("grants: token is not listed"):
        world.open()
    assert world.release(proposal, world.evidence()).value == 1


# open ----------------------------------------------------------------------------------------------------------------


def test_a_programme_is_opened_with_its_terms(world, grants):
    number = world.open(objection_bps=500)
    assert number == grants.program_count() == 2
    assert grants.program(number) == (
        world.funder.address, world.token.address, 0, 0, 1, 500, NOTICE, world.ends,
    )  # fmt: skip
    for place, member in enumerate(world.members):
        assert grants.committee(number, 1, member) == (NEEDED, world.evm.now, place + 1)
    assert grants.committee(number, 1, world.stranger)[2] == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"needed": 0}, "needed out of range"),
        ({"needed": 6}, "needed out of range"),
        ({"members": []}, "needed out of range"),
        ({"members": [ZERO_ADDRESS] * 3}, "no member"),
        ({"objection_bps": 0}, "objection out of range"),
        ({"objection_bps": 10_001}, "objection out of range"),
        ({"notice": DAY - 1}, "notice out of range"),
        ({"notice": UNBONDING + 1}, "notice out of range"),
    ],
)
def test_terms_have_bounds(world, changes, reason):
    with reverts(f"grants: {reason}"):
        world.open(**changes)


def test_terms_at_their_bounds(world):
    now = world.evm.now
    sixteen = [world.evm.account(f"one of {number}") for number in range(16)]
    world.open(members=sixteen, needed=16, objection_bps=10_000, notice=UNBONDING, last=now + 3_650 * DAY)
    world.open(members=sixteen[:1], needed=1, objection_bps=1, notice=DAY, last=now + DAY)
    for last in (now + DAY - 1, now + 3_650 * DAY + 1, 0, 2**256 - 1):
        with reverts("grants: last day out of range"):
            world.open(last=last)
    with reverts("grants: member named twice"):
        world.open(members=[world.members[0], world.members[1], world.members[0]])


# fund and take_back --------------------------------------------------------------------------------------------------


def test_anybody_pays_in(world, grants):
    world.token.transfer(world.stranger, COIN, sender=world.owner)
    world.token.approve(grants, COIN, sender=world.stranger)
    [event] = grants.fund(world.program, COIN, sender=world.stranger).events("Funded")
    assert (event.args["program"], event.args["payer"], event.args["amount"]) == (1, world.stranger.address, COIN)
    assert world.money() == (FUNDS + COIN, 0)


def test_what_is_paid_in_has_bounds(world, grants):
    with reverts("grants: no amount"):
        grants.fund(world.program, 0, sender=world.funder)
    for program in (0, 2):
        with reverts("grants: no such programme"):
            grants.fund(program, 1, sender=world.funder)
    with reverts("grants: amount out of range"):
        grants.fund(world.program, 2**128 - FUNDS, sender=world.funder)


def test_a_token_with_a_fee_is_refused(world, grants):
    token = world.evm.deploy("FeeToken", sender=world.owner)
    grants.list_token(token, ZERO_ADDRESS, True, sender=world.owner)
    program = world.open(token)
    token.mint(world.funder, FUNDS, sender=world.owner)
    token.approve(grants, ENOUGH, sender=world.funder)
    with reverts("transfer: token takes a fee"):
        grants.fund(program, FUNDS, sender=world.funder)


def test_grt_6_what_is_free_is_the_funders_after_the_last_day(world, grants):
    world.carried(world.milestone(deadline=world.evm.now + 500 * DAY))
    world.evm.warp_to(world.ends)
    with reverts("grants: programme has not ended"):
        grants.take_back(world.program, sender=world.funder)
    world.evm.warp(1)
    before = world.token.balanceOf(world.funder)
    assert grants.take_back(world.program, sender=world.stranger).value == FUNDS - PAID
    assert world.token.balanceOf(world.funder) - before == FUNDS - PAID
    assert world.money() == (0, PAID)
    with reverts("grants: nothing is free"):
        grants.take_back(world.program, sender=world.funder)


def test_grt_6_without_a_quorum_money_stays_and_goes_back(world, grants):
    proposal = world.propose()
    world.vote(proposal, 0, 1)
    world.evm.warp_to(world.ends + 1)
    with reverts("grants: programme has ended"):
        world.vote(proposal, 2)
    grants.take_back(world.program, sender=world.stranger)
    assert world.token.balanceOf(grants) == 0


# announce_committee --------------------------------------------------------------------------------------------------


def test_grt_7_a_committee_counts_after_its_notice(world, grants):
    old = world.propose()
    world.vote(old, 0, 1)
    fresh = [world.evm.account(f"fresh {number}") for number in range(2)]
    for who in (world.funder, world.members[0]):
        with reverts("grants: caller is not the owner"):
            grants.announce_committee(world.program, fresh, 2, sender=who)
    [event] = grants.announce_committee(world.program, fresh, 2, sender=world.owner).events("CommitteeAnnounced")
    assert (event.args["version"], event.args["needed"]) == (2, 2)
    assert event.args["effective_from"] == world.evm.now + COMMITTEE_NOTICE
    with reverts("grants: a committee is under notice"):
        grants.announce_committee(world.program, fresh, 1, sender=world.owner)
    world.evm.warp(COMMITTEE_NOTICE - 1)
    with reverts("grants: not a member"):
        grants.vote(old, True, sender=fresh[0])
    with world.evm.anchor():
        world.vote(old, 2)
    world.evm.warp(1)
    with reverts("grants: committee has changed"):
        world.vote(old, 2)
    again = world.propose()
    with reverts("grants: not a member"):
        world.vote(again, 0)
    for member in fresh:
        grants.vote(again, True, sender=member)
    assert world.money() == (FUNDS - PAID, PAID)
    grants.announce_committee(world.program, world.members, 1, sender=world.owner)


def test_what_the_old_committee_carried_is_paid(world, grants):
    proposal = world.carried()
    grants.announce_committee(world.program, [world.stranger], 1, sender=world.owner)
    world.evm.warp(COMMITTEE_NOTICE)
    world.release(proposal, world.evidence())


@pytest.mark.parametrize("program", [0, 2, 2**256 - 1])
def test_there_is_no_such_programme(world, grants, program):
    with reverts("grants: no such programme"):
        grants.announce_committee(program, world.members, 1, sender=world.owner)
    with reverts("grants: no such programme"):
        world.propose(program=program) if program else grants.propose(
            0, world.team, [world.milestone()], bytes(32), "", sender=world.stranger
        )
