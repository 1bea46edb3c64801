"""Environments.promote, rollback, current, at, promotion."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from keifu.provenance import Kind, Link, PolicyEntry, Relation, Status
from keifu.units import DAY

from .conftest import SCHEMA, sha

SCAN = sha("scan clean")


@pytest.fixture(scope="module")
def production(environments, environment_owner, attestor, second_attestor):
    """Needs an evaluation by one of two, at most a day old, and a scan of any age."""
    policy = [
        PolicyEntry(SCHEMA, 1, DAY, (str(attestor), str(second_attestor))).args,
        PolicyEntry(SCAN, 1, 0, (str(second_attestor),)).args,
    ]
    environments.declare_environment("production", policy, sender=environment_owner)
    return environments.environment_id(environment_owner, "production")


@pytest.fixture
def attested(registry, attestor, second_attestor, evaluation, weights_id):
    registry.attest(evaluation.args, sender=attestor)
    registry.attest(replace(evaluation, schema=SCAN).args, sender=second_attestor)
    return weights_id


@pytest.fixture
def promoted(environments, environment_owner, production, attested):
    environments.promote(production, attested, sender=environment_owner)
    return attested


@pytest.fixture
def second(registry, author, make, domain, dataset_id, attestor, second_attestor, evaluation):
    """Other weights that meet the policy."""
    record = make("better weights", Kind.WEIGHTS, (Link(Relation.TRAINED_ON, dataset_id),))
    registry.register(record.args, sender=author)
    record_id = domain.record_id(record)
    registry.attest(replace(evaluation, subject=record_id).args, sender=second_attestor)
    registry.attest(replace(evaluation, subject=record_id, schema=SCAN).args, sender=second_attestor)
    return record_id


def test_promotes_what_the_policy_allows(environments, environment_owner, production, attested, chain):
    receipt = environments.promote(production, attested, sender=environment_owner)
    assert receipt.events == [environments.Promoted(environment=production, seq=1, artefact=attested, policy_version=1)]
    assert tuple(environments.current(production)) == (attested, 1, True)
    assert tuple(environments.promotion(production, 1)) == (attested, receipt.block_number)


def test_stranger_is_refused(environments, stranger, production, attested):
    """ENV-1"""
    with ape.reverts("environments: not the owner"):
        environments.promote(production, attested, sender=stranger)


def test_undeclared_environment_is_nobodys(environments, environment_owner, attested):
    with ape.reverts("environments: not the owner"):
        environments.promote(sha("nowhere"), attested, sender=environment_owner)


def test_missing_attestation_is_refused(
    environments, environment_owner, production, registry, attestor, evaluation, weights_id
):
    """ENV-2"""
    registry.attest(evaluation.args, sender=attestor)
    with ape.reverts("environments: policy is not met"):
        environments.promote(production, weights_id, sender=environment_owner)


def test_attestation_by_a_stranger_does_not_count(
    environments, environment_owner, production, registry, stranger, attestor, evaluation, weights_id
):
    """ENV-2: (schema, attester set), never the schema alone."""
    registry.attest(evaluation.args, sender=attestor)
    registry.attest(replace(evaluation, schema=SCAN).args, sender=stranger)
    with ape.reverts("environments: policy is not met"):
        environments.promote(production, weights_id, sender=environment_owner)


def test_aged_attestation_is_refused(environments, environment_owner, production, attested, chain):
    """ENV-2"""
    chain.pending_timestamp += DAY + 1
    with ape.reverts("environments: policy is not met"):
        environments.promote(production, attested, sender=environment_owner)


def test_revoked_attestation_is_refused(environments, environment_owner, production, attested, registry, attestor):
    """ENV-2"""
    registry.revoke_attestation(SCHEMA, attested, sender=attestor)
    with ape.reverts("environments: policy is not met"):
        environments.promote(production, attested, sender=environment_owner)


def test_two_of_two_need_both(
    environments, environment_owner, registry, attestor, second_attestor, evaluation, weights_id
):
    """ENV-2"""
    entry = PolicyEntry(SCHEMA, 2, 0, (str(attestor), str(second_attestor)))
    environments.declare_environment("strict", [entry.args], sender=environment_owner)
    strict = environments.environment_id(environment_owner, "strict")
    registry.attest(evaluation.args, sender=attestor)
    with ape.reverts("environments: policy is not met"):
        environments.promote(strict, weights_id, sender=environment_owner)
    registry.attest(evaluation.args, sender=second_attestor)
    environments.promote(strict, weights_id, sender=environment_owner)
    assert environments.current(strict)[1] == 1


@pytest.mark.parametrize("status", [Status.DEPRECATED, Status.REVOKED])
def test_withdrawn_artefact_is_refused(environments, environment_owner, production, attested, registry, author, status):
    registry.set_status(attested, status, "wrong labels", sender=author)
    with ape.reverts("environments: artefact is not active"):
        environments.promote(production, attested, sender=environment_owner)


def test_unknown_artefact_is_refused(environments, environment_owner, production):
    with ape.reverts("environments: artefact is not active"):
        environments.promote(production, sha("nobody")[:26] + bytes(6), sender=environment_owner)


@pytest.mark.case("provenance-20")
@pytest.mark.parametrize("kind", Kind)
def test_only_what_can_run_is_promoted(environments, environment_owner, registry, author, make, domain, kind):
    """ENV-2"""
    record = make(f"a {kind.word}", kind)
    registry.register(record.args, sender=author)
    environments.declare_environment("anything", [], sender=environment_owner)
    anything = environments.environment_id(environment_owner, "anything")
    if kind in (Kind.CODE, Kind.WEIGHTS, Kind.MODEL, Kind.CONTAINER, Kind.AGENT):
        environments.promote(anything, domain.record_id(record), sender=environment_owner)
        assert environments.current(anything)[2]
    else:
        with ape.reverts("environments: nothing runs this kind"):
            environments.promote(anything, domain.record_id(record), sender=environment_owner)


@pytest.fixture
def sound(environments, environment_owner):
    """An environment that asks for a sound lineage and for nothing else."""
    environments.declare_environment("sound", [], True, sender=environment_owner)
    return environments.environment_id(environment_owner, "sound")


@pytest.mark.case("provenance-5")
def test_a_sound_lineage_can_be_demanded(
    environments, environment_owner, sound, registry, author, stranger, dataset, dataset_id, weights, weights_id
):
    """ENV-9"""
    registry.store_links([dataset.args, weights.args], sender=stranger)
    environments.promote(sound, weights_id, sender=environment_owner)
    assert tuple(environments.current(sound)) == (weights_id, 1, True)
    registry.set_status(dataset_id, Status.REVOKED, "poisoned", sender=author)
    assert tuple(environments.current(sound)) == (weights_id, 1, False)
    with ape.reverts("environments: lineage is not sound"):
        environments.promote(sound, weights_id, sender=environment_owner)


@pytest.mark.case("provenance-5")
def test_a_rollback_needs_a_sound_lineage(
    environments, environment_owner, sound, registry, author, stranger, dataset, dataset_id, weights, weights_id, make,
    domain,
):  # fmt: skip
    """ENV-9"""
    other = make("from nothing", Kind.WEIGHTS)
    registry.register(other.args, sender=author)
    registry.store_links([dataset.args, weights.args, other.args], sender=stranger)
    environments.promote(sound, weights_id, sender=environment_owner)
    environments.promote(sound, domain.record_id(other), sender=environment_owner)
    registry.set_status(dataset_id, Status.DEPRECATED, "poisoned", sender=author)
    assert environments.current(sound)[2]
    with ape.reverts("environments: lineage is not sound"):
        environments.rollback(sound, 1, sender=environment_owner)


@pytest.mark.case("provenance-5")
def test_a_lineage_that_nobody_stored_is_not_sound(environments, environment_owner, sound, weights_id):
    """ENV-9: what cannot be shown does not count."""
    with ape.reverts("environments: lineage is not sound"):
        environments.promote(sound, weights_id, sender=environment_owner)


def test_who_did_not_ask_for_it_is_not_refused(
    environments, environment_owner, production, attested, registry, author, dataset_id
):
    registry.set_status(dataset_id, Status.REVOKED, "poisoned", sender=author)
    environments.promote(production, attested, sender=environment_owner)
    assert tuple(environments.current(production)) == (attested, 1, True)


def test_a_replaced_owner_no_longer_promotes(environments, environment_owner, stranger, production, attested, registry):
    """ENV-1"""
    registry.propose_replacement(environment_owner, stranger, sender=environment_owner)
    registry.accept_replacement(environment_owner, environment_owner, sender=stranger)
    with ape.reverts("environments: not the owner"):
        environments.promote(production, attested, sender=environment_owner)
    environments.promote(production, attested, sender=stranger)
    assert environments.current(production)[1] == 1


def test_current_tells_when_the_policy_no_longer_holds(environments, production, promoted, registry, attestor, chain):
    registry.revoke_attestation(SCHEMA, promoted, sender=attestor)
    assert tuple(environments.current(production)) == (promoted, 1, False)


def test_current_tells_when_the_artefact_was_withdrawn(environments, production, promoted, registry, author):
    registry.set_status(promoted, Status.REVOKED, "copied", sender=author)
    assert tuple(environments.current(production)) == (promoted, 1, False)


def test_at_answers_for_every_past_block(environments, environment_owner, production, promoted, second, chain):
    """ENV-4"""
    first_block = environments.promotion(production, 1)[1]
    receipt = environments.promote(production, second, sender=environment_owner)
    chain.mine(3)
    assert tuple(environments.at(production, first_block - 1)) == (bytes(32), 0)
    assert tuple(environments.at(production, first_block)) == (promoted, 1)
    assert tuple(environments.at(production, receipt.block_number - 1)) == (promoted, 1)
    assert tuple(environments.at(production, receipt.block_number)) == (second, 2)
    assert tuple(environments.at(production, receipt.block_number + 2)) == (second, 2)


def test_at_refuses_the_present(environments, production, promoted, chain):
    """ENV-4: what may still change has no answer."""
    with ape.reverts("environments: block is not past"):
        environments.at(production, chain.blocks.head.number + 10)


def test_rollback_to_an_earlier_promotion(environments, environment_owner, production, promoted, second, chain):
    environments.promote(production, second, sender=environment_owner)
    chain.pending_timestamp += 30 * DAY  # aged, but standing
    receipt = environments.rollback(production, 1, sender=environment_owner)
    assert [event.event_name for event in receipt.events] == ["Promoted", "RolledBack"]
    assert receipt.events[1] == environments.RolledBack(environment=production, seq=3, to_seq=1)
    assert tuple(environments.current(production)) == (promoted, 3, False)  # the evaluation has aged


def test_rollback_needs_standing_attestations(
    environments, environment_owner, production, promoted, second, registry, attestor
):
    """ENV-5"""
    environments.promote(production, second, sender=environment_owner)
    registry.revoke_attestation(SCHEMA, promoted, sender=attestor)
    with ape.reverts("environments: policy is not met"):
        environments.rollback(production, 1, sender=environment_owner)


@pytest.mark.parametrize("seq", [0, 1, 2])
def test_rollback_only_to_an_earlier_one(environments, environment_owner, production, promoted, seq):
    """ENV-5"""
    with ape.reverts("environments: not an earlier promotion"):
        environments.rollback(production, seq, sender=environment_owner)


def test_stranger_rolls_nothing_back(environments, environment_owner, stranger, production, promoted, second):
    """ENV-1"""
    environments.promote(production, second, sender=environment_owner)
    with ape.reverts("environments: not the owner"):
        environments.rollback(production, 1, sender=stranger)
