"""The benches' own trees: every proof leads to the root."""

from __future__ import annotations

import pytest

from benchmarks._trees import SortedTree, root_of
from keifu.keys import keccak256


def test_every_proof_leads_to_the_root():
    leaves = [keccak256(bytes([index])) for index in range(8)]
    tree = SortedTree(leaves)
    for index, leaf in enumerate(leaves):
        assert root_of(leaf, tree.proof(index)) == tree.root


def test_another_leaf_leads_elsewhere():
    tree = SortedTree([keccak256(bytes([index])) for index in range(8)])
    assert root_of(keccak256(b"another"), tree.proof(0)) != tree.root


@pytest.mark.parametrize("count", [0, 3, 6])
def test_only_powers_of_two(count):
    with pytest.raises(ValueError, match="not a power of two"):
        SortedTree([b"\0" * 32] * count)
