"""Merkle trees with the layout, order and hashes of OpenZeppelin's `@openzeppelin/merkle-tree`.

A tree of n leaves is 2n - 1 nodes in one array: the root first, the children of node i at 2i + 1 and 2i + 2, the
leaves at the end in reverse order. Inner nodes hash their children in ascending order, so that a proof needs no
directions. `StandardMerkleTree` hashes a leaf's value twice and sorts the leaves; `hash_leaves` and `build` do so too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keifu.errors import UsageError
from keifu.keys import keccak256
from keifu.merkle.hashes import HASH_BYTES, hash_pairs, hash_rows, root_at_once, tree_at_once

__all__ = ["Tree", "build", "hash_leaves", "root_of", "root_of_rows", "verify"]


def hash_leaves(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Leaves of encoded values: uint8[n, size] to uint8[n, 32], each row hashed twice."""
    return hash_rows(hash_rows(rows))


def root_of_rows(rows: NDArray[np.uint8]) -> bytes:
    """The root over encoded values in their order, `build(hash_leaves(rows), sort=False).root`, and no tree."""
    root = root_at_once(rows)
    return root if root is not None else build(hash_leaves(rows), sort=False).root


def root_of(leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that a proof leads to, from the leaf up."""
    node = leaf
    for sibling in proof:
        node = keccak256(node + sibling if node < sibling else sibling + node)
    return node


def verify(root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the leaf is in the tree with this root."""
    return root_of(leaf, proof) == root


class Tree:
    """A built tree. Leaves are known by their place in the array that was given to `build`."""

    def __init__(self, nodes: NDArray[np.uint8], positions: NDArray[np.int64]) -> None:
        self.nodes = nodes  # uint8[2n - 1, 32]
        self.positions = positions  # int64[n]: leaf number -> node number

    def __len__(self) -> int:
        """Leaves."""
        return len(self.positions)

    @property
    def root(self) -> bytes:
        return bytes(self.nodes[0])

    @property
    def halves(self) -> list[bytes]:
        """The two nodes below the root; none where the root is the only leaf."""
        return [bytes(node) for node in self.nodes[1:3]]

    @property
    def depth(self) -> int:
        """Hashes in the longest proof."""
        return len(self).bit_length() - 1 + (len(self) & (len(self) - 1) != 0)

    def leaf(self, number: int) -> bytes:
        return bytes(self.nodes[self.positions[number]])

    def proof(self, number: int) -> list[bytes]:
        """Siblings of leaf `number` from the bottom up. Raises UsageError when there is no such leaf."""
        if not 0 <= number < len(self):
            raise UsageError(f"no leaf {number}: the tree has {len(self)}, counted from 0")
        steps, lengths = self.siblings(np.array([number]))
        return [bytes(self.nodes[node]) for node in steps[0, : lengths[0]]]

    def siblings(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Node numbers of many proofs at once: int64[m, depth], and int64[m] how many of a row count."""
        node = self.positions[numbers]
        steps = np.zeros((len(numbers), self.depth), np.int64)
        lengths = np.zeros(len(numbers), np.int64)
        for level in range(self.depth):
            inside = node > 0
            # Odd numbers are left children: their sibling is the next node, else the one before.
            steps[:, level] = np.where(inside, node + 2 * (node & 1) - 1, 0)
            lengths += inside
            node = np.where(inside, (node - 1) >> 1, 0)
        return steps, lengths


def build(leaves: NDArray[np.uint8], *, sort: bool = True) -> Tree:
    """The tree over uint8[n, 32] leaves, n > 0. `sort=False` keeps their order (`SimpleMerkleTree`'s option).

    Raises UsageError for anything that is not such an array.
    """
    if leaves.shape[1:] != (HASH_BYTES,) or leaves.dtype != np.uint8 or not len(leaves):
        raise UsageError(f"a tree takes uint8[n, {HASH_BYTES}] leaves, not {leaves.dtype}{list(leaves.shape)}")
    if sort and (found := tree_at_once(np.ascontiguousarray(leaves))) is not None:
        return Tree(*found)
    count = len(leaves)
    order = _sorted_order(leaves) if sort else np.arange(count)
    nodes = np.empty((2 * count - 1, HASH_BYTES), np.uint8)
    nodes[count - 1 :] = leaves[order][::-1]
    positions = np.empty(count, np.int64)
    positions[order] = 2 * count - 2 - np.arange(count)
    last = count - 1  # inner nodes are 0 … count - 2, and those of one depth stand side by side
    while last > 0:
        first = (1 << (last.bit_length() - 1)) - 1
        hash_pairs(nodes[2 * first + 1 : 2 * last + 1], out=nodes[first:last])
        last = first
    return Tree(nodes, positions)


def _sorted_order(leaves: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Ascending as bytes, equal leaves in the order given."""
    words = np.ascontiguousarray(leaves).view(">u8")
    # Hashes differ in their first word but for one pair in 2**64: sort by it, and by the others only when it is tied.
    first = words[:, 0].astype(np.uint64)
    order = np.argsort(first, kind="stable")
    if (np.diff(first[order]) == 0).any():
        order = np.lexsort([words[:, column] for column in (3, 2, 1, 0)])
    return order.astype(np.int64)
