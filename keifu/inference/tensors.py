"""Canonical tensors: what a receipt's input root and output root are computed from, by provider and client alike.

A leaf is one row of a dense operator's tensor, or the channels of one place of a convolution's: its number in four
bytes, then its values in two bytes each, the most significant byte first. Inputs of one request follow each other; how
many there are follows from the receipt's units.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from keifu.errors import UsageError
from keifu.merkle import root_of_rows
from keifu.merkle.hashes import expect_many as expect_many_hashes

__all__ = ["expect_many", "tensor_root", "tensor_roots"]

_NUMBER_BYTES, _VALUE_BYTES = 4, 2
_AT_ONCE = "keifu.inference._roots"
_expected: list[ModuleType] = []  # what computes many at once, once it is compiled


def tensor_root(values: NDArray[np.int16], channels: int) -> bytes:
    """The root over values in the order input, height, width, channel. Raises UsageError for none, or an odd number."""
    return tensor_roots(values.reshape(1, -1), [1], channels)[0]


def tensor_roots(values: NDArray[np.int16], ends: Sequence[int] | NDArray[np.int64], channels: int) -> list[bytes]:
    """The roots of several tensors: inputs are rows of `values`, and those up to each of `ends` belong together."""
    count, left = divmod(values.size, channels)
    if not count or left or values.dtype != np.int16:
        raise UsageError(f"{values.dtype}[{values.size}] is no tensor of int16 with {channels} channels")
    leaves, places = np.ascontiguousarray(values).reshape(count, channels), count // int(ends[-1])
    if _expected:
        found: list[bytes] = _expected[0].roots_of(leaves, np.asarray(ends) * places)
        return found
    rows = np.empty((count, _NUMBER_BYTES + _VALUE_BYTES * channels), np.uint8)
    rows[:, _NUMBER_BYTES:] = leaves.astype(">i2").view(np.uint8)
    roots = []
    for first, end in pairwise((0, *(end * places for end in ends))):
        rows[first:end, :_NUMBER_BYTES] = np.arange(end - first, dtype=">u4").view(np.uint8).reshape(-1, _NUMBER_BYTES)
        roots.append(root_of_rows(rows[first:end]))
    return roots


def expect_many() -> None:
    """Get ready for many tensors: takes seconds, once on a machine."""
    expect_many_hashes()
    if not _expected:
        at_once = import_module(_AT_ONCE)
        at_once.roots_of(np.zeros((2, 1), np.int16), np.array([2]))  # compiled
        _expected.append(at_once)
