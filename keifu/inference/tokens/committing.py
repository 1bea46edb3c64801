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
from keifu.merkle.plain import HASH_BYTES, IOTA, add_narrow, add_wide, nodes_of, roots_of

__all__ = [
    "HASH_BYTES",
    "boundaries",
    "ids_root",
    "position_roots",
    "read_roots",
    "token_boundaries",
    "trace_root",
]

Hashes = NDArray[np.uint8]
_WORDS = 4


@kept
def _bounded(seen: Any, lanes: Any, heads: Any, out: Any, iota: Any) -> None:
    groups, count = seen.shape[0], seen.shape[1]
    outs, others = queues(groups, count, seen.shape[2], heads)
    for group in range(groups):
        add_wide(outs, seen[group], iota)
        if group:
            add_narrow(others, lanes[group - 1], iota)
    bound(outs, others, out, iota)


def boundaries(seen: NDArray[Any], memory: Kept, start: int) -> Hashes:
    """What `read_together` gives of the first conversation's positions from `start` on, from what was seen of them."""
    groups, count, _ = seen.shape
    out = np.empty((count, groups, HASH_BYTES), np.uint8)
    keys, values = memory.keys[0], memory.values[0]
    places = np.arange(start, start + count)
    lanes = [keys[:, :, places // ROWS, :, places % ROWS], values[:, :, :, places // 2, :, places % 2]]
    both = np.stack([item.reshape(count, groups - 1, -1).swapaxes(0, 1) for item in lanes], axis=2)
    _bounded(seen, both.reshape(groups - 1, 2 * count, -1), keys.shape[1], out.view(np.uint64), IOTA)
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
