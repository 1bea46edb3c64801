"""Trees over rows in their order, many in one compiled call, where calls between the steps would take the time. Whoever
imports this imports numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.merkle._keccak import HASH_BYTES, HASH_WORDS, IOTA, WORD_BYTES, hash_words, root_of_leaves

__all__ = ["HASH_BYTES", "IOTA", "WORD_BYTES", "roots_of"]


@kept
def roots_of(
    rows: NDArray[np.uint64], size: int, ends: NDArray[np.int64], iota: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Rows are values of `size` bytes, zeros behind up to a whole word; those up to each of `ends` are one tree. Four
    words for each, as `keifu.merkle.tree.root_of_rows` gives them."""
    count = rows.shape[0]
    once = np.empty((count, HASH_WORDS), np.uint64)
    leaves = np.empty((count, HASH_WORDS), np.uint64)
    hash_words(rows, size, once, iota)
    hash_words(once, HASH_BYTES, leaves, iota)
    if ends.shape[0] == count:
        return leaves
    roots = np.empty((ends.shape[0], HASH_WORDS), np.uint64)
    begin = 0
    for number in range(ends.shape[0]):
        roots[number] = root_of_leaves(leaves[begin : ends[number]], iota)
        begin = ends[number]
    return roots
