"""What a provider commits to, hashed chunk by chunk where a layer makes it: the nearest caches still hold it then.

Of each group and row stand the hashes of the outputs' chunks, and of each layer and row those of its keys, then of its
values. `committing` makes trees of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from keifu._compiled import kept
from keifu.inference.tokens.lanes import ROWS
from keifu.inference.tokens.program import HEAD, Sizes
from keifu.merkle.plain import BEHIND, CHUNK_WORDS, HASH_WORDS, WIDES, hash_chunks

__all__ = ["NO_HASHES", "Leaves", "hash_lanes"]

NO_HASHES = np.empty((0, HASH_WORDS), np.uint64)
_PAIRS = HEAD // 2
_SOME = 3  # rows whose keys and values are hashed together: with three heads, no place is idle
_8, _LOWER, _HALVES, _HALF = np.uint32(8), np.uint32(0x00FF00FF), np.uint32(0x80008000), np.uint16(0x8000)


class Leaves:
    """Of so many rows; uint64[n, 4] with room behind the last. Groups × rows × chunks of outputs; layers × rows × twice
    the heads of keys and values."""

    def __init__(self, sizes: Sizes, rows: int) -> None:
        self.groups, self.rows = sizes.layers + 1, rows
        self.chunks, self.heads = -(-sizes.width // WIDES), sizes.heads // sizes.shared
        counts = self.groups * rows * self.chunks, (self.groups - 1) * rows * 2 * self.heads
        self.outs, self.lanes = (np.empty((count + BEHIND, HASH_WORDS), np.uint64) for count in counts)


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
def hash_lanes(keys: Any, values: Any, start: Any, count: Any, hashes: Any, at: Any, iota: Any) -> None:
    """Keys and values of a layer, of `count` positions from `start` on, to hashes from row `at` on."""
    heads = keys.shape[0]
    words = np.empty((2 * _SOME, heads * CHUNK_WORDS), np.uint64)
    for first in range(0, count, _SOME):
        some = min(_SOME, count - first)
        for place in range(some):
            _keys_of(keys, start + first + place, words[2 * place])
            _values_of(values, start + first + place, words[2 * place + 1])
        hash_chunks(words[: 2 * some], hashes, at + 2 * first * heads, iota)
