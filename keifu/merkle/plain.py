"""Trees of equal size, many at once, in the order of their leaves: what token models commit to. Whoever imports this
imports numba.

A leaf is the hash of 128 bytes, 32 lanes of 32 bits or 64 of 16, each with half its range added, the highest byte first
(docs/inference-program.md). A node is the hash of left ‖ right, and 32 zero bytes stand where a neighbour is missing,
at every level. Nine messages are hashed in lock-step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.merkle._blocks import AT_ONCE, chunked, in_a_row, moved, paired
from keifu.merkle._keccak import HASH_WORDS, IOTA, TABLE

__all__ = [
    "FEW",
    "HASH_BYTES",
    "HASH_WORDS",
    "IOTA",
    "WIDES",
    "add_narrow",
    "add_wide",
    "fold",
    "moved",
    "nodes_of",
    "queue",
    "roots_in",
    "roots_of",
    "roots_of_16",
]

HASH_BYTES = 32
CHUNK_WORDS, WIDES, NARROWS = 16, 32, 64
BEHIND = 2 * (AT_ONCE - 1)  # rows more than there are, which are read and written with the last ones
FEW = 4  # tensors, which the nearest cache holds
TREES = 512  # whose hashes a near one holds
_WIDE_HALF, _NARROW_HALF = np.uint32(1 << 31), np.uint16(1 << 15)
_8, _24 = np.uint32(8), np.uint32(24)
_SECOND, _THIRD = np.uint32(0xFF00), np.uint32(0xFF0000)
_WIDE_NOTHING, _NARROW_NOTHING = np.uint32(0x80), np.uint16(0x80)  # a lane of 0 as it is hashed
_chunks, _pairs = chunked(TABLE), paired(TABLE)
_wide_lanes, _narrow_lanes = in_a_row(TABLE, 32), in_a_row(TABLE, 16)


@kept
def _wide_bytes(rows: Any, row: Any, words: Any, at: Any) -> None:
    """A tensor of 32 bits as it is hashed, with lanes of nothing up to a whole chunk."""
    for lane in range(rows.shape[1]):
        value = np.uint32(rows[row, lane]) ^ _WIDE_HALF
        words[at, lane] = (value >> _24) | ((value >> _8) & _SECOND) | ((value << _8) & _THIRD) | (value << _24)
    for lane in range(rows.shape[1], words.shape[1]):
        words[at, lane] = _WIDE_NOTHING


@kept
def _narrow_bytes(rows: Any, row: Any, words: Any, at: Any) -> None:
    for lane in range(rows.shape[1]):
        value = np.uint16(rows[row, lane]) ^ _NARROW_HALF
        words[at, lane] = (value >> 8) | (value << 8)
    for lane in range(rows.shape[1], words.shape[1]):
        words[at, lane] = _NARROW_NOTHING


@kept
def queue(tensors: Any, chunks: Any, count: Any) -> Any:
    """Tensors that wait to be hashed together, where there is room for so many; how many wait, are hashed, and have a
    root; the hashes of chunks, as many as a near cache holds; and the roots, `count` at the end. Code that is called
    for one tensor alone is gone from the caches."""
    words, roots = np.empty((tensors, chunks * CHUNK_WORDS), np.uint64), np.empty((count, HASH_WORDS), np.uint64)
    return words, np.zeros(3, np.int64), _room(min(count, TREES), chunks), roots


@kept
def add_wide(queue: Any, rows: Any, iota: Any) -> None:
    """Tensors of 32 bits more, int32[tensors, lanes], which are hashed when there is no more room; at once, and without
    being written as they are hashed, where no place would be idle."""
    words, waiting = queue[0].view(np.uint32), queue[1]
    if rows.shape[1] == words.shape[1] and _fill_all(queue, rows.shape[0], iota):
        start, lanes = waiting[1] * (rows.shape[1] // WIDES), rows.reshape(-1).view(np.uint64)
        for first in range(0, lanes.size // CHUNK_WORDS, AT_ONCE):
            _wide_lanes(lanes, first * CHUNK_WORDS, queue[2], start + first, iota)
        waiting[1] += rows.shape[0]
        return
    for row in range(rows.shape[0]):
        _wide_bytes(rows, row, words, waiting[0])
        waiting[0] += 1
        if waiting[0] == words.shape[0]:
            _hash_waiting(queue, iota)


@kept
def add_narrow(queue: Any, rows: Any, iota: Any) -> None:
    """The same of 16 bits."""
    words, waiting = queue[0].view(np.uint16), queue[1]
    if rows.shape[1] == words.shape[1] and _fill_all(queue, rows.shape[0], iota):
        start, lanes = waiting[1] * (rows.shape[1] // NARROWS), rows.reshape(-1).view(np.uint64)
        for first in range(0, lanes.size // CHUNK_WORDS, AT_ONCE):
            _narrow_lanes(lanes, first * CHUNK_WORDS, queue[2], start + first, iota)
        waiting[1] += rows.shape[0]
        return
    for row in range(rows.shape[0]):
        _narrow_bytes(rows, row, words, waiting[0])
        waiting[0] += 1
        if waiting[0] == words.shape[0]:
            _hash_waiting(queue, iota)


@kept
def _fill_all(queue: Any, tensors: Any, iota: Any) -> bool:
    """Whether so many tensors of whole chunks fill all places, with none that waits before them; there is room then."""
    words, waiting, hashes, _ = queue
    chunks = words.shape[1] // CHUNK_WORDS
    if waiting[0] or tensors * chunks % AT_ONCE or _rows(tensors, chunks) > hashes.shape[0]:
        return False
    if _rows(waiting[1] + tensors, chunks) > hashes.shape[0]:
        _fold_hashed(queue, iota)
    return True


@kept
def _hash_waiting(queue: Any, iota: Any) -> None:
    words, waiting, hashes, _ = queue
    chunks = words.shape[1] // CHUNK_WORDS
    if _rows(waiting[1] + waiting[0], chunks) > hashes.shape[0]:
        _fold_hashed(queue, iota)
    hash_chunks(words[: waiting[0]], hashes, waiting[1] * chunks, iota)
    waiting[1] += waiting[0]
    waiting[0] = 0


@kept
def _fold_hashed(queue: Any, iota: Any) -> None:
    words, waiting, hashes, roots = queue
    trees, first = waiting[1], waiting[2]
    _fold_together(hashes, trees, words.shape[1] // CHUNK_WORDS, iota)
    roots[first : first + trees] = hashes[:trees]
    waiting[1], waiting[2] = 0, first + trees


@kept
def roots_in(queue: Any, iota: Any) -> Any:
    """Of all tensors that were added, uint64[count, 4]."""
    _hash_waiting(queue, iota)
    _fold_hashed(queue, iota)
    return queue[3]


@kept
def _wide(lanes: Any, iota: Any) -> Any:
    """The roots of tensors of 32 bits, int32[trees, lanes], as uint64[trees, 4]."""
    waiting = queue(FEW, (lanes.shape[1] + WIDES - 1) // WIDES, lanes.shape[0])
    add_wide(waiting, lanes, iota)
    return roots_in(waiting, iota)


@kept
def narrow(lanes: Any, iota: Any) -> Any:
    """The roots of tensors of 16 bits, int16[trees, lanes], as uint64[trees, 4]."""
    waiting = queue(FEW, (lanes.shape[1] + NARROWS - 1) // NARROWS, lanes.shape[0])
    add_narrow(waiting, lanes, iota)
    return roots_in(waiting, iota)


@kept
def hash_chunks(words: Any, hashes: Any, start: Any, iota: Any) -> None:
    """Of tensors whose bytes are written as they are hashed, to rows from `start` on; what lies behind is lost."""
    count, flat = words.size // CHUNK_WORDS, words.reshape(-1)
    places = np.empty(AT_ONCE, np.int64)
    for first in range(0, count, AT_ONCE):
        for j in range(AT_ONCE):
            places[j] = min(first + j, count - 1) * CHUNK_WORDS
        _chunks(flat, places, hashes, start + first, iota)


@kept
def _rows(trees: Any, count: Any) -> Any:
    return trees * (count + count % 2) + BEHIND


@kept
def _room(trees: Any, count: Any) -> Any:
    """For so many trees over so many hashes each, while they are folded."""
    return np.empty((_rows(trees, count), HASH_WORDS), np.uint64)


@kept
def fold(hashes: Any, trees: Any, count: Any, out: Any, iota: Any) -> None:
    """The roots over uint64[trees · count, 4] as uint64[trees, 4]: some trees after the other, these level by level."""
    own = _room(min(trees, TREES), count)
    for first in range(0, trees, TREES):
        end = min(first + TREES, trees)
        own[: (end - first) * count] = hashes[first * count : end * count]
        _fold_together(own, end - first, count, iota)
        out[first:end] = own[: end - first]


@kept
def _fold_together(hashes: Any, trees: Any, count: Any, iota: Any) -> None:
    """A level's hashes go where those below it stood, so that a near cache holds all."""
    words = hashes.reshape(-1)
    while count > 1:
        if count % 2:
            _even(words, trees, count)
            count += 1
        for first in range(0, trees * (count // 2), AT_ONCE):
            _pairs(words, 2 * HASH_WORDS * first, hashes, first, iota)
        count //= 2


@kept
def _even(words: Any, trees: Any, count: Any) -> None:
    """Make room for the zeros that stand where a last hash has no neighbour: then all pairs stand in a row."""
    for tree in range(trees - 1, -1, -1):
        to = (tree * (count + 1) + count) * HASH_WORDS
        words[to : to + HASH_WORDS] = 0
        for place in range((tree + 1) * count - 1, tree * count - 1, -1):
            to -= HASH_WORDS
            moved(words, place * HASH_WORDS, words, to)


# What Python calls writes into arrays that are given: numba cannot always return one from code that it kept. Lanes come
# to it in a row and of one type: whole chunks are read where they stand.


@kept
def _wide_into(lanes: Any, out: Any, iota: Any) -> None:
    out[:] = _wide(lanes, iota)


@kept
def _narrow_into(lanes: Any, out: Any, iota: Any) -> None:
    out[:] = narrow(lanes, iota)


def roots_of(lanes: NDArray[np.int32]) -> NDArray[np.uint8]:
    """The roots of tensors of 32 bits: int32[trees, lanes] to uint8[trees, 32]."""
    out = np.empty((len(lanes), HASH_WORDS), np.uint64)
    _wide_into(np.ascontiguousarray(lanes, np.int32), out, IOTA)
    return out.view(np.uint8)


def roots_of_16(lanes: NDArray[np.int16]) -> NDArray[np.uint8]:
    """The roots of tensors of 16 bits: int16[trees, lanes] to uint8[trees, 32]."""
    out = np.empty((len(lanes), HASH_WORDS), np.uint64)
    _narrow_into(np.ascontiguousarray(lanes, np.int16), out, IOTA)
    return out.view(np.uint8)


def nodes_of(hashes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The roots over leaves that are hashed: uint8[trees, leaves, 32] to uint8[trees, 32]."""
    trees, count, _ = hashes.shape
    words = np.ascontiguousarray(hashes).reshape(-1, HASH_BYTES).view(np.uint64)
    out = np.empty((trees, HASH_WORDS), np.uint64)
    fold(words, trees, count, out, IOTA)
    return out.view(np.uint8)
