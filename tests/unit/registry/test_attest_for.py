"""ProvenanceRegistry.attest_for: the attester signs, anyone passes it on."""

from __future__ import annotations

import ape

from keifu.provenance import RegistryDomain

from .conftest import FAR, SCHEMA


def test_relayer_passes_it_on(registry, relayer, attestor, evaluation, key_of, domain, weights_id):
    signature = key_of(attestor).sign(domain.attest_digest(str(attestor), evaluation, 0, FAR))
    registry.attest_for(attestor, evaluation.args, FAR, signature, sender=relayer)
    assert registry.is_standing(attestor, SCHEMA, weights_id, 0)
    assert not registry.is_standing(relayer, SCHEMA, weights_id, 0)


def test_replay_is_refused(registry, relayer, attestor, evaluation, key_of, domain):
    """REG-4"""
    signature = key_of(attestor).sign(domain.attest_digest(str(attestor), evaluation, 0, FAR))
    registry.attest_for(attestor, evaluation.args, FAR, signature, sender=relayer)
    with ape.reverts("registry: invalid signature"):
        registry.attest_for(attestor, evaluation.args, FAR, signature, sender=relayer)


def test_signature_of_another_is_refused(registry, relayer, attestor, stranger, evaluation, key_of, domain):
    """REG-3"""
    signature = key_of(stranger).sign(domain.attest_digest(str(attestor), evaluation, 0, FAR))
    with ape.reverts("registry: invalid signature"):
        registry.attest_for(attestor, evaluation.args, FAR, signature, sender=relayer)


def test_expired_signature_is_refused(registry, relayer, attestor, evaluation, key_of, domain, chain):
    """REG-4"""
    deadline = chain.pending_timestamp - 1
    signature = key_of(attestor).sign(domain.attest_digest(str(attestor), evaluation, 0, deadline))
    with ape.reverts("registry: signature expired"):
        registry.attest_for(attestor, evaluation.args, deadline, signature, sender=relayer)


def test_other_chain_is_refused(registry, relayer, attestor, evaluation, key_of, chain):
    """REG-4"""
    elsewhere = RegistryDomain(chain.chain_id + 1, registry.address)
    signature = key_of(attestor).sign(elsewhere.attest_digest(str(attestor), evaluation, 0, FAR))
    with ape.reverts("registry: invalid signature"):
        registry.attest_for(attestor, evaluation.args, FAR, signature, sender=relayer)
