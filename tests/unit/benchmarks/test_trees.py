"""The benches' own trees: every proof leads to the root."""

from __future__ import annotations

import pytest

from benchmarks._trees import SortedTree
from keifu.keys import keccak256


def test_every_proof_leads_to_the_root():
    leaves = [keccak256(bytes([index])) for index in range(8)]
    tree = SortedTree(leaves)
    for index, leaf in enumerate(leaves):
        node = leaf
        for sibling in tree.proof(index):
            node = keccak256(min(node, sibling) + max(node, sibling))
        assert node == tree.root


@pytest.mark.parametrize("count", [0, 3, 6])
def test_only_powers_of_two(count):
    with pytest.raises(ValueError, match="not a power of two"):
        SortedTree([b"\0" * 32] * count)
