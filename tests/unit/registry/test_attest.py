"""ProvenanceRegistry.attest and attest_many: an attester's latest word about a record under a schema."""

from __future__ import annotations

from dataclasses import replace

import ape
from eth_utils import keccak

from .conftest import FAR, SCHEMA, WORDLESS, sha


def key_of(attester, schema, subject):
    return keccak(bytes(12) + bytes.fromhex(str(attester)[2:]) + schema + subject)


def test_attestation_stands(registry, attestor, evaluation, weights_id, chain):
    said = replace(evaluation, expiry=FAR, data=sha("accuracy 0.97"))
    receipt = registry.attest(said.args, sender=attestor)
    assert receipt.return_value == key_of(attestor, SCHEMA, weights_id)
    assert receipt.events == [
        registry.Attested(
            attester=attestor,
            schema=SCHEMA,
            subject=weights_id,
            edition=1,
            expiry=FAR,
            revocable=True,
            reference=bytes(32),
            data=said.data,
        )
    ]
    assert tuple(registry.attestation_of(attestor, SCHEMA, weights_id)) == (
        chain.blocks.head.timestamp,
        FAR,
        0,
        1,
        True,
    )
    assert registry.is_standing(attestor, SCHEMA, weights_id, 0)


def test_another_attester_said_nothing(registry, attestor, stranger, evaluation, weights_id):
    """REG-3"""
    registry.attest(evaluation.args, sender=attestor)
    assert not registry.is_standing(stranger, SCHEMA, weights_id, 0)


def test_age_is_counted_from_the_latest_word(registry, attestor, evaluation, weights_id, chain):
    registry.attest(evaluation.args, sender=attestor)
    made = chain.blocks.head.timestamp
    assert registry.is_standing(attestor, SCHEMA, weights_id, made)
    assert not registry.is_standing(attestor, SCHEMA, weights_id, made + 1)


def test_later_edition_replaces(registry, attestor, evaluation, weights_id):
    registry.attest(evaluation.args, sender=attestor)
    registry.attest(replace(evaluation, expiry=FAR).args, sender=attestor)
    state = registry.attestation_of(attestor, SCHEMA, weights_id)
    assert (state[1], state[3]) == (FAR, 2)


def test_irrevocable_attestation_cannot_be_replaced_while_it_stands(registry, attestor, evaluation, weights_id, chain):
    """REG-5: else a new edition with a near expiry would take it back."""
    expiry = chain.pending_timestamp + 1_000
    registry.attest(replace(evaluation, revocable=False, expiry=expiry).args, sender=attestor)
    with ape.reverts("registry: attestation stands"):
        registry.attest(evaluation.args, sender=attestor)
    chain.pending_timestamp = expiry
    registry.attest(evaluation.args, sender=attestor)
    assert registry.attestation_of(attestor, SCHEMA, weights_id)[3] == 2


def test_expiry_ends_it(registry, attestor, evaluation, weights_id, chain):
    expiry = chain.pending_timestamp + 1_000
    registry.attest(replace(evaluation, expiry=expiry).args, sender=attestor)
    assert registry.is_standing(attestor, SCHEMA, weights_id, 0)
    chain.pending_timestamp = expiry
    chain.mine()
    assert not registry.is_standing(attestor, SCHEMA, weights_id, 0)


def test_past_expiry_is_refused(registry, attestor, evaluation, chain):
    expiry = chain.pending_timestamp + 100
    chain.pending_timestamp = expiry
    with ape.reverts("registry: already expired"):
        registry.attest(replace(evaluation, expiry=expiry).args, sender=attestor)


def test_unknown_subject_is_refused(registry, attestor, evaluation):
    with ape.reverts("registry: unknown subject"):
        registry.attest(replace(evaluation, subject=sha("nobody")).args, sender=attestor)


def test_reference_to_an_attestation(registry, attestor, second_attestor, evaluation, weights_id):
    registry.attest(evaluation.args, sender=attestor)
    reference = key_of(attestor, SCHEMA, weights_id)
    registry.attest(replace(evaluation, reference=reference).args, sender=second_attestor)
    assert registry.is_standing(second_attestor, SCHEMA, weights_id, 0)


def test_unknown_reference_is_refused(registry, attestor, evaluation):
    with ape.reverts("registry: unknown reference"):
        registry.attest(replace(evaluation, reference=sha("nothing")).args, sender=attestor)


def test_batch(registry, attestor, evaluation, dataset_id, weights_id):
    both = [evaluation.args, replace(evaluation, subject=dataset_id).args]
    receipt = registry.attest_many(both, sender=attestor)
    assert [event.subject for event in receipt.events] == [weights_id, dataset_id]


def test_batch_is_all_or_none(registry, attestor, evaluation, weights_id):
    with ape.reverts("registry: unknown subject"):
        registry.attest_many([evaluation.args, replace(evaluation, subject=sha("x")).args], sender=attestor)
    assert not registry.is_standing(attestor, SCHEMA, weights_id, 0)


def test_empty_batch_is_refused(registry, attestor):
    with ape.reverts("registry: empty batch"):
        registry.attest_many([], sender=attestor)


def test_a_batch_has_room_for_32(registry, attestor, evaluation, weights_id):
    registry.attest_many([evaluation.args] * 32, sender=attestor)
    assert registry.attestation_of(attestor, SCHEMA, weights_id)[3] == 32
    with ape.reverts(WORDLESS):
        registry.attest_many([evaluation.args] * 33, sender=attestor)
