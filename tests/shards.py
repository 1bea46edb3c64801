"""Shards for tests: bytes, their segments' roots, and the root over all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keifu.storage.layout import LEAF_BYTES, SEGMENT_BYTES
from keifu.storage.store import Store
from keifu.storage.trees import Mountains, joined_root, segment_root

__all__ = ["Shard", "make_shard"]


@dataclass(frozen=True)
class Shard:
    upload: bytes
    segments: list[bytes]
    roots: list[bytes]
    root: bytes

    @property
    def leaves(self) -> int:
        return sum(map(len, self.segments)) // LEAF_BYTES

    def part(self, first: int, count: int) -> tuple[bytes, bytes]:
        """Segments from `first` on, and the root over them: as one request brings them."""
        chosen = slice(first, first + count)
        return b"".join(self.segments[chosen]), joined_root(self.roots[chosen])

    def put(self, store: Store) -> None:
        store.begin(self.upload, self.leaves)
        for number, data in enumerate(self.segments):
            store.put(self.upload, number, data, self.roots[number])

    def seal(self, store: Store) -> None:
        self.put(store)
        store.seal(self.upload, self.root)


def make_shard(seed: int, segments: int = 2, last: int = SEGMENT_BYTES) -> Shard:
    """So many segments, the last one of so many bytes."""
    random = np.random.default_rng(seed)
    data = [random.bytes(SEGMENT_BYTES) for _ in range(segments - 1)] + [random.bytes(last)]
    roots = [segment_root(part, number) for number, part in enumerate(data)]
    tree = Mountains()
    for root in roots:
        tree.append(root)
    return Shard(random.bytes(32), data, roots, tree.root)
