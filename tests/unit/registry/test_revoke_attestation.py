"""ProvenanceRegistry.revoke_attestation: taking back what was revocable."""

from __future__ import annotations

from dataclasses import replace

import ape

from .conftest import SCHEMA


def test_revoked_no_longer_stands(registry, attestor, evaluation, weights_id, chain):
    registry.attest(evaluation.args, sender=attestor)
    receipt = registry.revoke_attestation(SCHEMA, weights_id, sender=attestor)
    assert receipt.events == [
        registry.AttestationRevoked(attester=attestor, schema=SCHEMA, subject=weights_id, edition=1)
    ]
    assert not registry.is_standing(attestor, SCHEMA, weights_id, 0)
    assert registry.attestation_of(attestor, SCHEMA, weights_id)[2] == chain.blocks.head.timestamp


def test_twice_is_refused(registry, attestor, evaluation, weights_id):
    registry.attest(evaluation.args, sender=attestor)
    registry.revoke_attestation(SCHEMA, weights_id, sender=attestor)
    with ape.reverts("registry: already revoked"):
        registry.revoke_attestation(SCHEMA, weights_id, sender=attestor)


def test_anothers_is_unknown(registry, attestor, stranger, evaluation, weights_id):
    """REG-3"""
    registry.attest(evaluation.args, sender=attestor)
    with ape.reverts("registry: unknown attestation"):
        registry.revoke_attestation(SCHEMA, weights_id, sender=stranger)


def test_irrevocable_is_refused(registry, attestor, evaluation, weights_id):
    """REG-5"""
    registry.attest(replace(evaluation, revocable=False).args, sender=attestor)
    with ape.reverts("registry: attestation is irrevocable"):
        registry.revoke_attestation(SCHEMA, weights_id, sender=attestor)
