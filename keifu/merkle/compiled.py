"""Hashes and trees for compiled functions of other rooms, where calls between the steps would take the time. Whoever
imports this imports numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.merkle._batches import BEYOND, ends_of, messages_of, sorted_tree
from keifu.merkle._keccak import HASH_BYTES, HASH_WORDS, IOTA, WORD_BYTES, leaves_of, root_of_leaves

__all__ = [
    "BEYOND",
    "HASH_BYTES",
    "HASH_WORDS",
    "IOTA",
    "WORD_BYTES",
    "ends_of",
    "leaves_of",
    "messages_of",
    "roots_of",
    "sorted_tree",
]


@kept
def roots_of(
    rows: NDArray[np.uint64], size: int, ends: NDArray[np.int64], iota: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Rows are values of `size` bytes, zeros behind up to a whole word; those up to each of `ends` are one tree. Four
    words for each, as `keifu.merkle.tree.root_of_rows` gives them."""
    leaves: NDArray[np.uint64] = leaves_of(rows, size, iota)
    if ends.shape[0] == rows.shape[0]:  # each is its own root
        return leaves
    roots = np.empty((ends.shape[0], HASH_WORDS), np.uint64)
    begin = 0
    for number in range(ends.shape[0]):
        roots[number] = root_of_leaves(leaves[begin : ends[number]], iota)
        begin = ends[number]
    return roots
