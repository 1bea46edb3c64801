"""Trees: proofs of every leaf, and the same tree as @openzeppelin/merkle-tree from npm makes."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest

from evmstorm.evm import artifacts
from keifu.errors import UsageError
from keifu.merkle import build, hash_leaves, hash_rows, root_of, verify

SIZES = [1, 2, 3, 5, 6, 7, 8, 9, 31, 100]
NPM_SCRIPT = """
const { StandardMerkleTree } = require('@openzeppelin/merkle-tree');
const input = JSON.parse(require('fs').readFileSync(0));
const trees = input.map(values => StandardMerkleTree.of(values, ['uint256', 'address', 'uint256']));
const answer = tree => ({ dump: tree.dump(), proofs: [...tree.entries()].map(([i]) => tree.getProof(i)) });
console.log(JSON.stringify(trees.map(answer)));
"""


def values(count):
    rng = np.random.default_rng(count)
    return [(index, "0x" + rng.bytes(20).hex(), int(rng.integers(1, 2**63))) for index in range(count)]


def rows(items):
    encoded = [i.to_bytes(32, "big") + bytes(12) + bytes.fromhex(a[2:]) + t.to_bytes(32, "big") for i, a, t in items]
    return np.frombuffer(b"".join(encoded), np.uint8).reshape(len(items), 96)


@pytest.mark.parametrize("count", SIZES)
def test_every_leaf_has_a_proof_and_no_other_leaf_passes_with_it(count):
    leaves = hash_leaves(rows(values(count)))
    tree = build(leaves)
    for number in range(count):
        leaf, proof = bytes(leaves[number]), tree.proof(number)
        assert tree.leaf(number) == leaf
        assert len(proof) <= tree.depth
        assert verify(tree.root, leaf, proof)
        assert not verify(tree.root, bytes(leaves[number - 1]), proof) or count == 1


def test_npm_makes_the_same_trees_and_proofs():
    inputs = [values(count) for count in SIZES]
    made = subprocess.run(
        ["node", "-e", NPM_SCRIPT],
        input=json.dumps([[[str(i), a, str(t)] for i, a, t in items] for items in inputs]),
        capture_output=True,
        text=True,
        check=True,
        cwd=artifacts.project().root,
    )
    for items, theirs in zip(inputs, json.loads(made.stdout), strict=True):
        tree = build(hash_leaves(rows(items)))
        assert ["0x" + bytes(node).hex() for node in tree.nodes] == theirs["dump"]["tree"]
        assert tree.positions.tolist() == [value["treeIndex"] for value in theirs["dump"]["values"]]
        ours = [["0x" + node.hex() for node in tree.proof(number)] for number in range(len(items))]
        assert ours == theirs["proofs"]


def test_the_halves_of_a_tree_hash_to_its_root_and_one_leaf_has_none():
    rows = np.arange(7 * 32, dtype=np.uint8).reshape(7, 32)
    tree = build(hash_leaves(rows))
    first, second = tree.halves
    assert root_of(first, [second]) == tree.root
    assert build(hash_leaves(rows[:1])).halves == []


def test_unsorted_trees_keep_the_order_of_their_leaves():
    leaves = hash_leaves(rows(values(5)))
    tree = build(leaves, sort=False)
    assert [bytes(node) for node in tree.nodes[4:]] == [bytes(leaf) for leaf in leaves[::-1]]
    assert all(root_of(bytes(leaf), tree.proof(number)) == tree.root for number, leaf in enumerate(leaves))


def test_equal_leaves_and_equal_first_words_are_told_apart():
    leaves = np.zeros((6, 32), np.uint8)
    leaves[:, 31] = [5, 3, 3, 1, 4, 2]
    tree = build(leaves)
    assert [int(node[31]) for node in tree.nodes[5:]] == [5, 4, 3, 3, 2, 1]
    assert all(verify(tree.root, bytes(leaf), tree.proof(number)) for number, leaf in enumerate(leaves))


@pytest.mark.parametrize("leaves", [np.empty((0, 32), np.uint8), np.zeros((3, 31), np.uint8), np.zeros((3, 32))])
def test_what_is_no_array_of_leaves_is_refused(leaves):
    with pytest.raises(UsageError, match="a tree takes"):
        build(leaves)


@pytest.mark.parametrize("number", [-1, 3])
def test_a_proof_of_no_leaf_is_refused(number):
    tree = build(np.zeros((3, 32), np.uint8))
    with pytest.raises(UsageError, match="no leaf"):
        tree.proof(number)


def test_tge_9_two_hashes_keep_a_64_byte_leaf_from_passing_for_an_inner_node():
    """Hashed once, a value of 64 bytes is an inner node over its two halves, and the proof of what stands below it
    proves the value too. Hashed twice it is not."""
    below = hash_leaves(rows(values(2)))
    forged = np.concatenate(sorted(below, key=bytes)).reshape(1, 64)
    inner = build(below).root
    assert bytes(hash_rows(forged)[0]) == inner
    assert bytes(hash_leaves(forged)[0]) != inner
