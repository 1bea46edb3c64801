"""Roots of many tensors in one compiled call, where calls between the steps would take the time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.merkle.compiled import HASH_BYTES, IOTA, WORD_BYTES
from keifu.merkle.compiled import roots_of as trees

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
    roots: NDArray[np.uint64] = trees(rows.view(np.uint64), size, ends, iota)
    return roots


def roots_of(values: NDArray[np.int16], ends: NDArray[np.int64]) -> list[bytes]:
    """int16[leaves, channels], contiguous; the leaves up to each of `ends` are one tensor."""
    roots: list[bytes] = _roots_of(values, ends, IOTA).view(_ROOT).ravel().tolist()
    return roots
