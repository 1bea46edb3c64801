"""What a provider commits to, hashed chunk by chunk where a layer makes it: the nearest caches still hold it then.

Behind the last layer trees are made of the hashes, those of all layers together.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from keifu._compiled import kept
from keifu.inference.tokens.lanes import ROWS
from keifu.inference.tokens.program import HEAD
from keifu.merkle.plain import BEHIND, FEW, HASH_WORDS, NOTHING, WIDES, added, fold, hash_waiting, queue

__all__ = ["add_lanes", "bound", "queues"]

_PAIRS = HEAD // 2
_PLACES = 4  # of a boundary: output, keys, values, and nothing
_TREES = 512  # that a near cache holds
_SOME = 3  # rows whose keys and values are hashed together: with three heads, no place is idle
_8, _LOWER, _HALVES, _HALF = np.uint32(8), np.uint32(0x00FF00FF), np.uint32(0x80008000), np.uint16(0x8000)


@kept
def queues(groups: Any, rows: Any, width: Any, heads: Any) -> Any:
    """Of outputs, groups × rows, and of keys and values, layers × rows × these two."""
    chunks = (width + WIDES - 1) // WIDES
    return queue(FEW, chunks, groups * rows * chunks), queue(2 * _SOME, heads, (groups - 1) * rows * 2 * heads)


@kept
def _keys_of(keys: Any, position: Any, out: Any) -> None:
    """Of a layer, as they are hashed."""
    pairs, places = keys.view(np.uint32), out.view(np.uint32)
    group, within = position // ROWS, position % ROWS
    for head in range(keys.shape[0]):
        for pair in range(_PAIRS):
            both = pairs[head, group, pair, within, 0] ^ _HALVES
            places[head * _PAIRS + pair] = ((both >> _8) & _LOWER) | ((both & _LOWER) << _8)


@kept
def _values_of(values: Any, position: Any, out: Any) -> None:
    """Of a layer, as they are hashed."""
    places, place, odd = out.view(np.uint16), position // 2, position % 2
    for head in range(values.shape[0]):
        for part in range(HEAD // ROWS):
            for lane in range(ROWS):
                value = np.uint16(values[head, part, place, lane, odd]) ^ _HALF
                places[head * HEAD + part * ROWS + lane] = (value >> 8) | (value << 8)


@kept
def add_lanes(queue: Any, keys: Any, values: Any, position: Any, iota: Any) -> None:
    """Keys and values of a layer at a position."""
    words, waiting = queue[0], queue[1]
    _keys_of(keys, position, words[waiting[0]])
    _values_of(values, position, words[waiting[0] + 1])
    added(queue, 2, iota)


@kept
def _folded(hashes: Any, trees: Any, count: Any, iota: Any, soon: Any) -> Any:
    """What `fold` gives, some trees after the other."""
    roots = np.empty((trees, HASH_WORDS), np.uint64)
    for first in range(0, trees, _TREES):
        end = min(first + _TREES, trees)
        roots[first:end] = fold(hashes[first * count : end * count], end - first, count, iota, soon)
    return roots


@kept
def bound(outs: Any, lanes: Any, heads: Any, out: Any, iota: Any, soon: Any) -> None:
    """The boundaries of groups at positions, uint64[positions, groups, 4], from both queues. On the way memory is asked
    for what is read behind that."""
    hash_waiting(outs, iota)
    hash_waiting(lanes, iota)
    count, groups = out.shape[0], out.shape[1]
    above = _folded(outs[2], groups * count, (outs[2].shape[0] - BEHIND) // (groups * count), iota, soon)
    beside = _folded(lanes[2], (groups - 1) * 2 * count, heads, iota, NOTHING)
    found = np.zeros((count * groups * _PLACES, HASH_WORDS), np.uint64)
    for place in range(count):
        for group in range(groups):
            at, row = (place * groups + group) * _PLACES, group * count + place
            found[at] = above[row]
            if group:
                found[at + 1], found[at + 2] = beside[2 * (row - count)], beside[2 * (row - count) + 1]
    out.reshape(count * groups, HASH_WORDS)[:] = _folded(found, count * groups, _PLACES, iota, NOTHING)
