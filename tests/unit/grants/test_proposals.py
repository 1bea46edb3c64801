"""`propose`, `vote`, `recuse` and `object`: what a committee carries, and what stake stops."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.units import COIN, DAY

from .world import FUNDS, NOTICE, PAID, STAKED

LONGEST = 5 * 365 * DAY


# propose -------------------------------------------------------------------------------------------------------------


def test_a_proposal_reserves_nothing(world, grants):
    number = world.propose(world.milestone(), world.vesting(amount=2 * PAID))
    assert number == grants.proposal_count() == 1
    assert grants.proposal(number) == (
        1, world.team.address, world.stranger.address, 1, 0, 0, 0, False, 0, 2,
    )  # fmt: skip
    assert grants.milestone(number, 1) == (1, 2 * PAID, world.evm.now + 60 * DAY, 0)
    assert world.money() == (FUNDS, 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": 0}, "amount out of range"),
        ({"amount": 2**112}, "amount out of range"),
        ({"kind": 32}, "no such kind"),
        ({"needed": 0}, "needed out of range"),
        ({"needed": 4}, "needed out of range"),
        ({"needed": 1, "attesters": []}, "needed out of range"),
        ({"needed": 1, "attesters": [ZERO_ADDRESS]}, "no attester"),
        ({"step": 1, "steps": 0}, "plan out of range"),
        ({"step": 2**32, "steps": 1}, "plan out of range"),
        ({"step": 1, "steps": 2**16}, "plan out of range"),
        ({"step": 1, "steps": 2, "cliff": 3}, "plan out of range"),
        ({"step": 1, "steps": 1, "learners": b"\x01" * 32}, "a list does not vest"),
    ],
)
def test_milestones_have_bounds(world, changes, reason):
    with reverts(f"grants: {reason}"):
        world.propose(world.milestone(**changes))


def test_deadlines_have_bounds(world):
    for deadline in (0, world.evm.now, world.evm.now + LONGEST + 1, 2**256 - 1):
        with reverts("grants: deadline out of range"):
            world.propose(world.milestone(deadline=deadline))
    world.propose(world.milestone(deadline=world.evm.now + 1), world.milestone(deadline=world.evm.now + LONGEST))


def test_an_attester_is_named_once(world):
    for pair in ((0, 0, 1), (0, 1, 0), (1, 0, 0)):
        with reverts("grants: attester named twice"):
            world.propose(world.milestone(attesters=[world.attesters[number] for number in pair]))


def test_the_longest_proposal(world):
    four = [world.evm.account(f"attester {number}") for number in range(4)]
    proposal = world.due(*[world.vesting(attesters=four, needed=4, kind=7, amount=COIN)] * 8)
    for number in range(8):
        record = world.record(f"evaluation {number}")
        for attester in four:
            world.attesters.append(attester)
            world.attest(record, len(world.attesters) - 1)
        world.release(proposal, record, number)
    del world.attesters[3:]
    assert world.escrow.count() == 8


def test_the_largest_sum(world, grants):
    """Eight milestones with what an escrow takes at most."""
    largest = 2**112 - 1
    proposal = world.propose(*[world.milestone(amount=largest)] * 8)
    world.vote(proposal, 0, 1)
    with reverts("grants: not enough in the programme"):
        world.vote(proposal, 2)
    assert [grants.milestone(proposal, number)[1] for number in range(8)] == [largest] * 8


def test_a_proposal_needs_a_grantee_and_milestones(world, grants):
    for nobody in (ZERO_ADDRESS, grants):
        with reverts("grants: no grantee"):
            grants.propose(1, nobody, [world.milestone()], bytes(32), "", sender=world.stranger)
    with reverts("grants: no milestones"):
        grants.propose(1, world.team, [], bytes(32), "", sender=world.stranger)


# vote and recuse -----------------------------------------------------------------------------------------------------


def test_grt_1_the_last_vote_reserves_and_begins_the_notice(world, grants):
    proposal = world.propose()
    assert not world.vote(proposal, 0, 4).events("Carried")
    assert world.money() == (FUNDS, 0)
    receipt = world.vote(proposal, 2)
    [event] = receipt.events("Carried")
    assert (event.args["reserved"], event.args["objections_until"]) == (PAID, world.evm.now + NOTICE)
    assert world.money() == (FUNDS - PAID, PAID)
    assert grants.proposal(proposal)[4:7] == (0b10101, 0, world.evm.now)
    with reverts("grants: is carried"):
        world.vote(proposal, 1)


def test_a_vote_counts_once_and_can_be_taken_back(world, grants):
    proposal = world.propose()
    world.vote(proposal, 0, 1)
    with reverts("grants: has voted"):
        world.vote(proposal, 1)
    world.vote(proposal, 1, approves=False)
    with reverts("grants: has not voted"):
        world.vote(proposal, 1, approves=False)
    assert grants.proposal(proposal)[4] == 0b1
    assert not world.vote(proposal, 2).events("Carried")
    assert world.vote(proposal, 1).events("Carried")


def test_more_than_is_free_is_not_carried(world, grants):
    proposal = world.propose(world.milestone(amount=FUNDS + 1))
    world.vote(proposal, 0, 1)
    with reverts("grants: not enough in the programme"):
        world.vote(proposal, 2)
    first, second = world.propose(world.milestone(amount=FUNDS)), world.propose()
    world.vote(first, 0, 1, 2)
    world.vote(second, 0, 1)
    with reverts("grants: not enough in the programme"):
        world.vote(second, 2)
    grants.fund(world.program, PAID, sender=world.funder)
    world.vote(second, 2)
    assert world.money() == (0, FUNDS + PAID)


def test_money_of_another_programme_is_not_reserved(world, grants):
    other = world.open()
    proposal = world.propose(program=other)
    world.vote(proposal, 0, 1)
    with reverts("grants: not enough in the programme"):
        world.vote(proposal, 2)


def test_nobody_but_members_vote(world, grants):
    proposal = world.propose()
    for who in (world.stranger, world.funder, world.owner, world.team):
        with reverts("grants: not a member"):
            grants.vote(proposal, True, sender=who)
        with reverts("grants: not a member"):
            grants.recuse(proposal, "", sender=who)


@pytest.mark.parametrize("proposal", [0, 1, 2**256 - 1])
def test_there_is_no_such_proposal(world, grants, proposal):
    with reverts("grants: no such proposal"):
        grants.vote(proposal, True, sender=world.members[0])
    with reverts("grants: no such proposal"):
        grants.recuse(proposal, "", sender=world.members[0])
    with reverts("grants: not carried"):
        grants.object(proposal, world.operator, 0, sender=world.delegator)


def test_grt_2_a_member_with_an_interest_has_no_vote(world, grants):
    member = world.members[0]
    proposal = world.propose(to=member)
    with reverts("grants: member is the grantee"):
        world.vote(proposal, 0)
    proposal = world.propose(by=member)
    with reverts("grants: member made the proposal"):
        world.vote(proposal, 0)
    proposal = world.propose()
    world.vote(proposal, 0, 1)
    [event] = grants.recuse(proposal, "my sister's team", sender=member).events("Recused")
    assert (event.args["member"], event.args["reason"]) == (member.address, "my sister's team")
    assert grants.proposal(proposal)[4:6] == (0b10, 0b1)
    for approves in (True, False):
        with reverts("grants: member has an interest"):
            world.vote(proposal, 0, approves=approves)
    with reverts("grants: member has an interest"):
        grants.recuse(proposal, "", sender=member)
    assert not world.vote(proposal, 2).events("Carried")
    world.vote(proposal, 3)
    with reverts("grants: is carried"):
        grants.recuse(proposal, "", sender=world.members[1])


def test_with_too_many_interests_nothing_is_carried(world, grants):
    proposal = world.propose()
    for member in world.members[:3]:
        grants.recuse(proposal, "", sender=member)
    world.vote(proposal, 3, 4)
    assert grants.proposal(proposal)[6] == 0


# object --------------------------------------------------------------------------------------------------------------


HALF = 5_000  # what one of two delegators has, in basis points


def test_grt_5_enough_stake_stops_a_proposal(world, grants):
    proposal = world.carried()
    receipt = grants.object(proposal, world.operator, 0, sender=world.delegator)
    [event] = receipt.events("Objected")
    assert (event.args["owner"], event.args["weight"], event.args["objections"]) == (
        world.delegator.address, STAKED, STAKED,
    )  # fmt: skip
    [stopped] = receipt.events("Stopped")
    assert (stopped.args["objections"], stopped.args["total"]) == (STAKED, 2 * STAKED)
    assert world.money() == (FUNDS, 0)
    assert grants.proposal(proposal)[7:9] == (True, STAKED)
    for who in (world.delegator, world.other):
        with reverts("grants: not carried"):
            grants.object(proposal, world.operator, 0, sender=who)
    with reverts("grants: not carried"):
        grants.lapse(proposal, 0, sender=world.stranger)


def test_objections_add_up(world, grants):
    program = world.open(objection_bps=HALF + 1)
    grants.fund(program, PAID, sender=world.funder)
    proposal = world.propose(program=program)
    world.vote(proposal, 0, 1, 2)
    assert not grants.object(proposal, world.operator, 0, sender=world.delegator).events("Stopped")
    with reverts("grants: has objected"):
        grants.object(proposal, world.operator, 0, sender=world.delegator)
    assert grants.object(proposal, world.operator, 0, sender=world.other).events("Stopped")


def test_who_has_no_stake_there_does_not_object(world, grants):
    proposal = world.carried()
    for who, operator, sub in (
        (world.stranger, world.operator, 0), (world.delegator, world.stranger, 0), (world.delegator, world.operator, 1),
    ):  # fmt: skip
        with reverts("grants: nothing staked there"):
            grants.object(proposal, operator, sub, sender=who)


def test_a_sub_account_objects_for_itself(world, grants):
    world.token.transfer(world.delegator, STAKED, sender=world.owner)
    world.hub.stake(world.operator, STAKED, 0, 7, sender=world.delegator)
    proposal = world.carried()
    [event] = grants.object(proposal, world.operator, 7, sender=world.delegator).events("Objected")
    assert event.args["owner"] == world.hub.owner_key(world.delegator, 7)


def test_grt_5_the_same_coins_do_not_object_twice(world, grants):
    """They need the unbonding time to leave, and no notice is longer."""
    program = world.open(notice=14 * DAY, objection_bps=HALF + 1)
    grants.fund(program, PAID, sender=world.funder)
    proposal = world.propose(program=program)
    world.vote(proposal, 0, 1, 2)
    grants.object(proposal, world.operator, 0, sender=world.delegator)
    ticket = world.hub.unstake(world.operator, STAKED, 0, 0, sender=world.delegator).value
    world.evm.warp(14 * DAY)
    with reverts("hub: not matured"):
        world.hub.withdraw(ticket, 0, sender=world.delegator)
    with world.evm.anchor():
        grants.object(proposal, world.operator, 0, sender=world.other)
    world.evm.warp(1)
    with reverts("grants: notice is over"):
        grants.object(proposal, world.operator, 0, sender=world.other)


def test_before_the_last_vote_nobody_objects(world, grants):
    proposal = world.propose()
    with reverts("grants: not carried"):
        grants.object(proposal, world.operator, 0, sender=world.delegator)
