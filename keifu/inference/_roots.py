"""Roots of many tensors in one compiled call, where calls between the steps would take the time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.merkle._keccak import HASH_BYTES, HASH_WORDS, IOTA, WORD_BYTES, hash_words, root_of_leaves

__all__ = ["roots_of"]

NUMBER_BYTES, VALUE_BYTES, BYTE_BITS, BYTE = 4, 2, 8, 0xFF
_ROOT = np.dtype(f"V{HASH_BYTES}")  # as bytes


@kept
def _roots_of(values: NDArray[np.int16], ends: NDArray[np.int64], iota: NDArray[np.uint64]) -> NDArray[np.uint64]:
    count, channels = values.shape
    size = NUMBER_BYTES + VALUE_BYTES * channels
    rows = np.zeros((count, -(-size // WORD_BYTES) * WORD_BYTES), np.uint8)
    begin = 0
    for end in ends:
        for leaf in range(begin, end):
            row = rows[leaf]
            for place in range(NUMBER_BYTES):
                row[place] = ((leaf - begin) >> (BYTE_BITS * (NUMBER_BYTES - 1 - place))) & BYTE
            for channel in range(channels):
                value = values[leaf, channel]
                row[NUMBER_BYTES + 2 * channel] = (value >> BYTE_BITS) & BYTE
                row[NUMBER_BYTES + 2 * channel + 1] = value & BYTE
        begin = end
    once = np.empty((count, HASH_WORDS), np.uint64)
    leaves = np.empty((count, HASH_WORDS), np.uint64)
    hash_words(rows.view(np.uint64), size, once, iota)
    hash_words(once, HASH_BYTES, leaves, iota)
    if ends.shape[0] == count:
        return leaves
    roots = np.empty((ends.shape[0], HASH_WORDS), np.uint64)
    begin = 0
    for number in range(ends.shape[0]):
        roots[number] = root_of_leaves(leaves[begin : ends[number]], iota)
        begin = ends[number]
    return roots


def roots_of(values: NDArray[np.int16], ends: NDArray[np.int64]) -> list[bytes]:
    """int16[leaves, channels], contiguous; the leaves up to each of `ends` are one tensor."""
    roots: list[bytes] = _roots_of(values, ends, IOTA).view(_ROOT).ravel().tolist()
    return roots
