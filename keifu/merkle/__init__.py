"""Merkle trees that OpenZeppelin's library and our contracts agree with, millions of nodes a second.

tree = build(hash_leaves(rows))      # uint8[n, size] encoded values
tree.root, tree.proof(17)
verify(tree.root, leaf, proof)
"""

from __future__ import annotations

from keifu.merkle.hashes import hash_pairs, hash_rows
from keifu.merkle.tree import Tree, build, hash_leaves, root_of, root_of_rows, verify

__all__ = ["Tree", "build", "hash_leaves", "hash_pairs", "hash_rows", "root_of", "root_of_rows", "verify"]
