"""Canonical tensors: what a receipt's input root and output root are computed from, by provider and client alike.

A leaf is one row of a dense operator's tensor, or the channels of one place of a convolution's: its number in four
bytes, then its values in two bytes each, the most significant byte first. Inputs of one request follow each other; how
many there are follows from the receipt's units.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from keifu.errors import UsageError
from keifu.merkle import hash_leaves, root_of_rows
from keifu.merkle.hashes import HASH_BYTES

__all__ = ["tensor_root", "tensor_roots"]

_NUMBER_BYTES, _VALUE_BYTES = 4, 2


def tensor_root(values: NDArray[np.int16], channels: int) -> bytes:
    """The root over values in the order input, height, width, channel. Raises UsageError for none, or an odd number."""
    return tensor_roots(values.reshape(1, -1), [1], channels)[0]


def tensor_roots(values: NDArray[np.int16], ends: Sequence[int], channels: int) -> list[bytes]:
    """The roots of several tensors: inputs are rows of `values`, and those up to each of `ends` belong together."""
    count, left = divmod(values.size, channels)
    if not count or left or values.dtype != np.int16:
        raise UsageError(f"{values.dtype}[{values.size}] is no tensor of int16 with {channels} channels")
    rows = np.empty((count, _NUMBER_BYTES + _VALUE_BYTES * channels), np.uint8)
    rows[:, _NUMBER_BYTES:] = values.astype(">i2").reshape(count, channels).view(np.uint8)
    numbers = rows[:, :_NUMBER_BYTES]
    if len(ends) == count:  # a leaf each, which is its root: all are hashed side by side
        numbers[:] = 0
        joined = hash_leaves(rows).tobytes()
        return [joined[place : place + HASH_BYTES] for place in range(0, len(joined), HASH_BYTES)]
    places = count // ends[-1]
    roots = []
    for first, end in pairwise((0, *(end * places for end in ends))):
        numbers[first:end] = np.arange(end - first, dtype=">u4").view(np.uint8).reshape(-1, _NUMBER_BYTES)
        roots.append(root_of_rows(rows[first:end]))
    return roots
