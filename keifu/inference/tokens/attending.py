"""Attention: scores, softmax and weighted sums, over keys and values in the order in which `lanes` reads them."""

from __future__ import annotations

from typing import Any

import numpy as np

from keifu._compiled import kept
from keifu.inference.tokens.arithmetic import quotient
from keifu.inference.tokens.lanes import ROWS, softened, wide_of_1, wide_of_2, wide_of_3, wide_of_6
from keifu.inference.tokens.soon import ask

__all__ = ["attend"]

_HEAD, _PLACES, _TOGETHER = 64, 512, 3


@kept
def attend(queries: Any, keys: Any, values: Any, scale: Any, start: Any, whole: Any, out: Any, soon: Any) -> None:
    """Scores, softmax and weighted sums of each row and head. Of keys sixteen positions stand side by side, of values
    sixteen lanes. Weights have 17 bits, and are taken as two numbers of 9 and 8. A row sees the positions until its
    own, or the first `whole`, unless that is 0. Three of the queries that share a key are taken together. On the way
    memory is asked for `soon`."""
    count, heads = queries.shape[0], queries.shape[1]
    shared = heads // keys.shape[0]
    places = (max(start + count, whole) + ROWS - 1) // ROWS * ROWS
    asked, found = np.empty(_TOGETHER * _HEAD, np.int16), np.empty(_TOGETHER * places, np.int32)
    parts, small = np.empty(2 * _TOGETHER * places, np.int16), np.empty(2 * _TOGETHER * ROWS, np.int32)
    totals, summed = np.empty(_TOGETHER, np.int64), np.empty(_TOGETHER * ROWS, np.int64)
    for head in range(keys.shape[0]):
        key, value = keys[head].reshape(-1), values[head]
        query = 0
        while query < count * shared:
            together = _TOGETHER if query + _TOGETHER <= count * shared else 1
            for number in range(together):
                row, own = (query + number) // shared, head * shared + (query + number) % shared
                asked[number * _HEAD : (number + 1) * _HEAD] = queries[row, own]
            last = (query + together - 1) // shared
            groups = ((whole if whole else start + last + 1) + ROWS - 1) // ROWS
            _score(key, asked, groups, together, found, places)
            for number in range(together):
                own = whole if whole else start + (query + number) // shared + 1
                at = number * places
                totals[number] = softened(
                    found, at, found[at : at + own].max(), scale[0], scale[1], own, groups, parts, 2 * at, places
                )  # fmt: skip
            for group in range(_HEAD // ROWS):
                ask(soon, head * (_HEAD // ROWS) + group, keys.shape[0] * (_HEAD // ROWS))
                _weighted(value[group].reshape(-1), parts, places, groups * ROWS, together, small, summed)
                for number in range(together):
                    row, own = (query + number) // shared, head * shared + (query + number) % shared
                    total = totals[number]
                    for place in range(ROWS):
                        mean = quotient(2 * summed[number * ROWS + place] + total, 2 * total)
                        out[row, own * _HEAD + group * ROWS + place] = mean
            query += together


@kept
def _score(key: Any, asked: Any, groups: Any, together: Any, found: Any, places: Any) -> None:
    for group in range(groups):
        at, to = group * ROWS * _HEAD, group * ROWS
        if together == 1:
            wide_of_1(key, at, asked, 0, _HEAD, _HEAD // 2, found, to, places)
        else:
            wide_of_3(key, at, asked, 0, _HEAD, _HEAD // 2, found, to, places)


@kept
def _weighted(lanes: Any, parts: Any, places: Any, seen: Any, together: Any, small: Any, summed: Any) -> None:
    """Sums of sixteen lanes' values times their weights. Five hundred positions never pass 32 bits."""
    summed[:] = 0
    for start in range(0, seen, _PLACES):
        pairs = min(_PLACES, seen - start) // 2
        if together == 1:
            wide_of_2(lanes, start * ROWS, parts, start, places, pairs, small, 0, ROWS)
        else:
            wide_of_6(lanes, start * ROWS, parts, start, places, pairs, small, 0, ROWS)
        for number in range(together):
            for place in range(ROWS):
                at = 2 * number * ROWS + place
                summed[number * ROWS + place] += (np.int64(small[at]) << 8) + small[at + ROWS]
