"""What a provider commits to, as outputs, keys and values of layers come. Behind the last layer trees are made of the
hashes of their chunks, those of all layers together.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from keifu._compiled import kept
from keifu.merkle.plain import FEW, HASH_WORDS, WIDES, fold, moved, queue, roots_in

__all__ = ["bound", "queues"]

_PLACES = 4  # of a boundary: output, keys, values, and nothing
_SOME = 3  # rows whose keys and values are hashed together: with three heads, no place is idle


@kept
def queues(groups: Any, rows: Any, width: Any, heads: Any) -> Any:
    """Of outputs, groups × rows, and of keys and values, layers × rows × these two."""
    chunks = (width + WIDES - 1) // WIDES
    return queue(FEW, chunks, groups * rows), queue(2 * _SOME, heads, (groups - 1) * rows * 2)


@kept
def bound(outs: Any, lanes: Any, by_position: Any, out: Any, iota: Any) -> None:
    """The boundaries of groups at positions, uint64[positions, groups, 4], from both queues, to which these came group
    by group, or `by_position`."""
    count, groups = out.shape[0], out.shape[1]
    above, beside = roots_in(outs, iota).reshape(-1), roots_in(lanes, iota).reshape(-1)
    found = np.zeros((count * groups * _PLACES, HASH_WORDS), np.uint64)
    words = found.reshape(-1)
    for place in range(count):
        for group in range(groups):
            row = place * groups + group if by_position else group * count + place
            own = place * (groups - 1) + group - 1 if by_position else row - count
            to = (place * groups + group) * _PLACES * HASH_WORDS
            moved(above, row * HASH_WORDS, words, to)
            if group:
                moved(beside, 2 * own * HASH_WORDS, words, to + HASH_WORDS)
                moved(beside, (2 * own + 1) * HASH_WORDS, words, to + 2 * HASH_WORDS)
    fold(found, count * groups, _PLACES, out.reshape(count * groups, HASH_WORDS), iota)
