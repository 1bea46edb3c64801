"""`release`: evidence that stands in the registry at that moment pays a milestone, once."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts
from keifu.provenance import Kind, Status
from keifu.units import DAY

from .world import FUNDS, NOTICE, PAID, SCHEMA

RELEASED = 2


def test_grt_3_a_milestone_is_paid_for_evidence(world, grants):
    proposal, record = world.due(), world.evidence()
    receipt = world.release(proposal, record)
    assert receipt.value == 0
    [event] = receipt.events("Released")
    assert (event.args["evidence"], event.args["amount"], event.args["grant"]) == (record, PAID, 0)
    assert world.token.balanceOf(world.team) == PAID
    assert world.money() == (FUNDS - PAID, 0)
    assert world.state(proposal) == (RELEASED, 0, 0)


def test_grt_4_a_milestone_is_paid_once(world):
    proposal, record = world.due(), world.evidence()
    world.release(proposal, record)
    with reverts("grants: milestone is not pending"):
        world.release(proposal, world.evidence("another"))


def test_grt_4_a_record_shows_one_milestone(world):
    proposal = world.due(world.milestone(), world.milestone())
    record = world.evidence()
    world.release(proposal, record)
    with reverts("grants: record was shown before"):
        world.release(proposal, record, 1)
    world.release(proposal, world.evidence("the second"), 1)
    assert world.token.balanceOf(world.team) == 2 * PAID


def test_a_milestone_vests_in_the_escrow(world):
    proposal = world.due(world.vesting())
    grant = world.release(proposal, world.evidence()).value
    plan = world.escrow.plan(grant)
    assert plan == (world.team.address, world.grants.address, PAID, world.evm.now, 30 * DAY, 12, 3, 0)
    assert world.state(proposal) == (RELEASED, 0, grant)
    world.evm.warp(90 * DAY)
    world.escrow.claim(grant, sender=world.stranger)
    assert world.token.balanceOf(world.team) == PAID // 4


def test_nobody_but_the_grantee_releases(world):
    proposal, record = world.due(), world.evidence()
    for who in (world.stranger, world.members[0], world.funder):
        with reverts("grants: caller is not the grantee"):
            world.release(proposal, record, by=who)


def test_a_notice_has_to_pass(world):
    proposal, record = world.carried(), world.evidence()
    world.evm.warp(NOTICE)
    with reverts("grants: notice is not over"):
        world.release(proposal, record)
    world.evm.warp(1)
    world.release(proposal, record)


def test_what_was_not_carried_or_was_stopped_pays_nothing(world, grants):
    record = world.evidence()
    proposal = world.propose()
    world.vote(proposal, 0, 1)
    with reverts("grants: not carried"):
        world.release(proposal, record)
    world.vote(proposal, 2)
    grants.object(proposal, world.operator, 0, sender=world.delegator)
    world.evm.warp(NOTICE + 1)
    with reverts("grants: not carried"):
        world.release(proposal, record)


def test_the_deadline_is_the_last_second(world):
    proposal = world.due()
    world.evm.warp_to(world.deadline(proposal))
    record = world.evidence()
    with world.evm.anchor():
        world.release(proposal, record)
    world.evm.warp(1)
    with reverts("grants: deadline has passed"):
        world.release(proposal, record)


def test_there_is_no_such_milestone(world):
    proposal, record = world.due(), world.evidence()
    for number in (1, 7):
        with reverts("grants: milestone is not pending"):
            world.release(proposal, record, number)
    for number in (8, 255, 256, 512, 2**64, 2**256 - 1):
        with reverts("grants: no such milestone"):
            world.release(proposal, record, number)


@pytest.mark.parametrize("status", [Status.DEPRECATED, Status.REVOKED])
def test_grt_3_evidence_that_was_withdrawn_between_vote_and_release_pays_nothing(world, status):
    proposal, record = world.due(), world.evidence()
    world.registry.set_status(record, int(status), "wrong", sender=world.team)
    with reverts("grants: record is not active"):
        world.release(proposal, record)


def test_a_record_of_somebody_else_shows_nothing(world):
    proposal = world.due()
    record = world.evidence(by=world.stranger)
    with reverts("grants: not the grantee's record"):
        world.release(proposal, record)
    with reverts("grants: not the grantee's record"):
        world.release(proposal, b"\x07" * 32)


def test_another_kind_of_record_shows_nothing(world):
    proposal = world.due()
    with reverts("grants: another kind of record"):
        world.release(proposal, world.evidence(kind=Kind.RUN))


@pytest.mark.parametrize(
    ("numbers", "schema"), [((), SCHEMA), ((0,), SCHEMA), ((2,), SCHEMA), ((0, 1, 2), bytes(32))],
)  # fmt: skip
def test_too_few_attestations_show_nothing(world, numbers, schema):
    proposal, record = world.due(), world.record()
    world.attest(record, *numbers, schema=schema)
    with reverts("grants: not enough attestations"):
        world.release(proposal, record)


@pytest.mark.parametrize("pair", [(0, 1), (1, 2), (0, 2)])
def test_any_of_the_attesters_count(world, pair):
    proposal, record = world.due(), world.record()
    world.attest(record, *pair)
    world.release(proposal, record)


def test_an_attestation_that_expired_or_was_taken_back_counts_not(world):
    proposal, record = world.due(), world.record()
    world.attest(record, 0)
    world.attest(record, 1, expiry=world.evm.now + DAY)
    with world.evm.anchor():
        world.release(proposal, record)
    with world.evm.anchor():
        world.evm.warp(DAY)
        with reverts("grants: not enough attestations"):
            world.release(proposal, record)
    world.registry.revoke_attestation(SCHEMA, record, sender=world.attesters[0])
    with reverts("grants: not enough attestations"):
        world.release(proposal, record)


def test_ancestry_has_to_be_sound_where_that_was_agreed(world):
    parent = world.record("data", kind=Kind.DATASET)
    proposal = world.due(world.milestone(sound=True), world.milestone())
    record = world.evidence(parents=(parent,))
    world.registry.set_status(parent, int(Status.REVOKED), "poisoned", sender=world.team)
    with reverts("grants: ancestry is not sound"):
        world.release(proposal, record)
    world.release(proposal, record, 1)


def test_a_later_day_of_the_programme_stops_no_release(world):
    proposal = world.due(world.milestone(deadline=world.evm.now + 500 * DAY))
    world.evm.warp_to(world.ends + DAY)
    world.release(proposal, world.evidence())
    assert world.token.balanceOf(world.team) == PAID
