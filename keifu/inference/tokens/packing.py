"""Matrices in the order in which `keifu.inference.tokens.lanes` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import InputError
from keifu.inference.tokens.lanes import ROWS
from keifu.inference.tokens.program import BLOCK, BLOCKS_4, ROWS_8, Matrix

__all__ = ["Packed", "packed"]

_MAX_PLANES = 3  # of 8 bits: 16 bits of a scale times 8 of a weight

Ints = NDArray[Any]


@dataclass(frozen=True)
class Packed:
    """`weights` and `scales` for one position at a time, `planes` for many: whole weights, as one, two or three numbers
    of 8 bits. All are flat within a layer."""

    layout: int
    weights: Ints  # layers × bytes
    scales: Ints  # layers × numbers
    planes: Ints  # planes × layers × bytes
    numbers: Ints  # layers × (bias, multiplier, shift) × rows
    lanes: int


def packed(matrix: Matrix, *, for_many: bool = True) -> Packed:
    """Without `for_many` one position at a time is all that it serves."""
    layers, _, lanes = matrix.weights.shape
    pairs = _flat(_in_pairs(matrix.weights))
    weights = _flat(_in_halves(matrix.weights)) if matrix.layout == BLOCKS_4 else pairs
    none = np.empty((0, layers, 0), np.int8)
    if not for_many:
        planes = none
    elif matrix.layout == ROWS_8:
        planes = pairs[None]
    else:
        planes = _planes(matrix)
    numbers = np.ascontiguousarray(matrix.numbers.transpose(0, 2, 1))
    return Packed(matrix.layout, weights, _scales(matrix), planes, numbers, lanes)


def _flat(array: Ints) -> Ints:
    return np.ascontiguousarray(array).reshape(len(array), -1)


def _in_pairs(weights: Ints) -> Ints:
    """Groups of sixteen rows; in each, pairs of lanes; in each, the rows."""
    layers, rows, lanes = weights.shape
    return weights.reshape(layers, rows // ROWS, ROWS, lanes // 2, 2).transpose(0, 1, 3, 2, 4)


def _in_halves(weights: Ints) -> Ints:
    """Two pairs of lanes in a byte each: the first below, the second above."""
    pairs = _in_pairs(weights).astype(np.uint8)
    return (pairs[:, :, ::2] | pairs[:, :, 1::2] << 4).view(np.int8)


def _scales(matrix: Matrix) -> Ints:
    if matrix.layout == ROWS_8:
        return np.empty((len(matrix.weights), 0), np.int16)
    layers, rows, blocks, _ = matrix.scales.shape
    kinds = 2 if matrix.layout == BLOCKS_4 else 1
    grouped = matrix.scales[..., :kinds].reshape(layers, rows // ROWS, ROWS, blocks, kinds)
    return _flat(grouped.transpose(0, 1, 3, 4, 2))


def _planes(matrix: Matrix) -> Ints:
    """What a block's scales and a weight come to, in numbers of 8 bits, the lowest first."""
    found = []
    for weights, scales in zip(matrix.weights, matrix.scales, strict=True):
        wide = np.repeat(scales.astype(np.int32), BLOCK, axis=1)
        left = wide[..., 0] * weights + wide[..., 1]
        planes = []
        for _ in range(_MAX_PLANES):
            low = left.astype(np.int8)
            planes.append(_in_pairs(low[None])[0].reshape(-1))
            left = (left - low) >> 8
        if left.any():
            raise InputError("a weight times its scale passes 24 bits")
        found.append(np.stack(planes))
    stacked = np.stack(found, axis=1)
    used = [bool(plane.any()) for plane in stacked]
    count = max((number + 1 for number, is_used in enumerate(used) if is_used), default=1)
    return np.ascontiguousarray(stacked[:count])
