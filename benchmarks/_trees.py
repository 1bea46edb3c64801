"""Sorted-pair Merkle trees over a power of two of leaves: enough for claims of equal depth on both sides."""

from __future__ import annotations

from collections.abc import Sequence

from keifu.keys import keccak256

__all__ = ["SortedTree", "root_of"]


class SortedTree:
    """Root and proofs as OpenZeppelin's MerkleProof checks them."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        if len(leaves) & (len(leaves) - 1) or not leaves:
            raise ValueError(f"{len(leaves)} leaves are not a power of two")
        self._layers = [list(leaves)]
        while len(self._layers[-1]) > 1:
            layer = self._layers[-1]
            self._layers.append([_pair(*layer[i : i + 2]) for i in range(0, len(layer), 2)])

    @property
    def root(self) -> bytes:
        return self._layers[-1][0]

    def proof(self, index: int) -> list[bytes]:
        """Siblings from the leaf up."""
        return [layer[(index >> depth) ^ 1] for depth, layer in enumerate(self._layers[:-1])]


def _pair(a: bytes, b: bytes) -> bytes:
    return keccak256(a + b if a < b else b + a)


def root_of(leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root of the tree in which `proof`, from the leaf up, leads there."""
    for sibling in proof:
        leaf = _pair(leaf, sibling)
    return leaf
