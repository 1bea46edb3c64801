"""Trees of equal size, many at once, in the order of their leaves: what token models commit to.

A leaf is hashed once, a node is the hash of left ‖ right, and 32 zero bytes stand where a neighbour is missing, at every
level (docs/inference-program.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keifu.merkle import _plain

__all__ = ["nodes_of", "roots_of"]

HASH_BYTES = 32


def roots_of(leaves: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8[trees, leaves, bytes], bytes a multiple of eight below 136, to uint8[trees, 32]."""
    trees, count, size = leaves.shape
    rows = np.ascontiguousarray(leaves).reshape(trees * count, size)
    return nodes_of(_plain.hashed(rows.view(np.uint64), size).view(np.uint8).reshape(trees, count, HASH_BYTES))


def nodes_of(hashes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same over leaves that are hashed: uint8[trees, leaves, 32]."""
    trees, count, _ = hashes.shape
    words = np.ascontiguousarray(hashes).reshape(trees * count, HASH_BYTES).view(np.uint64)
    return _plain.folded(words.reshape(trees, count, -1)).view(np.uint8).reshape(trees, HASH_BYTES)
