"""Compiled work for batches of some dozen messages, where calls between the steps would take the time.

Messages of different lengths go through the permutation in lock-step as those of `_keccak` do: a lane whose message is
over waits for the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu._moves import move
from keifu.merkle._keccak import (
    HASH_BYTES,
    HASH_WORDS,
    IOTA,
    LANES,
    PAIR_WORDS,
    RATE_BYTES,
    WIDTH,
    absorb,
    hash_pairs_of,
    precedes,
)

__all__ = ["BEYOND", "ends_of", "messages_of", "sorted_tree", "tree_of"]

TOP_BYTE = 0x80


@kept
def messages_of(
    data: NDArray[np.uint8], ends: NDArray[np.int64], out: NDArray[np.uint64], iota: NDArray[np.uint64]
) -> None:
    """Hashes of as many messages as `out` has rows. They stand one behind the other in `data`, up to `ends`, of which
    the first is a zero; a block of bytes is behind the last."""
    state, places = np.empty(LANES * WIDTH, np.uint64), np.empty(WIDTH, np.int64)
    last = np.empty((WIDTH, RATE_BYTES), np.uint8)
    begin, begin_last = data.ctypes.data, last.ctypes.data
    count = out.shape[0]
    for first in range(0, count, WIDTH):
        state[:] = 0
        together, longest = min(WIDTH, count - first), 0
        for j in range(together):
            longest = max(longest, ends[first + j + 1] - ends[first + j])
        for number in range(longest // RATE_BYTES + 1):
            for j in range(WIDTH):
                places[j] = begin_last  # of a message that is over, or none: whatever it is
                if j >= together:
                    continue
                at = ends[first + j] + number * RATE_BYTES
                left = ends[first + j + 1] - at
                if left >= RATE_BYTES:
                    places[j] = begin + at
                elif left >= 0:
                    places[j] = begin_last + j * RATE_BYTES
                    move(last, j * RATE_BYTES, data, at, RATE_BYTES)  # always so many: a few moves
                    last[j, left:] = 0
                    last[j, left] = 1
                    last[j, RATE_BYTES - 1] ^= TOP_BYTE
            absorb(state, places, iota)
            for j in range(together):
                if (ends[first + j + 1] - ends[first + j]) // RATE_BYTES == number:
                    for word in range(HASH_WORDS):
                        out[first + j, word] = state[word * WIDTH + j]


@kept
def sorted_tree(leaves: NDArray[np.uint64], nodes: NDArray[np.uint64], iota: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Fill the nodes of a sorted tree; where each leaf went."""
    count = leaves.shape[0]
    order = _sorted_order(leaves)
    places = np.empty(count, np.int64)
    for rank in range(count):
        places[order[rank]] = 2 * count - 2 - rank
        nodes[2 * count - 2 - rank] = leaves[order[rank]]
    last = count - 1
    while last > 0:
        first = 1
        while 2 * first <= last:
            first *= 2
        first -= 1
        pairs = nodes[2 * first + 1 : 2 * last + 1]
        hash_pairs_of(pairs.reshape(last - first, PAIR_WORDS), nodes[first:last], iota)
        last = first
    return places


@kept
def _sorted_order(leaves: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Ascending as bytes, equal ones in the order given: merged from runs that double."""
    count = leaves.shape[0]
    order, merged = np.arange(count), np.empty(count, np.int64)
    run = 1
    while run < count:
        for start in range(0, count, 2 * run):
            middle, end = min(start + run, count), min(start + 2 * run, count)
            left, right = start, middle
            for place in range(start, end):
                if left < middle and (right == end or not precedes(leaves[order[right]], leaves[order[left]])):
                    merged[place] = order[left]
                    left += 1
                else:
                    merged[place] = order[right]
                    right += 1
        order, merged = merged, order
        run *= 2
    return order


def ends_of(messages: Sequence[bytes]) -> NDArray[np.int64]:
    """Where each ends when they stand one behind the other; a zero first."""
    ends = np.zeros(len(messages) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, messages), np.int64, len(messages)), out=ends[1:])
    return ends


def tree_of(leaves: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Nodes and positions of the sorted tree over uint8[n, 32], contiguous; n > 0."""
    nodes = np.empty((2 * len(leaves) - 1, HASH_BYTES), np.uint8)
    positions: NDArray[np.int64] = sorted_tree(leaves.view(np.uint64), nodes.view(np.uint64), IOTA)
    return nodes, positions


BEYOND = bytes(RATE_BYTES)  # behind the last message: whole blocks are read
