"""revoke_anchor, revoke_leaf, revoke_label: what was anchored can be taken back."""

from __future__ import annotations

import ape
import pytest

from keifu.provenance import Label

from .conftest import sha
from .test_anchor import leaf, tree

pytestmark = pytest.mark.case("provenance-10")


@pytest.fixture(scope="module")
def labels(domain, dataset_id, attestor, key_of):
    """Four labels of one labeller, each with digest and signature."""
    made = [Label(str(attestor), dataset_id, i, sha(f"sample {i}"), bytes([i]).rjust(32, b"\0")) for i in range(4)]
    return [(label, domain.label_digest(label), key_of(attestor).sign(domain.label_digest(label))) for label in made]


@pytest.fixture(scope="module")
def batch(registry, author, labels):
    root, proofs = tree([leaf(digest) for _, digest, _ in labels])
    registry.anchor(root, len(labels), sha("batch"), "", sender=author)
    return root, proofs


@pytest.fixture
def counts(registry, author, labels, batch):
    """Which of the labels count."""

    def counts() -> list[bool]:
        root, proofs = batch
        return [
            registry.is_label(author, root, label.args, proof, signature)
            and registry.is_member(author, root, digest, proof)
            for (label, digest, signature), proof in zip(labels, proofs, strict=True)
        ]

    return counts


def test_anchorer_takes_one_leaf_out(registry, author, labels, batch, counts, chain):
    """REG-9: one leaf, and no other."""
    root, proofs = batch
    receipt = registry.revoke_leaf(author, root, labels[1][1], proofs[1], "wrong sample", sender=author)
    assert receipt.events == [
        registry.LeafRevoked(anchorer=author, root=root, digest=labels[1][1], account=author, reason="wrong sample")
    ]
    assert counts() == [True, False, True, True]
    now = chain.blocks.head.timestamp
    assert registry.leaf_revoked_at(author, root, labels[1][1]) == now
    assert registry.leaf_revoked_at(author, root, labels[2][1]) == 0
    assert tuple(registry.anchor_of(author, root))[1:] == (4, 0, 1)
    registry.revoke_leaf(author, root, labels[3][1], proofs[3], "wrong sample", sender=author)
    assert counts() == [True, False, True, False]
    assert registry.anchor_of(author, root)[3] == 2


def test_labeller_takes_his_label_back(registry, author, attestor, labels, batch, counts):
    """REG-9"""
    root, proofs = batch
    receipt = registry.revoke_label(author, root, labels[0][0].args, proofs[0], "I was wrong", sender=attestor)
    assert receipt.events[0].account == attestor
    assert counts() == [False, True, True, True]


def test_anchorer_takes_the_whole_back(registry, author, batch, counts, chain):
    """REG-9"""
    receipt = registry.revoke_anchor(batch[0], "another data set", sender=author)
    assert receipt.events == [registry.AnchorRevoked(anchorer=author, root=batch[0], reason="another data set")]
    assert counts() == [False] * 4
    assert tuple(registry.anchor_of(author, batch[0]))[1:] == (4, chain.blocks.head.timestamp, 0)


def test_strangers_take_nothing_back(registry, author, stranger, attestor, labels, batch, counts):
    """REG-9: nor does a labeller take back another's leaf by naming himself."""
    root, proofs = batch
    with ape.reverts("registry: not the account's key"):
        registry.revoke_leaf(author, root, labels[0][1], proofs[0], "mine", sender=stranger)
    with ape.reverts("registry: not the account's key"):
        registry.revoke_label(author, root, labels[0][0].args, proofs[0], "mine", sender=author)
    with ape.reverts("registry: not the account's key"):
        registry.revoke_anchor(root, "mine", author, sender=stranger)
    usurped = Label(str(stranger), *labels[0][0].args[1:])
    with ape.reverts("registry: not in the tree"):
        registry.revoke_label(author, root, usurped.args, proofs[0], "mine", sender=stranger)
    assert counts() == [True] * 4


def test_what_is_no_leaf_is_not_taken_back(registry, author, labels, batch):
    root, proofs = batch
    for digest, proof in ((labels[0][1], proofs[1]), (root, []), (leaf(labels[0][1]), proofs[0])):
        with ape.reverts("registry: not in the tree"):
            registry.revoke_leaf(author, root, digest, proof, "why", sender=author)


def test_unknown_anchor(registry, author, stranger, labels, batch):
    with ape.reverts("registry: unknown anchor"):
        registry.revoke_anchor(sha("nothing"), "why", sender=author)
    with ape.reverts("registry: unknown anchor"):
        registry.revoke_leaf(stranger, batch[0], labels[0][1], batch[1][0], "why", sender=stranger)


def test_twice_or_without_a_reason_is_refused(registry, author, labels, batch):
    root, proofs = batch
    with ape.reverts("registry: no reason given"):
        registry.revoke_leaf(author, root, labels[0][1], proofs[0], "", sender=author)
    registry.revoke_leaf(author, root, labels[0][1], proofs[0], "why", sender=author)
    with ape.reverts("registry: already revoked"):
        registry.revoke_leaf(author, root, labels[0][1], proofs[0], "why", sender=author)
    with ape.reverts("registry: no reason given"):
        registry.revoke_anchor(root, "", sender=author)
    registry.revoke_anchor(root, "why", sender=author)
    with ape.reverts("registry: already revoked"):
        registry.revoke_anchor(root, "why", sender=author)
    with ape.reverts("registry: already revoked"):
        registry.revoke_leaf(author, root, labels[1][1], proofs[1], "why", sender=author)
    with ape.reverts("registry: root is anchored"):
        registry.anchor(root, 4, sha("batch"), "", sender=author)
