"""What a provider commits to of each position: the outputs of all groups, and the keys and values of layers.

A run leaves the hashes of all chunks, or what they are hashes of; `keifu.spec.inference_model` has the same, tensor by
tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.inference.tokens.executor import Kept
from keifu.inference.tokens.leaves import Leaves, hash_lanes
from keifu.merkle.plain import HASH_BYTES, IOTA, WIDES, fold, hash_wides, nodes_of, roots_of, wide

__all__ = [
    "HASH_BYTES",
    "boundaries",
    "bounded",
    "ids_root",
    "position_roots",
    "read_roots",
    "token_boundaries",
    "trace_root",
]

Hashes = NDArray[np.uint8]
_WORDS = 4
_TREES = 512  # that a near cache holds


@kept
def _folded(hashes: Any, trees: Any, count: Any, iota: Any) -> Any:
    """What `fold` gives, some trees after the other."""
    roots = np.empty((trees, _WORDS), np.uint64)
    for first in range(0, trees, _TREES):
        end = min(first + _TREES, trees)
        roots[first:end] = fold(hashes[first * count : end * count], end - first, count, iota)
    return roots


@kept
def _bounded(outs: Any, lanes: Any, chunks: Any, heads: Any, out: Any, iota: Any) -> None:
    """The boundaries of groups at positions, from the hashes of all chunks."""
    count, groups = out.shape[0], out.shape[1]
    above = _folded(outs, groups * count, chunks, iota)
    beside = _folded(lanes, (groups - 1) * 2 * count, heads, iota)
    found = np.zeros((count * groups * _WORDS, _WORDS), np.uint64)
    for place in range(count):
        for group in range(groups):
            at, row = (place * groups + group) * _WORDS, group * count + place
            found[at] = above[row]
            if group:
                found[at + 1], found[at + 2] = beside[2 * (row - count)], beside[2 * (row - count) + 1]
    out.reshape(count * groups, _WORDS)[:] = _folded(found, count * groups, _WORDS, iota)


def bounded(leaves: Leaves) -> Hashes:
    """The boundaries of the embedding and of each layer, from what a run left: rows × (layers + 1) × 32."""
    out = np.empty((leaves.rows, leaves.groups, _WORDS), np.uint64)
    _bounded(leaves.outs, leaves.lanes, leaves.chunks, leaves.heads, out, IOTA)
    return out.view(np.uint8)


@kept
def _hash_all(seen: Any, keys: Any, values: Any, start: Any, outs: Any, lanes: Any, iota: Any) -> None:
    count, chunks, heads = seen.shape[1], (seen.shape[2] + WIDES - 1) // WIDES, keys.shape[1]
    for group in range(seen.shape[0]):
        hash_wides(seen[group], outs, group * count * chunks, iota)
        if group:
            layer = group - 1
            hash_lanes(keys[layer], values[layer], start, count, lanes, layer * 2 * count * heads, iota)


def boundaries(seen: NDArray[Any], memory: Kept, start: int) -> Hashes:
    """The same of the first conversation's positions from `start` on, from what was seen of them: layers + 1 ×
    positions × width."""
    leaves = Leaves(memory.sizes, seen.shape[1])
    _hash_all(seen, memory.keys[0], memory.values[0], start, leaves.outs, leaves.lanes, IOTA)
    return bounded(leaves)


@kept
def _closed(groups: Any, token: Any, found: Any, out: Any, iota: Any) -> None:
    count, last = groups.shape[0], np.zeros((_WORDS, _WORDS), np.uint64)
    last[0] = wide(np.full((1, 1), token, np.int32), iota)[0]
    found[:count] = groups
    found[count] = fold(last, 1, _WORDS, iota)[0]
    out[:] = fold(found, 1, count + 1, iota)


def read_roots(groups: Hashes, token: int | None) -> tuple[Hashes, Hashes]:
    """Of positions that were read together, and what each of their groups committed to, from what all groups but the
    last did; the last position made a token, or nobody asked for one. A single position with its token, as decoding has
    it, takes one compiled call."""
    count, above, _ = groups.shape
    if count == 1 and token is not None:
        found, out = np.empty((above + 1, _WORDS), np.uint64), np.empty((1, _WORDS), np.uint64)
        _closed(groups[0].view(np.uint64), np.int32(token), found, out, IOTA)
        return out.view(np.uint8), found.view(np.uint8)[None]
    last = np.zeros((count, HASH_BYTES), np.uint8)
    if token is not None:
        last[-1] = token_boundaries([token])[0]
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
