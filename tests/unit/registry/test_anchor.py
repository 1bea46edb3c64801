"""ProvenanceRegistry.anchor and the proofs of membership on top of it."""

from __future__ import annotations

import ape
import pytest

from keifu.keys import keccak256
from keifu.provenance import Label
from tests.wallet_forms import FORMS, high_s

from .conftest import sha


def tree(leaves: list[bytes]) -> tuple[bytes, list[list[bytes]]]:
    """Root and proofs of a tree whose leaf count is a power of two: the plainest reference there is."""
    proofs: list[list[bytes]] = [[] for _ in leaves]
    level, width = leaves, 1
    while len(level) > 1:
        for index, proof in enumerate(proofs):
            proof.append(level[(index // width) ^ 1])
        level = [keccak256(min(a, b) + max(a, b)) for a, b in zip(level[::2], level[1::2], strict=True)]
        width *= 2
    return level[0], proofs


def leaf(digest: bytes) -> bytes:
    return keccak256(keccak256(digest))


@pytest.fixture(scope="module")
def labels(domain, dataset_id, node):
    """Eight labels of one labeller, each with digest and signature."""
    made = [Label(node.address, dataset_id, i, sha(f"sample {i}"), bytes([i]).rjust(32, b"\0")) for i in range(8)]
    return [(label, domain.label_digest(label), node.sign(domain.label_digest(label))) for label in made]


@pytest.fixture(scope="module")
def batch(registry, author, labels):
    root, proofs = tree([leaf(digest) for _, digest, _ in labels])
    registry.anchor(root, len(labels), sha("batch"), "ipfs://labels", sender=author)
    return root, proofs


def test_anchor_is_there(registry, author, chain):
    receipt = registry.anchor(sha("root"), 10_000, sha("m"), "ipfs://x", sender=author)
    assert receipt.events == [
        registry.Anchored(anchorer=author, root=sha("root"), count=10_000, manifest=sha("m"), uri="ipfs://x")
    ]
    assert tuple(registry.anchor_of(author, sha("root"))) == (chain.blocks.head.timestamp, 10_000, 0, 0)


def test_same_root_twice_is_refused(registry, author, batch):
    """REG-6"""
    with ape.reverts("registry: root is anchored"):
        registry.anchor(batch[0], 9, sha("other"), "", sender=author)


def test_anothers_anchor_of_the_same_root_is_its_own(registry, author, stranger, batch):
    registry.anchor(batch[0], 8, sha("mine"), "", sender=stranger)
    assert registry.anchor_of(author, batch[0])[0] <= registry.anchor_of(stranger, batch[0])[0]


def test_empty_root_is_refused(registry, author):
    with ape.reverts("registry: empty root"):
        registry.anchor(bytes(32), 1, sha("m"), "", sender=author)


@pytest.mark.parametrize("count", [0, 2**32])
def test_leaf_count_out_of_range_is_refused(registry, author, count):
    with ape.reverts("registry: leaf count out of range"):
        registry.anchor(sha("r"), count, sha("m"), "", sender=author)


@pytest.mark.parametrize("turned", [False, True])
def test_a_tree_is_anchored_with_its_halves(registry, author, chain, labels, turned):
    """REG-13: in either order, and otherwise as without them."""
    root, proofs = tree([leaf(digest) for _, digest, _ in labels[:4]])
    halves = [proofs[2][-1], proofs[0][-1]]
    receipt = registry.anchor(root, 4, sha("m"), "ipfs://x", halves[::-1] if turned else halves, sender=author)
    assert receipt.events == [registry.Anchored(anchorer=author, root=root, count=4, manifest=sha("m"), uri="ipfs://x")]
    assert tuple(registry.anchor_of(author, root)) == (chain.blocks.head.timestamp, 4, 0, 0)
    for (_, digest, _), proof in zip(labels[:4], proofs, strict=True):
        assert registry.root_of(author, digest, proof[:-1]) == root


def test_halves_of_another_root_are_refused(registry, author, labels):
    """REG-13"""
    root, proofs = tree([leaf(digest) for _, digest, _ in labels[:4]])
    halves = [proofs[2][-1], proofs[0][-1]]
    wrong = [[halves[0], sha("x")], [halves[0]] * 2, [bytes(32), halves[1]], [halves[0], bytes(32)], [root, bytes(32)]]
    for pair in wrong:
        with ape.reverts("registry: not the root's halves"):
            registry.anchor(root, 4, sha("m"), "", pair, sender=author)
    assert registry.anchor_of(author, root)[0] == 0


def test_a_half_keeps_its_root(registry, author, stranger, labels):
    """REG-13: whoever relied on a proof gets the same answer later. Another anchorer's halves are its own."""
    nodes = [leaf(digest) for _, digest, _ in labels[:3]]
    first, second = tree(nodes[:2])[0], tree(nodes[1:])[0]
    registry.anchor(first, 2, sha("m"), "", nodes[:2], sender=author)
    with ape.reverts("registry: half is anchored"):
        registry.anchor(second, 2, sha("m"), "", nodes[1:], sender=author)
    assert registry.root_of(author, labels[1][1], []) == first
    registry.anchor(second, 2, sha("m"), "", nodes[1:], sender=stranger)
    assert registry.root_of(stranger, labels[1][1], []) == second


def test_two_equal_halves_are_refused(registry, author, labels):
    node = leaf(labels[0][1])
    with ape.reverts("registry: half is anchored"):
        registry.anchor(tree([node] * 2)[0], 2, sha("m"), "", [node] * 2, sender=author)


def test_every_label_is_proved_with_its_labeller(registry, author, labels, batch):
    """REG-7"""
    root, proofs = batch
    for (label, digest, signature), proof in zip(labels, proofs, strict=True):
        assert registry.is_member(author, root, digest, proof)
        assert registry.is_label(author, root, label.args, proof, signature)


def test_forged_and_moved_labels_fail(registry, author, stranger, labels, batch):
    """REG-7"""
    root, proofs = batch
    (label, digest, signature), (_, other_digest, other_signature) = labels[:2]
    forged = label.__class__(label.labeller, label.dataset, label.index, label.sample, sha("9"))
    moved = label.__class__(label.labeller, label.dataset, label.index + 8, label.sample, label.label)
    usurped = label.__class__(str(stranger), label.dataset, label.index, label.sample, label.label)
    for wrong in (forged, moved, usurped):
        assert not registry.is_label(author, root, wrong.args, proofs[0], signature)
    assert not registry.is_label(author, root, label.args, proofs[0], other_signature)
    assert not registry.is_label(author, root, label.args, proofs[1], signature)
    assert not registry.is_member(author, root, other_digest, proofs[0])
    assert not registry.is_member(stranger, root, digest, proofs[0])
    for cut in (0, 64):
        assert not registry.is_label(author, root, label.args, proofs[0], signature[:cut])


def test_inner_nodes_are_no_leaves(registry, author, labels, batch):
    """REG-7: second preimage. A node's two children, or the node itself, do not pass for a digest."""
    root, proofs = batch
    assert not registry.is_member(author, root, leaf(labels[0][1]), proofs[0])
    assert not registry.is_member(author, root, proofs[0][0], proofs[0][1:])
    assert not registry.is_member(author, root, root, [])


@pytest.mark.parametrize("close", ["lost", "replaced"])
def test_what_is_anchored_after_a_key_was_closed_does_not_count(
    registry, author, relayer, second_attestor, stranger, make, domain, key_of, dataset_id, close
):
    """REG-7: whoever found an old key signs as of any time he likes. Seen red where only signature and tree counted."""
    record, label = make("in time", by=author), Label(str(author), dataset_id, 3, sha("sample"), sha("label"))
    digests = [domain.record_digest(record), domain.label_digest(label)]
    signatures = [key_of(author).sign(digest) for digest in digests]
    root, proofs = tree([leaf(digest) for digest in digests])

    def counts(anchorer):
        return (
            registry.is_record(anchorer, root, record.args, proofs[0], signatures[0]),
            registry.is_label(anchorer, root, label.args, proofs[1], signatures[1]),
        )

    registry.anchor(root, 2, sha("batch"), "", sender=stranger)
    if close == "lost":
        registry.declare_lost(author, sender=author)
    else:
        registry.propose_replacement(author, second_attestor, sender=author)
        registry.accept_replacement(author, author, sender=second_attestor)
    registry.anchor(root, 2, sha("batch"), "", sender=relayer)
    assert counts(stranger) == (True, True)
    assert counts(relayer) == (False, False)
    assert registry.is_member(relayer, root, digests[1], proofs[1])


def test_record_in_an_anchor(registry, author, make, domain, key_of, stranger):
    records = [make(f"anchored {i}", by=author) for i in range(4)]
    digests = [domain.record_digest(record) for record in records]
    root, proofs = tree([leaf(digest) for digest in digests])
    registry.anchor(root, 4, sha("records"), "", sender=stranger)
    signature = key_of(author).sign(digests[2])
    for form in FORMS:
        assert registry.is_record(stranger, root, records[2].args, proofs[2], form(signature))
        assert not registry.is_record(stranger, root, records[2].args, proofs[2], form(high_s(signature)))
    assert not registry.is_record(stranger, root, records[2].args, proofs[2], key_of(stranger).sign(digests[2]))
    assert not registry.is_record(stranger, root, records[1].args, proofs[2], signature)
