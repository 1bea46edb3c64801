"""ProvenanceRegistry.cancel_nonce: take back a signature that nobody used yet."""

from __future__ import annotations

import ape

from .conftest import FAR


def test_signature_is_worthless_afterwards(registry, relayer, author, key_of, make, domain):
    record = make("regretted")
    signature = key_of(author).sign(domain.register_digest(record, 0, FAR))
    receipt = registry.cancel_nonce(sender=author)
    assert receipt.events == [registry.NonceUsed(signer=author, nonce=0)]
    with ape.reverts("registry: invalid signature"):
        registry.register_for(record.args, FAR, signature, sender=relayer)
