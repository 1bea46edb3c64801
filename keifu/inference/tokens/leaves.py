"""What a provider commits to, as outputs, keys and values of layers come. Behind the last layer trees are made of the
hashes of their chunks, those of all layers together.
"""

from __future__ import annotations

from typing import Any

from keifu._compiled import kept
from keifu.merkle.plain import FEW, HASH_WORDS, WIDES, fold, queue, room, roots_in

__all__ = ["bound", "queues"]

_PLACES = 4  # of a boundary: output, keys, values, and nothing
_SOME = 3  # rows whose keys and values are hashed together: with three heads, no place is idle


@kept
def queues(groups: Any, rows: Any, width: Any, heads: Any) -> Any:
    """Of outputs, groups × rows, and of keys and values, layers × rows × these two."""
    chunks = (width + WIDES - 1) // WIDES
    return queue(FEW, chunks, groups * rows), queue(2 * _SOME, heads, (groups - 1) * rows * 2)


@kept
def bound(outs: Any, lanes: Any, out: Any, iota: Any) -> None:
    """The boundaries of groups at positions, uint64[positions, groups, 4], from both queues."""
    count, groups = out.shape[0], out.shape[1]
    above, beside = roots_in(outs, iota), roots_in(lanes, iota)
    found = room(count * groups * _PLACES)
    found[:] = 0
    for place in range(count):
        for group in range(groups):
            at, row = (place * groups + group) * _PLACES, group * count + place
            found[at] = above[row]
            if group:
                found[at + 1], found[at + 2] = beside[2 * (row - count)], beside[2 * (row - count) + 1]
    fold(found, count * groups, _PLACES, iota)
    out.reshape(count * groups, HASH_WORDS)[:] = found[: count * groups]
