"""The compiled part of `keifu.merkle.plain`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.merkle._keccak import HASH_WORDS, IOTA, PAIR_WORDS, hash_words

__all__ = ["folded", "hashed"]

PAIR_BYTES = 64


@kept
def _folded(hashes: NDArray[np.uint64], iota: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Level by level over all trees together; `hashes` is trees × leaves × 4 words."""
    trees, count, words = hashes.shape
    level = hashes
    while count > 1:
        above = (count + 1) // 2
        pairs = np.zeros((trees * above, PAIR_WORDS), np.uint64)
        for tree in range(trees):
            for place in range(count):
                row, first = tree * above + place // 2, place % 2 * words
                for word in range(words):
                    pairs[row, first + word] = level[tree, place, word]
        out = np.empty((trees * above, HASH_WORDS), np.uint64)
        hash_words(pairs, PAIR_BYTES, out, iota)
        level, count = out.reshape(trees, above, HASH_WORDS), above
    return level


def hashed(rows: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    """Each row's hash."""
    out = np.empty((len(rows), HASH_WORDS), np.uint64)
    hash_words(rows, size, out, IOTA)
    return out


def folded(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The roots."""
    found: NDArray[np.uint64] = _folded(hashes, IOTA)
    return found
