"""Identities: a key is replaced, recovered or declared lost; records keep their author."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.keys import keccak256
from keifu.provenance import Status
from keifu.units import DAY

from .conftest import FAR, SCHEMA, sha

NOTICE = 7 * DAY
CLOSED = "registry: key was replaced or lost"


@pytest.fixture
def replaced(registry, author, relayer):
    """The author's key named a new account, which accepted."""
    registry.propose_replacement(author, relayer, sender=author)
    return registry.accept_replacement(author, author, sender=relayer)


@pytest.fixture
def recovery(registry, author, second_attestor):
    registry.name_recovery(second_attestor, sender=author)
    return second_attestor


def wait(chain, seconds):
    chain.pending_timestamp += seconds
    chain.mine()


def test_key_names_a_new_one(registry, author, relayer, replaced, chain):
    """REG-10"""
    assert replaced.events == [registry.Replaced(account=author, new=relayer)]
    assert tuple(registry.identity_of(author))[:3] == (relayer, chain.blocks.head.timestamp, ZERO_ADDRESS)
    assert registry.acts_for(relayer, author)
    assert not registry.acts_for(author, author)


def test_records_keep_their_author_and_follow_the_new_key(registry, author, relayer, dataset_id, replaced):
    """REG-10"""
    assert registry.state_of(dataset_id)[0] == author
    with ape.reverts("registry: not the record's author"):
        registry.set_status(dataset_id, Status.REVOKED, "why", sender=author)
    registry.set_status(dataset_id, Status.REVOKED, "why", sender=relayer)
    assert registry.status_of(dataset_id) == Status.REVOKED


def test_an_old_key_does_nothing_new(registry, author, stranger, replaced, make, evaluation, key_of, domain):
    """REG-10: neither itself nor by a signature."""
    record = make("new")
    with ape.reverts(CLOSED):
        registry.register(record.args, sender=author)
    signature = key_of(author).sign(domain.register_digest(record, registry.nonces(author), FAR))
    with ape.reverts(CLOSED):
        registry.register_for(record.args, FAR, signature, sender=stranger)
    with ape.reverts(CLOSED):
        registry.attest(evaluation.args, sender=author)
    with ape.reverts(CLOSED):
        registry.anchor(sha("root"), 1, sha("m"), "", sender=author)
    with ape.reverts(CLOSED):
        registry.name_recovery(stranger, sender=author)
    with ape.reverts(CLOSED):
        registry.claim_name("did:web:example.org", sender=author)
    with ape.reverts(CLOSED):
        registry.propose_replacement(author, stranger, sender=author)


def test_attestations_of_an_old_key_can_be_revoked(registry, attestor, stranger, relayer, evaluation, weights_id):
    """REG-10"""
    registry.attest(evaluation.args, sender=attestor)
    registry.propose_replacement(attestor, relayer, sender=attestor)
    registry.accept_replacement(attestor, attestor, sender=relayer)
    assert registry.is_standing(attestor, SCHEMA, weights_id, 0)
    for nobody in (attestor, stranger):
        with ape.reverts("registry: not the account's key"):
            registry.revoke_attestation(SCHEMA, weights_id, attestor, sender=nobody)
    registry.revoke_attestation(SCHEMA, weights_id, attestor, sender=relayer)
    assert not registry.is_standing(attestor, SCHEMA, weights_id, 0)


def test_replacements_are_followed_to_the_last(registry, author, relayer, stranger, replaced):
    """REG-10"""
    registry.propose_replacement(relayer, stranger, sender=relayer)
    registry.accept_replacement(relayer, relayer, sender=stranger)
    assert [registry.acts_for(who, author) for who in (author, relayer, stranger)] == [False, False, True]


def test_only_who_was_named_accepts(registry, author, relayer, stranger):
    """REG-10: and nothing counts before."""
    registry.propose_replacement(author, relayer, sender=author)
    assert registry.acts_for(author, author)
    for account, proposer in ((author, author), (author, relayer), (relayer, relayer)):
        with ape.reverts("registry: not the proposed account"):
            registry.accept_replacement(account, proposer, sender=stranger)
    registry.accept_replacement(author, author, sender=relayer)
    with ape.reverts("registry: not the proposed account"):
        registry.accept_replacement(author, author, sender=relayer)


def test_no_chain_comes_back(registry, author, relayer, replaced):
    """REG-10: an account that was replaced acts for nobody again."""
    registry.propose_replacement(relayer, author, sender=relayer)
    with ape.reverts(CLOSED):
        registry.accept_replacement(relayer, relayer, sender=author)


def test_strangers_propose_nothing(registry, author, stranger, recovery):
    """REG-10"""
    with ape.reverts("registry: not the recovery address"):
        registry.propose_replacement(author, stranger, sender=stranger)
    with ape.reverts("registry: not the key or its recovery address"):
        registry.declare_lost(author, sender=stranger)
    for nobody in (ZERO_ADDRESS, author):
        with ape.reverts("registry: not another account"):
            registry.propose_replacement(author, nobody, sender=author)
    with ape.reverts("registry: not another account"):
        registry.name_recovery(author, sender=author)


def test_recovery_replaces_after_notice(registry, author, relayer, recovery, chain):
    """REG-11"""
    receipt = registry.propose_replacement(author, relayer, sender=recovery)
    start = chain.blocks.head.timestamp + NOTICE
    assert receipt.events == [
        registry.ReplacementProposed(account=author, proposer=recovery, new=relayer, effective_from=start)
    ]
    wait(chain, NOTICE - 10)
    with ape.reverts("registry: proposal is under notice"):
        registry.accept_replacement(author, recovery, sender=relayer)
    wait(chain, 20)
    registry.accept_replacement(author, recovery, sender=relayer)
    assert registry.acts_for(relayer, author)


def test_recovery_overrules_a_thief(registry, author, relayer, stranger, recovery, chain):
    """REG-11: who took the key replaces it at once, names another recovery address, and loses it all the same."""
    registry.name_recovery(stranger, sender=author)
    registry.propose_replacement(author, stranger, sender=author)
    registry.accept_replacement(author, author, sender=stranger)
    closed = registry.identity_of(author)[1]
    registry.propose_replacement(author, relayer, sender=recovery)
    wait(chain, NOTICE)
    registry.accept_replacement(author, recovery, sender=relayer)
    assert [registry.acts_for(who, author) for who in (author, stranger, relayer)] == [False, False, True]
    assert registry.identity_of(author)[1] == closed


def test_another_recovery_address_counts_after_twice_the_notice(registry, author, stranger, relayer, recovery, chain):
    """REG-11"""
    registry.name_recovery(stranger, sender=author)
    assert registry.identity_of(author)[2] == recovery
    wait(chain, 2 * NOTICE - 10)
    assert registry.identity_of(author)[2] == recovery
    registry.propose_replacement(author, relayer, sender=recovery)
    wait(chain, NOTICE)
    assert registry.identity_of(author)[2] == stranger
    with ape.reverts("registry: proposal is void"):
        registry.accept_replacement(author, recovery, sender=relayer)


@pytest.mark.parametrize("who", ["key", "recovery"])
def test_declared_lost_nothing_new_counts(registry, author, relayer, recovery, make, dataset_id, chain, who):
    """REG-10"""
    receipt = registry.declare_lost(author, sender=author if who == "key" else recovery)
    assert receipt.events[0].account == author
    with ape.reverts(CLOSED):
        registry.register(make("new").args, sender=author)
    with ape.reverts("registry: not the record's author"):
        registry.set_status(dataset_id, Status.REVOKED, "why", sender=author)
    with ape.reverts(CLOSED):
        registry.declare_lost(author, sender=recovery)
    assert registry.status_of(dataset_id) == Status.ACTIVE
    closed = registry.identity_of(author)[1]
    registry.propose_replacement(author, relayer, sender=recovery)
    wait(chain, NOTICE)
    registry.accept_replacement(author, recovery, sender=relayer)
    registry.set_status(dataset_id, Status.DEPRECATED, "why", sender=relayer)
    assert registry.identity_of(author)[1] == closed


def test_a_proposal_of_a_lost_key_is_void(registry, author, relayer):
    """REG-10"""
    registry.propose_replacement(author, relayer, sender=author)
    registry.declare_lost(author, sender=author)
    with ape.reverts("registry: proposal is void"):
        registry.accept_replacement(author, author, sender=relayer)


def test_a_name_is_claimed_and_taken_back(registry, author):
    receipt = registry.claim_name("did:web:example.org", sender=author)
    assert receipt.events == [registry.NameClaimed(account=author, name="did:web:example.org")]
    assert registry.identity_of(author)[3] == keccak256(b"did:web:example.org")
    registry.claim_name("", sender=author)
    assert registry.identity_of(author)[3] == bytes(32)


@pytest.mark.case("provenance-20")
def test_nothing_is_made_from_what_was_revoked(registry, author, make, dataset_id, weights):
    """REG-12: deprecated parents are allowed."""
    registry.set_status(dataset_id, Status.DEPRECATED, "old", sender=author)
    registry.register(replace(weights, version="2").args, sender=author)
    registry.set_status(dataset_id, Status.REVOKED, "copied", sender=author)
    with ape.reverts("registry: parent is revoked"):
        registry.register(replace(weights, version="3").args, sender=author)


@pytest.mark.case("provenance-20")
def test_nobody_stands_by_what_was_revoked(registry, author, attestor, evaluation, weights_id):
    """REG-12"""
    registry.set_status(weights_id, Status.DEPRECATED, "old", sender=author)
    registry.attest(evaluation.args, sender=attestor)
    registry.set_status(weights_id, Status.REVOKED, "copied", sender=author)
    with ape.reverts("registry: subject is revoked"):
        registry.attest(evaluation.args, sender=attestor)
