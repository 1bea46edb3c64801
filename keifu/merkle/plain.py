"""Trees of equal size, many at once, in the order of their leaves: what token models commit to. Whoever imports this
imports numba.

A leaf is the hash of 128 bytes, 32 lanes of 32 bits or 64 of 16, each with half its range added, the highest byte first
(docs/inference-program.md). A node is the hash of left ‖ right, and 32 zero bytes stand where a neighbour is missing,
at every level. Eight messages are hashed in lock-step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.merkle._keccak import HASH_WORDS, IOTA, LANES, ONE, RATE_WORDS, TOP_BIT, WIDTH, permute

__all__ = [
    "CHUNK_WORDS",
    "HASH_BYTES",
    "IOTA",
    "WIDES",
    "fold",
    "narrow",
    "nodes_of",
    "rooted",
    "roots_of",
    "roots_of_16",
    "wide",
    "wide_bytes",
]

HASH_BYTES = 32
CHUNK_WORDS, WIDES, NARROWS = 16, 32, 64
_WIDE_HALF, _NARROW_HALF = np.uint32(1 << 31), np.uint16(1 << 15)
_8, _24 = np.uint32(8), np.uint32(24)
_SECOND, _THIRD = np.uint32(0xFF00), np.uint32(0xFF0000)


@kept
def wide_bytes(lanes: Any, words: Any) -> None:
    """A tensor of 32 bits as it is hashed, with lanes of nothing up to a whole chunk."""
    out = words.view(np.uint32)
    for lane in range(out.shape[0]):
        value = np.uint32(lanes[lane] if lane < lanes.shape[0] else 0) ^ _WIDE_HALF
        out[lane] = (value >> _24) | ((value >> _8) & _SECOND) | ((value << _8) & _THIRD) | (value << _24)


@kept
def _narrow_bytes(lanes: Any, out: Any) -> None:
    for lane in range(out.shape[0]):
        value = np.uint16(lanes[lane] if lane < lanes.shape[0] else 0) ^ _NARROW_HALF
        out[lane] = (value >> 8) | (value << 8)


@kept
def _finish(state: Any, words: Any, together: Any, first: Any, out: Any, iota: Any) -> None:
    for j in range(together):
        state[words * WIDTH + j] |= ONE
        state[(RATE_WORDS - 1) * WIDTH + j] |= TOP_BIT
    permute(state, iota)
    for j in range(together):
        for word in range(HASH_WORDS):
            out[first + j, word] = state[word * WIDTH + j]


@kept
def wide(lanes: Any, iota: Any) -> Any:
    """The roots of tensors of 32 bits, int32[trees, lanes], as uint64[trees, 4]."""
    trees, chunks = lanes.shape[0], (lanes.shape[1] + WIDES - 1) // WIDES
    words = np.empty((trees, chunks * CHUNK_WORDS), np.uint64)
    for tree in range(trees):
        wide_bytes(lanes[tree], words[tree])
    return rooted(words, iota)


@kept
def narrow(lanes: Any, iota: Any) -> Any:
    """The roots of tensors of 16 bits, int16[trees, lanes], as uint64[trees, 4]."""
    trees, chunks = lanes.shape[0], (lanes.shape[1] + NARROWS - 1) // NARROWS
    words = np.empty((trees, chunks * CHUNK_WORDS), np.uint64)
    for tree in range(trees):
        _narrow_bytes(lanes[tree], words[tree].view(np.uint16))
    return rooted(words, iota)


@kept
def rooted(words: Any, iota: Any) -> Any:
    """The roots of tensors whose bytes are written as they are hashed."""
    trees, chunks = words.shape[0], words.shape[1] // CHUNK_WORDS
    rows = words.reshape(trees * chunks, CHUNK_WORDS)
    hashes, state = np.empty((trees * chunks, HASH_WORDS), np.uint64), np.empty(LANES * WIDTH, np.uint64)
    for first in range(0, trees * chunks, WIDTH):
        together = min(WIDTH, trees * chunks - first)
        state[:] = 0
        for j in range(together):
            for word in range(CHUNK_WORDS):
                state[word * WIDTH + j] = rows[first + j, word]
        _finish(state, CHUNK_WORDS, together, first, hashes, iota)
    return fold(hashes, trees, chunks, iota)


@kept
def fold(hashes: Any, trees: Any, count: Any, iota: Any) -> Any:
    """The roots over uint64[trees · count, 4], level by level over all trees together."""
    state = np.empty(LANES * WIDTH, np.uint64)
    while count > 1:
        above = (count + 1) // 2
        out = np.empty((trees * above, HASH_WORDS), np.uint64)
        for first in range(0, trees * above, WIDTH):
            together = min(WIDTH, trees * above - first)
            state[:] = 0
            for j in range(together):
                tree, left = (first + j) // above, (first + j) % above * 2
                for word in range(HASH_WORDS):
                    state[word * WIDTH + j] = hashes[tree * count + left, word]
                if left + 1 < count:
                    for word in range(HASH_WORDS):
                        state[(HASH_WORDS + word) * WIDTH + j] = hashes[tree * count + left + 1, word]
            _finish(state, 2 * HASH_WORDS, together, first, out, iota)
        hashes, count = out, above
    return hashes


# What Python calls writes into arrays that are given: numba cannot always return one from code that it kept.


@kept
def _wide_into(lanes: Any, out: Any, iota: Any) -> None:
    out[:] = wide(lanes, iota)


@kept
def _narrow_into(lanes: Any, out: Any, iota: Any) -> None:
    out[:] = narrow(lanes, iota)


@kept
def _fold_into(hashes: Any, trees: Any, count: Any, out: Any, iota: Any) -> None:
    out[:] = fold(hashes, trees, count, iota)


def roots_of(lanes: NDArray[np.int32]) -> NDArray[np.uint8]:
    """The roots of tensors of 32 bits: int32[trees, lanes] to uint8[trees, 32]."""
    out = np.empty((len(lanes), HASH_WORDS), np.uint64)
    _wide_into(lanes, out, IOTA)
    return out.view(np.uint8)


def roots_of_16(lanes: NDArray[np.int16]) -> NDArray[np.uint8]:
    """The roots of tensors of 16 bits: int16[trees, lanes] to uint8[trees, 32]."""
    out = np.empty((len(lanes), HASH_WORDS), np.uint64)
    _narrow_into(lanes, out, IOTA)
    return out.view(np.uint8)


def nodes_of(hashes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The roots over leaves that are hashed: uint8[trees, leaves, 32] to uint8[trees, 32]."""
    trees, count, _ = hashes.shape
    words = np.ascontiguousarray(hashes).reshape(-1, HASH_BYTES).view(np.uint64)
    out = np.empty((trees, HASH_WORDS), np.uint64)
    _fold_into(words, trees, count, out, IOTA)
    return out.view(np.uint8)
