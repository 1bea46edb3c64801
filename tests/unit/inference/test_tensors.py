"""Roots of canonical tensors: an independent tree of the same bytes, and every number in its place."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import pytest

from keifu.errors import UsageError
from keifu.inference import tensor_root, tensors
from keifu.keys import keccak256
from keifu.merkle import build, hash_leaves, root_of_rows
from keifu.merkle.hashes import expect_many

COUNTS = [*range(1, 20), 31, 32, 33, 64]


def by_hand(rows):
    """Leaves hashed twice, two by two as OpenZeppelin's trees stand."""
    nodes = [keccak256(keccak256(struct.pack(f">I{len(row)}h", place, *row))) for place, row in enumerate(rows)]
    tree = [b""] * (len(nodes) - 1) + nodes[::-1]
    for place in reversed(range(len(nodes) - 1)):
        tree[place] = keccak256(b"".join(sorted(tree[2 * place + 1 : 2 * place + 3])))
    return tree[0]


@pytest.fixture(params=["compiled", "one by one"])
def way(request, monkeypatch):
    if request.param == "compiled":
        tensors.expect_many()
    else:
        monkeypatch.setattr(tensors, "_expected", [])


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("channels", [1, 3, 64])
def test_the_root_is_that_of_the_rows(way, count, channels):
    values = np.random.default_rng(count).integers(-(1 << 15), 1 << 15, (count, channels)).astype(np.int16)
    assert tensor_root(values, channels) == by_hand(values.tolist())


@pytest.mark.parametrize("ends", [[1], [1, 2, 3], [3, 4, 6], [2, 4, 6, 8, 10, 12, 14, 16], list(range(1, 10))])
@pytest.mark.parametrize("places", [1, 2, 7])
@pytest.mark.parametrize("is_part", [True, False])
def test_each_of_several_tensors_has_its_own_root(way, ends, places, is_part):
    """`is_part` says that rows stand in a wider array, as a trace has them."""
    drawn = np.random.default_rng(places).integers(-(1 << 15), 1 << 15, (ends[-1], places * 3 + 5)).astype(np.int16)
    values = drawn[:, 5:] if is_part else drawn[:, 5:].copy()
    wanted = [by_hand(values[first:end].reshape(-1, 3).tolist()) for first, end in pairwise((0, *ends))]
    assert tensors.tensor_roots(values, ends, 3) == wanted


def test_places_have_numbers_of_four_bytes(way):
    count = (1 << 16) + 2
    values = np.zeros((count, 1), np.int16)
    assert tensor_root(values, 1) == by_hand(values.tolist())


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("size", [1, 32, 135, 136, 137, 300])
def test_a_root_in_one_call_is_the_root_of_the_tree(count, size):
    rows = np.random.default_rng(size).integers(0, 256, (count, size)).astype(np.uint8)
    expect_many()
    assert root_of_rows(rows) == build(hash_leaves(rows), sort=False).root


def test_rows_that_change_places_change_the_root():
    values = np.arange(12, dtype=np.int16).reshape(4, 3)
    assert len({tensor_root(values, 3), tensor_root(values[::-1].copy(), 3), tensor_root(values, 2)}) == 3


@pytest.mark.parametrize(
    ("values", "channels"),
    [(np.zeros(0, np.int16), 1), (np.zeros(5, np.int16), 2), (np.zeros(4, np.int32), 2), (np.zeros(4, np.int16), 8)],
)
def test_what_is_no_tensor_is_refused(values, channels):
    with pytest.raises(UsageError, match="is no tensor of int16 with"):
        tensor_root(values, channels)
