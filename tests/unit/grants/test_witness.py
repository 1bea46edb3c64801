"""`GrantWitness`: what is delegated in all pools together, and what a record was made from."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts
from keifu.provenance import Kind, Link, Record, Relation, Status
from keifu.units import DAY

from .world import ENOUGH, FUNDS, NEEDED, PAID, STAKED

CLAWED_BACK = 4


def set_status(world, record, status, by):
    world.registry.set_status(record, int(status), "wrong", sender=by)


# count and count_many ------------------------------------------------------------------------------------------------


@pytest.fixture
def rival(world):
    """An operator with a pool of six times what one delegator has elsewhere, and coins to be emitted beside it all."""
    rival, amount = world.evm.account("rival"), 6 * STAKED
    world.token.transfer(world.operator, 10 * amount, sender=world.owner)
    for who in (world.operator, rival, world.other):
        world.token.transfer(who, 2 * amount, sender=world.owner)
        world.token.approve(world.hub, ENOUGH, sender=who)
    world.hub.register_operator(0, "", sender=rival)
    world.hub.set_multiple(world.service, 4, sender=rival)
    world.hub.lock(world.service, rival, amount, sender=rival)
    world.evm.warp(30 * DAY)
    world.hub.poke(rival, world.service, sender=world.stranger)
    world.hub.bind(rival, amount, sender=world.service)
    world.hub.stake(rival, amount, 0, 0, sender=world.other)
    world.hub.fund_emission(10 * amount, sender=world.operator)
    return rival


def test_wit_1_a_pool_counts_once_as_it_is_now(world, rival):
    witness = world.witness
    assert (witness.total_counted(), witness.counted(rival)) == (0, 0)
    receipt = witness.count(world.operator, sender=world.stranger)
    [event] = receipt.events("StakeCounted")
    assert receipt.value == 2 * STAKED
    assert tuple(event.args.values()) == (world.operator.address, 2 * STAKED, 2 * STAKED)
    witness.count_many([rival, world.operator, rival, world.stranger], sender=world.stranger)
    assert witness.total_counted() == 8 * STAKED
    world.hub.unstake(world.operator, STAKED, 0, 0, sender=world.delegator)
    assert witness.total_counted() == 8 * STAKED
    assert witness.count(world.operator, sender=world.stranger).value == 7 * STAKED
    assert (witness.counted(world.operator), witness.counted(rival)) == (STAKED, 6 * STAKED)


@pytest.mark.parametrize(("bps", "stops"), [(1_250, True), (1_251, False)])
def test_grt_5_a_stated_share_of_what_is_delegated_stops_a_proposal(world, grants, rival, bps, stops):
    """One of eight parts of what is delegated, whatever else the hub holds: locks, and coins to be emitted."""
    assert world.token.balanceOf(world.hub) > 50 * STAKED
    world.witness.count_many([world.operator, rival], sender=world.stranger)
    program = world.open(objection_bps=bps, last=world.evm.now + 300 * DAY)
    grants.fund(program, PAID, sender=world.funder)
    proposal = world.propose(program=program)
    world.vote(proposal, *range(NEEDED))
    stopped = grants.object(proposal, world.operator, 0, sender=world.delegator).events("Stopped")
    assert [tuple(event.args.values()) for event in stopped] == [(proposal, STAKED, 8 * STAKED)] * stops


def test_whoever_objects_has_its_pool_counted(world, grants):
    proposal = world.carried()
    assert world.witness.total_counted() == 0
    [stopped] = grants.object(proposal, world.operator, 0, sender=world.delegator).events("Stopped")
    assert stopped.args["total"] == world.witness.total_counted() == 2 * STAKED


def test_grt_5_who_has_objected_and_leaves_makes_the_whole_no_smaller(world, grants, rival):
    """Otherwise half of a share would stop a proposal: those who object and leave, and those who object then."""
    world.witness.count(rival, sender=world.stranger)
    program = world.open(objection_bps=2_600, last=world.evm.now + 300 * DAY)
    grants.fund(program, PAID, sender=world.funder)
    proposal = world.propose(program=program)
    world.vote(proposal, *range(NEEDED))
    for who in (world.delegator, world.other):
        assert not grants.object(proposal, world.operator, 0, sender=who).events("Stopped")
        world.hub.unstake(world.operator, STAKED, 0, 0, sender=who)
    assert grants.proposal(proposal)[8] == 2 * STAKED
    assert 2_600 * world.witness.total_counted() < 2 * STAKED * 10_000


def test_grt_5_a_pool_that_had_shrunk_is_in_no_whole_once_it_was_counted(world, grants, rival):
    """Otherwise whoever objects first, with a few coins, keeps what has left in the whole until the notice is over."""
    world.witness.count(rival, sender=world.stranger)
    world.hub.unstake(rival, 6 * STAKED, 0, 0, sender=world.other)
    program = world.open(objection_bps=5_000, last=world.evm.now + 300 * DAY)
    grants.fund(program, PAID, sender=world.funder)
    proposal = world.propose(program=program)
    world.vote(proposal, *range(NEEDED))
    assert not grants.object(proposal, world.operator, 0, sender=world.delegator).events("Stopped")
    world.witness.count(rival, sender=world.stranger)
    [stopped] = grants.object(proposal, world.operator, 0, sender=world.other).events("Stopped")
    assert tuple(stopped.args.values()) == (proposal, 2 * STAKED, 4 * STAKED)


# trace ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lineage(world):
    """Evidence of the team's that was released, made from a model of the team's, made from data of a stranger's."""
    data = world.record("data", by=world.stranger, kind=Kind.DATASET)
    model = world.record("model", kind=Kind.MODEL, parents=(data,))
    record = world.evidence(parents=(model,))
    proposal = world.due(world.vesting(sound=True))
    world.release(proposal, record)
    return proposal, record, model, data


def test_grt_8_a_grantee_that_deprecates_its_records_hides_nothing(world, grants, lineage):
    proposal, record, model, data = lineage
    for known in (record, model):
        set_status(world, known, Status.DEPRECATED, world.team)
    set_status(world, data, Status.REVOKED, world.stranger)
    with reverts("grants: evidence stands"):
        grants.claw_back(proposal, 0, record, sender=world.stranger)
    receipt = world.trace(record, record, model)
    assert [tuple(event.args.values()) for event in receipt.events("Traced")] == [(record, model, 2), (record, data, 3)]
    assert world.witness.is_withdrawn(record)
    assert not grants.stands(proposal, 0, record)
    assert grants.claw_back(proposal, 0, record, sender=world.stranger).value == PAID
    assert world.state(proposal)[0] == CLAWED_BACK
    assert world.money() == (FUNDS, 0)


def test_a_trace_of_what_is_only_deprecated_takes_nothing_back(world, grants, lineage):
    proposal, record, model, _data = lineage
    set_status(world, model, Status.DEPRECATED, world.team)
    world.trace(record, record, model)
    assert not world.witness.is_withdrawn(record)
    with reverts("grants: evidence stands"):
        grants.claw_back(proposal, 0, record, sender=world.stranger)


def test_what_was_traced_before_it_was_withdrawn_is_traced_again_from_there(world, grants, lineage):
    proposal, record, model, data = lineage
    set_status(world, record, Status.DEPRECATED, world.team)
    for step in (record, model):
        world.trace(record, step)
    assert world.witness.made_from(record, data)
    set_status(world, data, Status.REVOKED, world.stranger)
    assert not world.witness.is_withdrawn(record)
    world.trace(record, model)
    grants.claw_back(proposal, 0, record, sender=world.stranger)


def test_a_milestone_that_asks_for_no_ancestry_keeps_its_coins(world, grants):
    data = world.record("data", by=world.stranger, kind=Kind.DATASET)
    record, proposal = world.evidence(parents=(data,)), world.due(world.vesting())
    world.release(proposal, record)
    set_status(world, data, Status.REVOKED, world.stranger)
    world.trace(record, record)
    assert world.witness.is_withdrawn(record)
    with reverts("grants: evidence stands"):
        grants.claw_back(proposal, 0, record, sender=world.stranger)


def test_wit_2_nothing_is_traced_that_a_record_was_not_made_from(world, lineage):
    _proposal, record, model, data = lineage
    other = world.record("other data", by=world.stranger, kind=Kind.DATASET)
    child = world.record("child", by=world.stranger, kind=Kind.MODEL, parents=(other,))
    for path in ((data,), (model,), (child,), (record, child), (record, data)):
        with reverts("witness: not what it was made from"):
            world.trace(record, *path)
    assert not world.witness.made_from(record, other)
    world.trace(record)
    assert not world.witness.made_from(record, model)


def test_what_a_record_takes_the_place_of_is_not_what_it_was_made_from(world):
    old = world.record("old")
    links = (Link(Relation.SUPERSEDES, old),)
    digest = b"\x05" * 32
    record = Record(world.team.address, Kind.EVALUATION, digest, links=links)
    set_status(world, old, Status.REVOKED, world.team)
    world.registry.register(record.args, sender=world.team)
    known = world.domain.record_id(record)
    assert not world.witness.trace(known, [record.args], sender=world.stranger).events("Traced")
    assert not world.witness.made_from(known, old)
    assert not world.witness.is_withdrawn(known)


def test_the_walk_of_the_registry_counts_without_a_trace(world, grants, lineage):
    proposal, record, _model, data = lineage
    set_status(world, data, Status.REVOKED, world.stranger)
    assert world.witness.is_withdrawn(record)
    grants.claw_back(proposal, 0, record, sender=world.stranger)


def test_a_record_without_a_line_in_the_registry_is_not_withdrawn(world):
    assert not world.witness.is_withdrawn(b"\x01" * 32)


def test_the_longest_trace(world):
    """Sixteen records a call, each a parent of the one before, and the next call goes on from there."""
    line = [world.record("first", kind=Kind.DATASET)]
    for number in range(20):
        line.append(world.record(f"record {number}", kind=Kind.MODEL, parents=(line[-1],)))
    last = line[-1]
    backwards = line[::-1]
    world.trace(last, *backwards[:16])
    world.trace(last, *backwards[16:20])
    assert world.witness.made_from(last, line[0])
