"""What a provider commits to, hashed chunk by chunk where a layer makes it: the nearest caches still hold it then.

Behind the last layer trees are made of the hashes, those of all layers together.
"""

from __future__ import annotations

from typing import Any

from keifu._compiled import kept
from keifu.merkle.plain import BEHIND, FEW, HASH_WORDS, NOTHING, WIDES, fold, hash_waiting, queue, room

__all__ = ["bound", "queues"]

_PLACES = 4  # of a boundary: output, keys, values, and nothing
_TREES = 512  # that a near cache holds
_SOME = 3  # rows whose keys and values are hashed together: with three heads, no place is idle


@kept
def queues(groups: Any, rows: Any, width: Any, heads: Any) -> Any:
    """Of outputs, groups × rows, and of keys and values, layers × rows × these two."""
    chunks = (width + WIDES - 1) // WIDES
    return queue(FEW, chunks, groups * rows * chunks), queue(2 * _SOME, heads, (groups - 1) * rows * 2 * heads)


@kept
def _fold(hashes: Any, trees: Any, count: Any, iota: Any, soon: Any) -> None:
    """As `fold` does, some trees after the other."""
    for first in range(0, trees, _TREES):
        end = min(first + _TREES, trees)
        own = hashes[first * count : end * count + BEHIND]
        fold(own, end - first, count, iota, soon)
        hashes[first:end] = own[: end - first]


@kept
def bound(outs: Any, lanes: Any, heads: Any, out: Any, iota: Any, soon: Any) -> None:
    """The boundaries of groups at positions, uint64[positions, groups, 4], from both queues. On the way memory is asked
    for what is read behind that."""
    hash_waiting(outs, iota)
    hash_waiting(lanes, iota)
    count, groups = out.shape[0], out.shape[1]
    above, beside = outs[2], lanes[2]
    _fold(above, groups * count, (above.shape[0] - BEHIND) // (groups * count), iota, soon)
    _fold(beside, (groups - 1) * 2 * count, heads, iota, NOTHING)
    found = room(count * groups * _PLACES)
    found[:] = 0
    for place in range(count):
        for group in range(groups):
            at, row = (place * groups + group) * _PLACES, group * count + place
            found[at] = above[row]
            if group:
                found[at + 1], found[at + 2] = beside[2 * (row - count)], beside[2 * (row - count) + 1]
    _fold(found, count * groups, _PLACES, iota, NOTHING)
    out.reshape(count * groups, HASH_WORDS)[:] = found[: count * groups]
