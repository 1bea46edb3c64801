"""Compiled work for batches of some dozen messages, where calls between the steps would take the time.

Messages of different lengths go through the permutation in lock-step as those of `_keccak` do: a lane whose message is
over waits for the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.merkle._keccak import (
    HASH_BYTES,
    HASH_WORDS,
    IOTA,
    LANES,
    PAIR_WORDS,
    RATE_BYTES,
    RATE_WORDS,
    WIDTH,
    hash_pairs_of,
    permute,
    precedes,
)

__all__ = ["hash_messages", "tree_of"]

TOP_BYTE = 0x80


@kept
def _hash_messages(
    data: NDArray[np.uint8], ends: NDArray[np.int64], out: NDArray[np.uint64], iota: NDArray[np.uint64]
) -> None:
    """Messages stand one behind the other in `data`, each up to its end; a block of bytes is behind the last."""
    state, block = np.empty(LANES * WIDTH, np.uint64), np.empty(RATE_BYTES, np.uint8)
    words = block.view(np.uint64)
    count = ends.shape[0]
    for first in range(0, count, WIDTH):
        state[:] = 0
        together, longest = min(WIDTH, count - first), 0
        for j in range(together):
            begin = ends[first + j - 1] if first + j else 0
            longest = max(longest, ends[first + j] - begin)
        for number in range(longest // RATE_BYTES + 1):
            for j in range(together):
                begin = ends[first + j - 1] if first + j else 0
                at = begin + number * RATE_BYTES
                left = ends[first + j] - at
                if left < 0:
                    continue
                source = data[at : at + RATE_BYTES]
                for place in range(RATE_BYTES):  # always so many: the compiler makes a few moves of it
                    block[place] = source[place]
                if left < RATE_BYTES:
                    block[left:] = 0
                    block[left] = 1
                    block[RATE_BYTES - 1] ^= TOP_BYTE
                for word in range(RATE_WORDS):
                    state[word * WIDTH + j] ^= words[word]
            permute(state, iota)
            for j in range(together):
                begin = ends[first + j - 1] if first + j else 0
                if (ends[first + j] - begin) // RATE_BYTES == number:
                    for word in range(HASH_WORDS):
                        out[first + j, word] = state[word * WIDTH + j]


@kept
def _tree_of(leaves: NDArray[np.uint64], nodes: NDArray[np.uint64], iota: NDArray[np.uint64]) -> NDArray[np.int64]:
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


def hash_messages(messages: Sequence[bytes]) -> bytes:
    """The hashes of messages of any lengths, one behind the other; at least one message."""
    out = np.empty((len(messages), HASH_WORDS), np.uint64)
    ends = np.fromiter(map(len, messages), np.int64, len(messages)).cumsum()
    _hash_messages(np.frombuffer(b"".join([*messages, _BEYOND]), np.uint8), ends, out, IOTA)
    return out.tobytes()


def tree_of(leaves: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Nodes and positions of the sorted tree over uint8[n, 32], contiguous; n > 0."""
    nodes = np.empty((2 * len(leaves) - 1, HASH_BYTES), np.uint8)
    positions: NDArray[np.int64] = _tree_of(leaves.view(np.uint64), nodes.view(np.uint64), IOTA)
    return nodes, positions


_BEYOND = bytes(RATE_BYTES)  # whole blocks are read
