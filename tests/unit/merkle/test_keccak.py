"""Keccak of many messages, one by one or at once, agrees with the one-message library at every length around a
block's edge."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from keifu.errors import UsageError
from keifu.keys import keccak256
from keifu.merkle import hash_pairs, hash_rows, hashes

AT_ONCE = "keifu.merkle._keccak"


@pytest.fixture(params=["one by one", "at once"])
def _both_ways(request, monkeypatch):
    if request.param == "at once":
        monkeypatch.setattr(hashes, "FEW", 0)
    else:
        monkeypatch.delitem(sys.modules, AT_ONCE, raising=False)


@pytest.mark.usefixtures("_both_ways")
@pytest.mark.parametrize("size", [0, 1, 8, 31, 32, 96, 135, 136, 137, 272, 1_024])
@pytest.mark.parametrize("count", [1, 7, 9])
def test_rows_agree_with_the_single_message_hash(size, count):
    rows = np.random.default_rng(size * 100 + count).integers(0, 256, (count, size), dtype=np.uint8)
    hashes = hash_rows(rows)
    assert [bytes(digest) for digest in hashes] == [keccak256(bytes(row)) for row in rows]


@pytest.mark.usefixtures("_both_ways")
def test_no_rows_give_no_hashes():
    assert hash_rows(np.empty((0, 96), np.uint8)).shape == (0, 32)


@pytest.mark.usefixtures("_both_ways")
def test_pairs_are_hashed_in_ascending_order():
    nodes = np.random.default_rng(1).integers(0, 256, (2 * 50, 32), dtype=np.uint8)
    nodes[1] = nodes[0]
    nodes[3] = nodes[2]
    nodes[3, 31] ^= 1  # a pair that differs in its last bit only
    nodes[5, :31] = nodes[4, :31]
    expected = [keccak256(b"".join(sorted((bytes(nodes[i]), bytes(nodes[i + 1]))))) for i in range(0, 100, 2)]
    assert [bytes(digest) for digest in hash_pairs(nodes)] == expected


@pytest.mark.parametrize("rows", [np.zeros(32, np.uint8), np.zeros((2, 32), np.uint64)])
def test_anything_but_rows_of_bytes_is_refused(rows):
    with pytest.raises(UsageError, match="rows of bytes"):
        hash_rows(rows)


def test_few_messages_do_without_the_compiler():
    """It takes longer to import than a list of thousands takes to hash."""
    said = f"""
import sys, numpy
from keifu.merkle import build, hash_leaves
for count in ({hashes.FEW}, {hashes.FEW + 1}):
    build(hash_leaves(numpy.zeros((count, 96), numpy.uint8)))
    print("{AT_ONCE}" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_many_are_hashed_where_nothing_may_be_written():
    """As in a container that runs as another user than it was made by: numba finds no place for what it compiled."""
    script = (
        "import numpy, keifu.merkle as m; print(bytes(m.hash_rows(numpy.zeros((5_000, 32), numpy.uint8))[-1]).hex())"
    )
    nowhere = {**os.environ, "NUMBA_CACHE_LOCATOR_CLASSES": "ZipCacheLocator"}
    done = subprocess.run([sys.executable, "-c", script], env=nowhere, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == keccak256(bytes(32)).hex(), done.stderr
