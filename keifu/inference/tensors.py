"""Canonical tensors: what a receipt's input root and output root are computed from, by provider and client alike.

A leaf is one row of a dense operator's tensor, or the channels of one place of a convolution's: its number in four
bytes, then its values in two bytes each, the most significant byte first. Inputs of one request follow each other; how
many there are follows from the receipt's units.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keifu.errors import UsageError
from keifu.merkle import root_of_rows

__all__ = ["tensor_root"]

_NUMBER_BYTES, _VALUE_BYTES = 4, 2


def tensor_root(values: NDArray[np.int16], channels: int) -> bytes:
    """The root over values in the order input, height, width, channel. Raises UsageError for none, or an odd number."""
    count, left = divmod(values.size, channels)
    if not count or left or values.dtype != np.int16:
        raise UsageError(f"{values.dtype}[{values.size}] is no tensor of int16 with {channels} channels")
    rows = np.empty((count, _NUMBER_BYTES + _VALUE_BYTES * channels), np.uint8)
    rows[:, :_NUMBER_BYTES] = np.arange(count, dtype=">u4").view(np.uint8).reshape(count, _NUMBER_BYTES)
    rows[:, _NUMBER_BYTES:] = values.astype(">i2").reshape(count, channels).view(np.uint8)
    return root_of_rows(rows)
