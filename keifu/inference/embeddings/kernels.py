"""The compiled arithmetic that embedding models have beside token models': norms with means, tables, no angles."""

from __future__ import annotations

from typing import Any

import numpy as np

from keifu._compiled import kept
from keifu.inference.tokens.arithmetic import clip, rq
from keifu.inference.tokens.kernels import inverse_root, scaled
from keifu.inference.tokens.lanes import ROWS

__all__ = ["dense", "layer_norm", "spread"]

_HEAD, _KEY, _ACTIVATION = 64, 5_791, 8_191
_SQUARES = 64  # of numbers of 28 bits, that 64 bits hold


@kept
def layer_norm(h: Any, gains: Any, biases: Any, shift: Any, epsilon: Any, out: Any) -> None:
    """Of each row."""
    width = h.shape[1]
    for row in range(h.shape[0]):
        total = np.int64(0)
        for lane in range(width):
            total += np.int64(h[row, lane])
        middle = (2 * total + width) // (2 * width)
        mean, rest = np.int64(0), np.int64(0)
        for start in range(0, width, _SQUARES):
            squares = np.int64(0)
            for lane in range(start, min(start + _SQUARES, width)):
                x = np.int64(h[row, lane]) - middle
                squares += x * x
            mean += squares // width
            rest += squares % width
        inverse, down = inverse_root(mean + rest // width + epsilon)
        for lane in range(width):
            x = ((np.int64(h[row, lane]) - middle) * inverse) >> down
            out[row, lane] = clip(rq(x, np.int64(gains[lane]), shift) + np.int64(biases[lane]), _ACTIVATION)


@kept
def dense(sums: Any, numbers: Any, limit: Any, out: Any) -> None:
    """Lanes of sums, row by row."""
    for row in range(sums.shape[0]):
        for lane in range(sums.shape[1]):
            out[row, lane] = scaled(sums[row], numbers, lane, limit)


@kept
def spread(sums: Any, numbers: Any, queries: Any, keys: Any, values: Any) -> None:
    """Queries, keys and values from their sums, where attention reads them."""
    heads = keys.shape[0]
    for row in range(sums.shape[0]):
        group, within = row // ROWS, row % ROWS
        for head in range(heads):
            for lane in range(_HEAD):
                at = head * _HEAD + lane
                queries[row, head, lane] = scaled(sums[row], numbers, at, _KEY)
                keys[head, group, lane // 2, within, lane % 2] = scaled(sums[row], numbers, heads * _HEAD + at, _KEY)
                value = scaled(sums[row], numbers, 2 * heads * _HEAD + at, _ACTIVATION)
                values[head, lane // ROWS, row // 2, lane % ROWS, row % 2] = value
