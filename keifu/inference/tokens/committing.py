"""What a provider commits to of each position: the outputs of all groups, and the keys and values of layers.

A run hashes the groups but the last; `keifu.spec.inference_model` has the same, tensor by tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.inference.tokens.executor import Kept
from keifu.inference.tokens.lanes import ROWS
from keifu.inference.tokens.leaves import bound, queues
from keifu.inference.tokens.program import Sizes
from keifu.merkle.plain import HASH_BYTES, IOTA, add_narrow, add_wide, nodes_of, roots_of

__all__ = [
    "HASH_BYTES",
    "Steps",
    "boundaries",
    "ids_root",
    "position_roots",
    "read_roots",
    "token_boundaries",
    "trace_root",
]

Hashes = NDArray[np.uint8]
_WORDS = 4
_STEPS = 16  # tokens that are hashed together


@kept
def _bounded(seen: Any, lanes: Any, heads: Any, out: Any, iota: Any) -> None:
    groups, count = seen.shape[0], seen.shape[1]
    outs, others = queues(groups, count, seen.shape[2], heads)
    for group in range(groups):
        add_wide(outs, seen[group], iota)
        if group:
            add_narrow(others, lanes[group - 1], iota)
    bound(outs, others, False, out, iota)


@kept
def _bounded_steps(seen: Any, lines: Any, heads: Any, out: Any, iota: Any) -> None:
    """The same of tokens that each left their own: what waits, and what is folded, is of all of them together."""
    count, groups, width = seen.shape[0], seen.shape[1], seen.shape[3]
    outs, others = queues(groups, count, width, heads)
    for step in range(count):
        add_wide(outs, seen[step].reshape(groups, width), iota)
        add_narrow(others, lines[step].reshape(2 * (groups - 1), lines.shape[4]), iota)
    bound(outs, others, True, out, iota)


class Steps:
    """Tokens of one reply that were decoded alone, and wait until some are hashed together: for each, the code for that
    would come from far."""

    def __init__(self, sizes: Sizes) -> None:
        self._heads = sizes.heads // sizes.shared
        self._seen = np.empty((_STEPS, sizes.layers + 1, 1, sizes.width), np.int32)
        self._lines = np.empty((_STEPS, sizes.layers, 1, 2, sizes.kept), np.int16)
        self._count = 0

    @property
    def is_empty(self) -> bool:
        return self._count == 0

    @property
    def is_full(self) -> bool:
        return self._count == _STEPS

    def next(self) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
        """What a run of one token is to fill: rows behind layers, and keys and values."""
        self._count += 1
        return self._seen[self._count - 1], self._lines[self._count - 1]

    def hashed(self) -> Hashes:
        """The boundaries of those that waited, tokens × groups but the last × 32."""
        count, self._count = self._count, 0
        out = np.empty((count, self._seen.shape[1], HASH_BYTES), np.uint8)
        _bounded_steps(self._seen[:count], self._lines[:count], self._heads, out.view(np.uint64), IOTA)
        return out


def boundaries(seen: NDArray[Any], memory: Kept, start: int) -> Hashes:
    """What `read_together` gives of the first conversation's positions from `start` on, from what was seen of them."""
    groups, count, _ = seen.shape
    out = np.empty((count, groups, HASH_BYTES), np.uint8)
    keys, values = memory.keys[0], memory.values[0]
    places = np.arange(start, start + count)
    lanes = [keys[:, :, places // ROWS, :, places % ROWS], values[:, :, :, places // 2, :, places % 2]]
    both = np.stack([item.reshape(count, groups - 1, -1).swapaxes(0, 1) for item in lanes], axis=2)
    in_a_row = np.ascontiguousarray(seen, np.int32)  # as its chunks are read
    _bounded(in_a_row, both.reshape(groups - 1, 2 * count, -1), keys.shape[1], out.view(np.uint64), IOTA)
    return out


def read_roots(groups: Hashes, tokens: Sequence[int]) -> tuple[Hashes, Hashes]:
    """Of positions, and what each of their groups committed to, from what all groups but the last did; so many of the
    last positions made tokens."""
    last = np.zeros((len(groups), HASH_BYTES), np.uint8)
    if tokens:
        last[-len(tokens) :] = token_boundaries(tokens)
    together = np.concatenate([groups, last[:, None]], axis=1)
    return nodes_of(together), together


def token_boundaries(tokens: Sequence[int]) -> Hashes:
    """Of the group that makes a token: one row a token."""
    found = np.zeros((len(tokens), _WORDS, HASH_BYTES), np.uint8)
    found[:, 0] = roots_of(np.array(tokens, np.int32).reshape(-1, 1))
    return nodes_of(found)


def position_roots(groups: Hashes, last: Hashes) -> Hashes:
    """`last` is the boundary of the group that makes a token, zeros where nobody asked for one."""
    return nodes_of(np.concatenate([groups, last[:, None]], axis=1))


def trace_root(roots: Hashes) -> bytes:
    """Over positions × 32."""
    return bytes(nodes_of(roots[None])[0])


def ids_root(ids: Sequence[int]) -> bytes:
    """Of the ids that went in, or came out, as one tensor. There is one at least."""
    return bytes(roots_of(np.array(ids, np.int32).reshape(1, -1))[0])
