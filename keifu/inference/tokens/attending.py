"""Attention: scores, softmax and weighted sums, over keys and values in the order in which `lanes` reads them."""

from __future__ import annotations

from typing import Any

import numpy as np

from keifu._compiled import kept
from keifu.inference.tokens.arithmetic import exp2n, quotient
from keifu.inference.tokens.lanes import MANY, ROWS, wide_of_1, wide_of_many

__all__ = ["attend"]

_HEAD, _PLACES = 64, 512


@kept
def attend(queries: Any, keys: Any, values: Any, scale: Any, start: Any, whole: Any, out: Any) -> None:
    """Scores, softmax and weighted sums of each row and head. Of keys sixteen positions stand side by side, of values
    sixteen lanes. Weights have 17 bits, and are taken as two numbers of 9 and 8. A row sees the positions until its
    own, or the first `whole`, unless that is 0."""
    count, heads = queries.shape[0], queries.shape[1]
    shared, flat = heads // keys.shape[0], queries.reshape(-1)
    places = (max(start + count, whole) + ROWS - 1) // ROWS * ROWS
    found, small = np.empty((MANY, places), np.int32), np.empty(MANY * ROWS, np.int32)
    high, low = np.empty((MANY, places), np.int16), np.empty((MANY, places), np.int16)
    totals, summed = np.empty(MANY, np.int64), np.empty((MANY, ROWS), np.int64)
    for head in range(heads):
        key, value = keys[head // shared].reshape(-1), values[head // shared]
        row = 0
        while row < count:
            rows = MANY if row + MANY <= count else 1
            seen = whole if whole else start + row + rows
            for group in range((seen + ROWS - 1) // ROWS):
                at = (row * heads + head) * _HEAD
                if rows == 1:
                    wide_of_1(key, group * ROWS * _HEAD, flat, at, 0, _HEAD // 2, small)
                else:
                    wide_of_many(key, group * ROWS * _HEAD, flat, at, heads * _HEAD, _HEAD // 2, small)
                for number in range(rows):
                    for place in range(ROWS):
                        found[number, group * ROWS + place] = small[number * ROWS + place]
            for number in range(rows):
                own = whole if whole else seen - rows + number + 1
                totals[number] = _weigh(found[number], own, seen, scale, high[number], low[number])
            for group in range(_HEAD // ROWS):
                lanes = value[group].reshape(-1)
                _weighted(lanes, high.reshape(-1), places, seen, rows, small, summed, True)
                _weighted(lanes, low.reshape(-1), places, seen, rows, small, summed, False)
                for number in range(rows):
                    total = totals[number]
                    for place in range(ROWS):
                        mean = quotient(2 * summed[number, place] + total, 2 * total)
                        out[row + number, head * _HEAD + group * ROWS + place] = mean
            row += rows


@kept
def _weigh(found: Any, seen: Any, most: Any, scale: Any, high: Any, low: Any) -> Any:
    """The sum of the weights of the first `seen` scores; those behind, up to an even number, get none."""
    largest = found[0]
    for place in range(1, seen):
        largest = max(largest, found[place])
    multiplier, shift, total = scale[0], scale[1], np.int64(0)
    for place in range(seen):
        weight = exp2n(((np.int64(largest) - np.int64(found[place])) * multiplier) >> shift)
        high[place], low[place] = weight >> 8, weight & 255
        total += weight
    for place in range(seen, most + most % 2):
        high[place], low[place] = 0, 0
    return total


@kept
def _weighted(
    lanes: Any, weights: Any, stride: Any, seen: Any, rows: Any, small: Any, summed: Any, is_high: bool
) -> None:
    """Sums of sixteen lanes' values times their weights. Five hundred positions never pass 32 bits."""
    if is_high:
        summed[:] = 0
    for start in range(0, seen, _PLACES):
        pairs = (min(_PLACES, seen - start) + 1) // 2
        if rows == 1:
            wide_of_1(lanes, start * ROWS, weights, start, 0, pairs, small)
        else:
            wide_of_many(lanes, start * ROWS, weights, start, stride, pairs, small)
        for number in range(rows):
            for place in range(ROWS):
                more = np.int64(small[number * ROWS + place])
                summed[number, place] += more << 8 if is_high else more
