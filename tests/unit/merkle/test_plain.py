"""Roots of many equal trees at once are the specification's, at every count around what is hashed together."""

from __future__ import annotations

import numpy as np
import pytest

from keifu.merkle.plain import nodes_of, roots_of, roots_of_16
from keifu.spec import inference_trees as trees

TREES = [1, 2, 8, 9, 10, 19]


@pytest.mark.parametrize("count", TREES)
@pytest.mark.parametrize("lanes", [1, 31, 32, 33, 64, 65, 192, 288, 289, 576])
def test_roots_of_tensors_are_the_specification_s(count, lanes):
    random = np.random.default_rng(count * 1_000 + lanes)
    wide = random.integers(-(2**31), 2**31, (count, lanes), dtype=np.int32)
    narrow = random.integers(-(2**15), 2**15, (count, lanes), dtype=np.int16)
    assert [bytes(root) for root in roots_of(wide)] == [trees.tensor_root(row, 32) for row in wide.tolist()]
    assert [bytes(root) for root in roots_of_16(narrow)] == [trees.tensor_root(row, 16) for row in narrow.tolist()]


@pytest.mark.parametrize("count", TREES)
@pytest.mark.parametrize("leaves", [1, 2, 3, 4, 5, 7, 9, 17, 32, 33])
def test_a_missing_neighbour_is_zeros_at_every_level(count, leaves):
    hashes = np.random.default_rng(count * 100 + leaves).integers(0, 256, (count, leaves, 32), dtype=np.uint8)
    expected = [trees.tree([leaf.tobytes() for leaf in tree]) for tree in hashes]
    assert [bytes(root) for root in nodes_of(hashes)] == expected
