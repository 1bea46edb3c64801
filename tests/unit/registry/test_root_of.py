"""ProvenanceRegistry.root_of: membership by a proof that may end below the root."""

from __future__ import annotations

import pytest

from keifu.provenance import Label

from .conftest import sha
from .test_anchor import leaf, tree

NONE = bytes(32)


@pytest.fixture(scope="module")
def digests(domain, dataset_id, node):
    labels = (Label(node.address, dataset_id, i, sha(f"short {i}"), bytes(32)) for i in range(8))
    return [domain.label_digest(label) for label in labels]


@pytest.fixture(scope="module")
def batch(registry, author, digests):
    """Root and proofs of eight labels that were anchored with their halves."""
    root, proofs = tree([leaf(digest) for digest in digests])
    registry.anchor(root, 8, sha("batch"), "", [proofs[4][-1], proofs[0][-1]], sender=author)
    return root, proofs


def test_a_proof_may_end_at_a_half_or_at_the_root(registry, author, digests, batch):
    """REG-13"""
    root, proofs = batch
    for digest, proof in zip(digests, proofs, strict=True):
        assert registry.root_of(author, digest, proof[:-1]) == root
        assert registry.root_of(author, digest, proof) == root


def test_other_proofs_show_nothing(registry, author, stranger, digests, batch):
    """REG-13: no shorter one, no other leaf's, no inner node, no other anchorer."""
    _, proofs = batch
    assert registry.root_of(author, digests[0], proofs[0][:1]) == NONE
    assert registry.root_of(author, digests[0], [*proofs[0], sha("more")]) == NONE
    assert registry.root_of(author, digests[0], proofs[2][:-1]) == NONE
    assert registry.root_of(author, sha("not there"), proofs[0][:-1]) == NONE
    assert registry.root_of(author, leaf(digests[0]), proofs[0][:-1]) == NONE
    assert registry.root_of(author, proofs[0][-1], []) == NONE
    assert registry.root_of(stranger, digests[0], proofs[0][:-1]) == NONE


def test_a_root_without_halves_takes_whole_proofs_alone(registry, relayer, digests, batch):
    root, proofs = batch
    registry.anchor(root, 8, sha("batch"), "", sender=relayer)
    assert registry.root_of(relayer, digests[3], proofs[3]) == root
    assert registry.root_of(relayer, digests[3], proofs[3][:-1]) == NONE


def test_a_tree_of_one_leaf_has_no_halves(registry, relayer, digests):
    registry.anchor(leaf(digests[5]), 1, sha("one"), "", sender=relayer)
    assert registry.root_of(relayer, digests[5], []) == leaf(digests[5])


def test_what_was_taken_back_shows_no_more(registry, author, digests, batch):
    """REG-9, REG-13: one leaf, then all."""
    root, proofs = batch
    registry.revoke_leaf(author, root, digests[1], proofs[1], "wrong", sender=author)
    assert registry.root_of(author, digests[1], proofs[1][:-1]) == NONE
    assert registry.root_of(author, digests[2], proofs[2][:-1]) == root
    registry.revoke_anchor(root, "all wrong", sender=author)
    assert registry.root_of(author, digests[2], proofs[2][:-1]) == NONE


def test_a_half_that_is_a_root_itself_counts_as_such(registry, second_attestor, digests):
    """REG-13: when the tree above it is taken back."""
    root, proofs = tree([leaf(digest) for digest in digests[:4]])
    half = proofs[2][-1]
    registry.anchor(half, 2, sha("below"), "", sender=second_attestor)
    registry.anchor(root, 4, sha("above"), "", [half, proofs[0][-1]], sender=second_attestor)
    assert registry.root_of(second_attestor, digests[0], proofs[0][:-1]) == root
    registry.revoke_anchor(root, "wrong", sender=second_attestor)
    assert registry.root_of(second_attestor, digests[0], proofs[0][:-1]) == half
