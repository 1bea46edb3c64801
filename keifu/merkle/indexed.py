"""Trees over leaves that know their index, many trees in lock-step: those of the storage network.

docs/storage-format.md says what is hashed. Whole batches go through the permutation of `keifu.merkle.hashes`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keifu.merkle._keccak import hash_leaves as _hash_leaves
from keifu.merkle._keccak import hash_nodes as _hash_nodes
from keifu.merkle.hashes import HASH_BYTES

__all__ = ["LEAF_BYTES", "levels_of", "path_in", "roots_along", "roots_of", "tree_of"]

LEAF_BYTES = 256
NODE_DOMAIN = 1


def roots_of(blocks: NDArray[np.uint8], first: int) -> NDArray[np.uint8]:
    """uint8[trees, leaves, 256], contiguous, to uint8[trees, 32]; the first leaf of each tree has the index `first`."""
    trees, count = blocks.shape[:2]
    level = np.empty((trees * count, HASH_BYTES), np.uint8)
    _hash_leaves(blocks.reshape(trees * count, LEAF_BYTES), first, count, level)
    return _levels(level.reshape(trees, count, HASH_BYTES), NODE_DOMAIN)[-1][:, 0]


def roots_along(block: NDArray[np.uint8], first: int, count: int) -> NDArray[np.uint8]:
    """uint8[leaves, 256], contiguous, whose first leaf has the index `first`: the roots of trees that stand one after
    another, of `count` leaves each and the last one of what is left."""
    level = np.empty((len(block), HASH_BYTES), np.uint8)
    _hash_leaves(block, first, len(block), level)
    end = len(block) // count * count
    parts = (level[:end].reshape(-1, count, HASH_BYTES), level[end:].reshape(1, -1, HASH_BYTES))
    return np.concatenate([_levels(part, NODE_DOMAIN)[-1][:, 0] for part in parts if part.size])


def levels_of(block: NDArray[np.uint8], first: int) -> list[NDArray[np.uint8]]:
    """All levels of the tree over uint8[leaves, 256], the leaves' hashes first; for paths."""
    level = np.empty((1, len(block), HASH_BYTES), np.uint8)
    _hash_leaves(block, first, len(block), level[0])
    return [found[0] for found in _levels(level, NODE_DOMAIN)]


def tree_of(hashes: NDArray[np.uint8], domain: int = NODE_DOMAIN) -> list[NDArray[np.uint8]]:
    """All levels of the tree over uint8[n, 32]."""
    return [found[0] for found in _levels(hashes.reshape(1, len(hashes), HASH_BYTES), domain)]


def path_in(levels: list[NDArray[np.uint8]], index: int) -> list[bytes]:
    """The siblings of a leaf from the bottom up; where it rises unchanged there is none."""
    found = []
    for level in levels[:-1]:
        if index ^ 1 < len(level):
            found.append(level[index ^ 1].tobytes())
        index >>= 1
    return found


def _levels(level: NDArray[np.uint8], domain: int) -> list[NDArray[np.uint8]]:
    """Neighbours are joined, and the last one of an odd level rises unchanged."""
    levels = [level]
    while level.shape[1] > 1:
        trees, count = level.shape[:2]
        pairs = count // 2
        joined = np.empty((trees, pairs + count % 2, HASH_BYTES), np.uint8)
        out = np.empty((trees * pairs, HASH_BYTES), np.uint8)
        _hash_nodes(np.ascontiguousarray(level[:, : 2 * pairs]).reshape(-1, 2 * HASH_BYTES), domain, out)
        joined[:, :pairs] = out.reshape(trees, pairs, HASH_BYTES)
        if count % 2:
            joined[:, -1] = level[:, -1]
        level = joined
        levels.append(level)
    return levels
