"""Matrices in the order in which `keifu.inference.tokens.quads` reads them: one stream of bytes a layer."""

from __future__ import annotations

import mmap
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import InputError
from keifu.inference.tokens.lanes import ROWS
from keifu.inference.tokens.program import BLOCK, BLOCKS_4, ROWS_8, Matrix

__all__ = ["Numbers", "Packed", "numbers_of", "packed"]

_PAGE = 1 << 21
_OFFSET = 128  # that makes bytes without a sign of weights of 8 bits

Ints = NDArray[Any]
Numbers = tuple[Ints, Ints, Ints]  # biases, or none where all are 0; multipliers; shifts


@dataclass(frozen=True)
class Packed:
    """`weights` hold the scales of blocks as well. They are flat within a layer."""

    layout: int
    weights: Ints  # layers × bytes
    numbers: Numbers  # layers × rows each
    lanes: int

    @property
    def rows(self) -> int:
        return int(self.numbers[1].shape[1])

    def of_layer(self, layer: int | slice) -> Numbers:
        biases, multipliers, shifts = self.numbers
        return biases[layer], multipliers[layer], shifts[layer]


def packed(matrix: Matrix) -> Packed:
    """Raises InputError for rows that are no multiple of 64 lanes."""
    layers, rows, lanes = matrix.weights.shape
    if lanes % (2 * BLOCK):
        raise InputError(f"{lanes} lanes are no multiple of {2 * BLOCK}")
    size = rows * lanes if matrix.layout == ROWS_8 else 0
    if not size:
        size = rows * lanes // BLOCK * (BLOCK // 2 + 4 if matrix.layout == BLOCKS_4 else BLOCK + 2)
    found = _aligned(layers, size)
    for layer in range(layers):
        found[layer] = _stream(matrix, layer).reshape(-1).view(np.uint8)
    return Packed(matrix.layout, found, numbers_of(matrix.numbers), lanes)


def numbers_of(numbers: Ints) -> Numbers:
    """Of rows' numbers, whatever stands before their axis. They are read for each token, so as few bytes as do."""
    biases, multipliers, shifts = np.moveaxis(numbers, -1, 0)
    biases = np.ascontiguousarray(biases if biases.any() else biases[..., :0])
    return biases, np.ascontiguousarray(multipliers, np.int32), np.ascontiguousarray(shifts, np.uint8)


def _aligned(layers: int, size: int) -> Ints:
    """Room for a stream that is read from end to end for each token: in pages of 2 MiB where the system has them."""
    room = mmap.mmap(-1, layers * size + _PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without them
            room.madvise(mmap.MADV_HUGEPAGE)
    whole = np.frombuffer(room, np.uint8)
    start = -whole.ctypes.data % _PAGE
    return whole[start : start + layers * size].reshape(layers, size)


def _stream(matrix: Matrix, layer: int) -> Ints:
    """One layer: groups of sixteen rows, in each two blocks after the other, in each its weights before its scales."""
    quads = _in_quads(matrix.weights[layer])
    if matrix.layout == ROWS_8:
        return np.ascontiguousarray((quads.astype(np.int16) + _OFFSET).astype(np.uint8))
    groups, units = len(quads), quads.shape[1] // (2 * BLOCK // 4)
    pairs = quads.reshape(groups, units, BLOCK // 4, 2, -1)
    if matrix.layout == BLOCKS_4:
        weights = pairs[:, :, :, 0].astype(np.uint8) | pairs[:, :, :, 1].astype(np.uint8) << 4
    else:
        weights = (pairs.astype(np.int16) + _OFFSET).astype(np.uint8)
    scales = matrix.scales[layer].reshape(groups, ROWS, units, 2, 2)
    parts = [weights, scales[..., 0].transpose(0, 2, 3, 1)]
    if matrix.layout == BLOCKS_4:
        parts.append(scales[..., 1].transpose(0, 2, 1, 3))
    flat = [np.ascontiguousarray(part).reshape(groups, units, -1).view(np.uint8) for part in parts]
    return np.concatenate(flat, axis=2)


def _in_quads(weights: Ints) -> Ints:
    """Groups of sixteen rows; in each four lanes after the other; in each the rows."""
    rows, lanes = weights.shape
    return weights.reshape(rows // ROWS, ROWS, lanes // 4, 4).transpose(0, 2, 1, 3)
