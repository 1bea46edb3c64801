"""Roots of many equal trees at once are the specification's, at every count around what is hashed together."""

from __future__ import annotations

import platform

import numpy as np
import pytest
from numba import njit

from keifu.merkle import plain
from keifu.merkle.plain import IOTA, nodes_of, roots_of, roots_of_16
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


@pytest.mark.parametrize("count", [plain.TREES, plain.TREES + 1, 2 * plain.TREES + 9])
@pytest.mark.parametrize("chunks", [1, 2, 3, 9])
def test_more_trees_than_are_folded_together(count, chunks):
    """Each among many is what it is alone."""
    wide = np.random.default_rng(count).integers(-(2**31), 2**31, (count, 32 * chunks), dtype=np.int32)
    narrow = wide.view(np.int16)
    hashes = np.random.default_rng(chunks).integers(0, 256, (count, chunks, 32), dtype=np.uint8)
    for many, given in ((roots_of, wide), (roots_of_16, narrow), (nodes_of, hashes)):
        found = many(given)
        for place in (0, 8, plain.TREES - 1, count - 1):
            assert bytes(found[place]) == bytes(many(given[place : place + 1])[0])


@pytest.mark.parametrize("many", [1, 2])
def test_lanes_in_any_array_are_the_same_lanes(many):
    """Of another type, or with others between them: whole chunks are read where they stand."""
    wide = np.random.default_rng(many).integers(-(2**15), 2**15, (9, 64 * many), dtype=np.int32)
    apart = np.repeat(wide, 2, axis=1)[:, ::2]
    for roots, lanes in ((roots_of, wide), (roots_of_16, wide.astype(np.int16))):
        expected = roots(lanes)
        assert np.array_equal(roots(wide.astype(np.int64)), expected)
        assert np.array_equal(roots(apart), expected)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="reads the code of one kind of processor")
def test_vectors_that_wait_on_the_stack_lie_in_one_line_each():
    """Across two lines of a cache, as where the stack begins anywhere, hashing takes a seventh longer."""

    @njit
    def hashed(words, places, hashes, iota):
        plain._chunks(words, places, hashes, 0, iota)

    hashed(np.zeros(144, np.uint64), np.arange(9) * 16, np.zeros((9, 4), np.uint64), IOTA)
    (code,) = hashed.inspect_asm().values()
    assert "andq\t$-64, %rsp" in code
