"""REG-7, REG-13: a proof of membership has no false accept, whatever is done to it."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evmstorm.evm import LocalEvm, Revert
from keifu import merkle
from keifu.keys import Account, keccak256
from keifu.provenance import Label, RegistryDomain

COUNTS = (1, 2, 3, 7, 8, 33)
MAX_PROOF = 32


@pytest.fixture(scope="module")
def world():
    """A registry with an anchored batch of each size, every label signed."""
    evm = LocalEvm()
    anchorer = evm.account("anchorer")
    registry = evm.deploy("ProvenanceRegistry", sender=anchorer)
    domain = RegistryDomain(evm.chain_id, registry.address)
    labeller = Account.from_role("labeller")
    batches = []
    for count in COUNTS:
        labels = [
            Label(labeller.address, b"\x01" * 32, i, hashlib.sha256(bytes([i, count])).digest(), bytes(31) + bytes([i]))
            for i in range(count)
        ]
        digests = [domain.label_digest(label) for label in labels]
        rows = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32)
        tree = merkle.build(merkle.hash_leaves(rows))
        halves = [tree.halves] if tree.halves else []
        registry.anchor(tree.root, count, bytes(32), "", *halves, sender=anchorer)
        signatures = [labeller.sign(digest) for digest in digests]
        batches.append((tree, labels, digests, signatures))
    return registry, anchorer.address, batches


def test_every_member_is_accepted(world):
    registry, anchorer, batches = world
    for tree, labels, digests, signatures in batches:
        for i, label in enumerate(labels):
            assert registry.is_member(anchorer, tree.root, digests[i], tree.proof(i))
            assert registry.is_label(anchorer, tree.root, label.args, tree.proof(i), signatures[i])


@pytest.mark.parametrize(("wait", "counts"), [(0, True), (1, False)])
def test_what_is_anchored_in_the_second_in_which_the_key_is_closed_still_counts(wait, counts):
    evm = LocalEvm()
    labeller, anchorer = evm.account("labeller"), evm.account("anchorer")
    registry = evm.deploy("ProvenanceRegistry", sender=anchorer)
    label = Label(labeller.address, b"\x01" * 32, 0, bytes(32), bytes(32))
    digest = RegistryDomain(evm.chain_id, registry.address).label_digest(label)
    root = keccak256(keccak256(digest))
    registry.declare_lost(labeller.address, sender=labeller)
    evm.warp_to(evm.now + wait)
    registry.anchor(root, 1, bytes(32), "", sender=anchorer)
    assert registry.is_member(anchorer.address, root, digest, [])
    assert registry.is_label(anchorer.address, root, label.args, [], labeller.sign(digest)) == counts


def test_every_member_is_accepted_without_its_last_hash(world):
    """REG-13: of a tree of one leaf, where the root has no halves, with the whole proof."""
    registry, anchorer, batches = world
    for tree, _, digests, _ in batches:
        for i, digest in enumerate(digests):
            assert registry.root_of(anchorer, digest, tree.proof(i)[:-1]) == tree.root
            assert registry.root_of(anchorer, digest, tree.proof(i)) == tree.root


@settings(max_examples=200)
@given(st.data())
def test_no_twisted_short_proof_is_accepted(world, data):
    """REG-13"""
    registry, anchorer, batches = world
    tree, _, digests, _ = batches[data.draw(st.integers(0, len(batches) - 1))]
    i = data.draw(st.integers(0, len(digests) - 1))
    whole = tree.proof(i)
    twisted = list(twist(whole[:-1], data, digests[-1]))
    if twisted not in (whole, whole[:-1]):
        assert registry.root_of(anchorer, digests[i], twisted) == bytes(32)


def twist(proof, data, spare):
    """A proof that differs from `proof`."""
    how = data.draw(st.sampled_from(["flip", "truncate", "extend", "reorder", "replace", "shift"]))
    proof = list(proof)
    if how == "flip" and proof:
        at, byte = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 31))
        item = bytearray(proof[at])
        item[byte] ^= data.draw(st.integers(1, 255))
        proof[at] = bytes(item)
    elif how == "truncate" and proof:
        proof = proof[: data.draw(st.integers(0, len(proof) - 1))]
    elif how == "reorder" and len(proof) > 1:
        proof = data.draw(st.permutations(proof))
    elif how == "replace" and proof:
        proof[data.draw(st.integers(0, len(proof) - 1))] = spare
    elif how == "shift" and proof:
        proof = proof[1:]
    else:
        proof = [*proof, data.draw(st.sampled_from([spare, bytes(32), b"\xff" * 32]))]
    return proof


@settings(max_examples=200)
@given(st.data())
def test_no_twisted_proof_is_accepted(world, data):
    registry, anchorer, batches = world
    tree, labels, digests, signatures = batches[data.draw(st.integers(0, len(batches) - 1))]
    i = data.draw(st.integers(0, len(labels) - 1))
    honest = tree.proof(i)
    twisted = twist(honest, data, digests[-1])
    if list(twisted) == list(honest):
        return
    assert not registry.is_member(anchorer, tree.root, digests[i], twisted)
    assert not registry.is_label(anchorer, tree.root, labels[i].args, twisted, signatures[i])


@settings(max_examples=100)
@given(st.data())
def test_no_inner_node_passes_for_a_digest(world, data):
    """Second preimages: any node of the tree, hashed or not, with any suffix of any proof."""
    registry, anchorer, batches = world
    tree, labels, digests, _ = batches[data.draw(st.integers(1, len(batches) - 1))]
    node = tree.nodes[data.draw(st.integers(0, len(tree.nodes) - 1))].tobytes()
    claimed = data.draw(st.sampled_from([node, keccak256(node), keccak256(keccak256(node))]))
    proof = tree.proof(data.draw(st.integers(0, len(labels) - 1)))
    suffix = proof[data.draw(st.integers(0, len(proof))) :]
    assert claimed not in digests
    assert not registry.is_member(anchorer, tree.root, claimed, suffix)
    assert registry.root_of(anchorer, claimed, suffix) == registry.root_of(anchorer, claimed, suffix[:-1]) == bytes(32)


@settings(max_examples=50)
@given(st.data())
def test_no_label_passes_for_another(world, data):
    registry, anchorer, batches = world
    tree, labels, _, signatures = batches[-1]
    i, j = data.draw(st.lists(st.integers(0, len(labels) - 1), min_size=2, max_size=2, unique=True))
    assert not registry.is_label(anchorer, tree.root, labels[i].args, tree.proof(j), signatures[i])
    assert not registry.is_label(anchorer, tree.root, labels[i].args, tree.proof(i), signatures[j])
    signature = bytearray(signatures[i])
    signature[data.draw(st.integers(0, 64))] ^= data.draw(st.integers(1, 255))
    assert not registry.is_label(anchorer, tree.root, labels[i].args, tree.proof(i), bytes(signature))


def test_an_unknown_or_zero_root_has_no_members(world):
    registry, anchorer, batches = world
    digest = batches[0][2][0]
    for root in (bytes(32), keccak256(b"never anchored"), keccak256(keccak256(digest))[::-1]):
        assert not registry.is_member(anchorer, root, digest, [])


def test_a_proof_longer_than_any_tree_is_refused(world):
    registry, anchorer, batches = world
    tree, _, digests, _ = batches[0]
    with pytest.raises(Revert):
        registry.is_member(anchorer, tree.root, digests[0], [bytes(32)] * (MAX_PROOF + 1))


def test_a_short_proof_and_its_last_hash_are_together_no_longer_than_any_proof(world):
    """REG-13: else a leaf could count that nobody can take back."""
    registry, anchorer, batches = world
    digest = batches[0][2][0]
    assert registry.root_of(anchorer, digest, [bytes(32)] * (MAX_PROOF - 1)) == bytes(32)
    with pytest.raises(Revert):
        registry.root_of(anchorer, digest, [bytes(32)] * MAX_PROOF)
