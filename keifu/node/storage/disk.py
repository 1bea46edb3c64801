"""What a provider's core wants of the store: leaves with their paths, shards kept and let go. Waits are on threads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keifu.errors import KeifuError
from keifu.merkle.indexed import LEAF_BYTES, levels_of, path_in
from keifu.node.storage.records import holder_of
from keifu.storage.provider.commands import Open
from keifu.storage.provider.messages import Leaf, Opened, OpenFailed, ShardId
from keifu.storage.store import Store
from keifu.storage.trees import SEGMENT_LEAVES

__all__ = ["Disk", "leaf_at"]

HASH_BYTES = 32


def leaf_at(store: Store, root: bytes, index: int) -> Leaf:
    """A leaf of a shard with its path, from a segment that was compared with its root. Raises Unknown, CheckFailed."""
    number, at = divmod(index, SEGMENT_LEAVES)
    data = store.read_checked(root, number)
    above = store.find(root, number).path
    rows = np.frombuffer(data, np.uint8).reshape(-1, LEAF_BYTES)
    path = path_in(levels_of(rows, number * SEGMENT_LEAVES), at)
    path += [above[start : start + HASH_BYTES] for start in range(0, len(above), HASH_BYTES)]
    return Leaf(data[at * LEAF_BYTES : (at + 1) * LEAF_BYTES], tuple(path))


class Disk:
    def __init__(self, store: Store) -> None:
        self._store = store

    def kept(self, shards: Sequence[ShardId]) -> list[ShardId]:
        """Those of these shards that the store keeps."""
        return [shard for shard in shards if self._store.held_by(holder_of(shard))]

    def keep(self, shard: ShardId, root: bytes) -> None:
        """From now on for this deal, for good. Raises Unknown when it is not sealed here."""
        self._store.hold(root, holder_of(shard))

    def delete(self, shard: ShardId) -> None:
        self._store.release(holder_of(shard))

    def open(self, command: Open, roots: Sequence[bytes]) -> Opened | OpenFailed:
        """By any thread: the drawn leaves, or the shard that cannot be read."""
        leaves = []
        for (shard, index), root in zip(command.leaves, roots, strict=True):
            try:
                leaves.append(leaf_at(self._store, root, index))
            except KeifuError:
                return OpenFailed(command.job, shard)
        return Opened(command.job, tuple(leaves))
