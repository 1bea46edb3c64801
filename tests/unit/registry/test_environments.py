"""Environments: declare_environment, announce_policy and the views on policies."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.provenance import PolicyEntry
from keifu.units import DAY

from .conftest import SCHEMA, sha


@pytest.fixture(scope="module")
def policy(attestor, second_attestor):
    return [
        PolicyEntry(SCHEMA, 1, DAY, (str(attestor), str(second_attestor))).args,
        PolicyEntry(sha("scan clean"), 2, 0, (str(second_attestor), str(attestor))).args,
    ]


@pytest.fixture(scope="module")
def production(environments, environment_owner, policy):
    environments.declare_environment("production", policy, sender=environment_owner)
    return environments.environment_id(environment_owner, "production")


def plain(entries):
    return [(bytes(e[0]), e[1], e[2], tuple(e[3])) for e in entries]


def test_declares_with_its_first_policy(environments, environment_owner, policy, production, chain):
    assert tuple(environments.environment_of(production)) == (environment_owner, 0, 1)
    since, entries, sound = environments.policy_of(production, 1)
    assert not sound
    assert since == chain.blocks.head.timestamp
    assert plain(entries) == plain(policy)
    assert tuple(environments.current(production)) == (bytes(32), 0, False)


def test_logs_name_and_policy(environments, environment_owner, policy):
    receipt = environments.declare_environment("staging", policy, sender=environment_owner)
    declared, announced = receipt.events
    assert (declared.event_name, declared.owner, declared.name) == ("Declared", environment_owner, "staging")
    assert (announced.event_name, announced.version) == ("PolicyAnnounced", 1)
    assert len(announced.entries) == 2


def test_same_name_twice_is_refused(environments, environment_owner, production, policy):
    with ape.reverts("environments: already declared"):
        environments.declare_environment("production", policy, sender=environment_owner)


def test_same_name_of_another_owner_is_another_environment(environments, stranger, production):
    environments.declare_environment("production", [], sender=stranger)
    assert environments.environment_id(stranger, "production") != production


def test_empty_name_is_refused(environments, environment_owner):
    with ape.reverts("environments: empty name"):
        environments.declare_environment("", [], sender=environment_owner)


@pytest.mark.parametrize("needed", [0, 2])
def test_needed_out_of_range_is_refused(environments, environment_owner, attestor, needed):
    with ape.reverts("environments: needed out of range"):
        environments.declare_environment("odd", [(SCHEMA, needed, 0, [attestor])], sender=environment_owner)


def test_attester_named_twice_is_refused(environments, environment_owner, attestor, second_attestor):
    """ENV-2: one attester counts once."""
    entry = (SCHEMA, 2, 0, [attestor, second_attestor, attestor])
    with ape.reverts("environments: attester named twice"):
        environments.declare_environment("odd", [entry], sender=environment_owner)


def test_registry_without_code_is_refused(project, deployer, stranger):
    with ape.reverts("environments: registry has no code"):
        project.Environments.deploy(stranger, sender=deployer)


def test_new_policy_counts_after_notice(environments, environment_owner, production, policy, chain):
    """ENV-3"""
    environments.announce_policy(production, policy[:1], sender=environment_owner)
    effective = chain.blocks.head.timestamp + environments.NOTICE()
    assert environments.policy_of(production, 2)[0] == effective
    assert environments.environment_of(production)[2] == 1
    chain.pending_timestamp = effective
    chain.mine()
    assert environments.environment_of(production)[2] == 2
    assert plain(environments.policy_of(production, 1)[1]) == plain(policy)  # still readable


def test_second_announcement_under_notice_is_refused(environments, environment_owner, production):
    environments.announce_policy(production, [], sender=environment_owner)
    with ape.reverts("environments: a policy is under notice"):
        environments.announce_policy(production, [], sender=environment_owner)


def test_stranger_announces_nothing(environments, stranger, production):
    """ENV-1"""
    with ape.reverts("environments: not the owner"):
        environments.announce_policy(production, [], sender=stranger)


@pytest.mark.parametrize("version", [0, 2])
def test_no_such_policy(environments, production, version):
    with ape.reverts("environments: no such policy"):
        environments.policy_of(production, version)


def test_demand_for_a_sound_lineage_is_read_back(environments, environment_owner, policy, chain):
    """ENV-9: with entries beside it, and changed by the next policy."""
    environments.declare_environment("sound", policy, True, sender=environment_owner)
    sound = environments.environment_id(environment_owner, "sound")
    _, entries, demanded = environments.policy_of(sound, 1)
    assert demanded
    assert plain(entries) == plain(policy)
    receipt = environments.announce_policy(sound, [], sender=environment_owner)
    assert not receipt.events[0].sound
    assert environments.policy_of(sound, 2)[2] is False
    assert environments.policy_of(sound, 1)[2] is True


def test_restitution_goes_to_the_owner_by_default(environments, environment_owner, production):
    assert environments.restitution_of(production) == environment_owner
    assert environments.restitution_of(sha("nowhere")) == ZERO_ADDRESS


def test_restitution_changes_after_notice(environments, environment_owner, attestor, stranger, chain):
    """ENV-10"""
    receipt = environments.declare_environment("paid", [], False, attestor, sender=environment_owner)
    paid = environments.environment_id(environment_owner, "paid")
    assert receipt.events[-1] == environments.RestitutionAnnounced(
        environment=paid, to=attestor, effective_from=chain.blocks.head.timestamp
    )
    assert environments.restitution_of(paid) == attestor
    environments.announce_restitution(paid, stranger, sender=environment_owner)
    with ape.reverts("environments: an address is under notice"):
        environments.announce_restitution(paid, environment_owner, sender=environment_owner)
    chain.pending_timestamp += DAY - 10
    chain.mine()
    assert environments.restitution_of(paid) == attestor
    chain.pending_timestamp += 20
    chain.mine()
    assert environments.restitution_of(paid) == stranger
    environments.announce_restitution(paid, ZERO_ADDRESS, sender=environment_owner)
    assert environments.restitution_of(paid) == stranger
    chain.pending_timestamp += DAY
    chain.mine()
    assert environments.restitution_of(paid) == environment_owner


def test_stranger_redirects_no_restitution(environments, stranger, production):
    """ENV-1"""
    with ape.reverts("environments: not the owner"):
        environments.announce_restitution(production, stranger, sender=stranger)
