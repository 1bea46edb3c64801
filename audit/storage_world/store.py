"""A provider's store in a world: a file for each shard, an index of those that are there for good, and the journal."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from audit.storage_world.disk import Disk
from keifu.spec import storage as spec
from keifu.storage.provider.journal import frame, read
from keifu.storage.provider.messages import Leaf, Record, ShardId

__all__ = ["DiskJournal", "Store", "leaf_of", "root_of"]

LEAF_BYTES = 256


@lru_cache(maxsize=4096)
def _hashes(data: bytes) -> tuple[bytes, ...]:
    return tuple(spec.leaves_of(data))


@lru_cache(maxsize=4096)
def root_of(data: bytes) -> bytes:
    """Nothing for a torn shard."""
    return spec.root(_hashes(data)) if data and len(data) % LEAF_BYTES == 0 else b""


def leaf_of(data: bytes, index: int) -> Leaf:
    return Leaf(data[index * LEAF_BYTES : (index + 1) * LEAF_BYTES], tuple(spec.path(_hashes(data), index)))


class DiskJournal:
    """keifu.storage.provider.journal.Journal on a disk of a world."""

    def __init__(self, disk: Disk, name: str = "journal") -> None:
        self._disk, self._name = disk, name
        data = disk.read(name) or b""
        self._records, end = read(data)
        if end < len(data):  # a torn tail would hide what is written behind it
            disk.truncate(name, end)
            disk.sync(name)

    def append(self, record: Record) -> None:
        self._disk.append(self._name, frame(record))
        self._disk.sync(self._name)
        self._records.append(record)

    def records(self) -> Iterable[Record]:
        return list(self._records)

    def replace(self, records: Iterable[Record]) -> None:
        self._records = list(records)
        self._disk.append(f"{self._name}.new", b"".join(frame(record) for record in self._records))
        self._disk.sync(f"{self._name}.new")
        self._disk.rename(f"{self._name}.new", self._name)
        self._disk.sync(self._name)
        self._disk.sync(f"{self._name}.new")


class Store:
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self._index = DiskJournal(disk, "index")
        found: dict[ShardId, bool] = {}
        for record in self._index.records():
            found[ShardId.parse(record["shard"])] = record["is"] == "kept"
        self._kept = {shard for shard, kept in found.items() if kept}
        known = self._names()
        for name in disk.names():
            if name.startswith("handle ") or (name.startswith("shard ") and name not in known):
                disk.delete(name)

    def _names(self) -> set[str]:
        return {self._name(shard) for shard in self._kept}

    def kept(self) -> list[ShardId]:
        return sorted(shard for shard in self._kept if self.disk.read(self._name(shard)) is not None)

    @staticmethod
    def _name(shard: ShardId) -> str:
        return f"shard {shard}"

    def put(self, handle: str, data: bytes) -> None:
        self.disk.append(f"handle {handle}", data)  # whether there is room shows when it is kept

    def discard(self, handle: str) -> None:
        self.disk.delete(f"handle {handle}")

    def keep(self, handle: str, shard: ShardId) -> None:
        """Data first, then the index: what the index has is there. Raises EnvironmentFault for a full disk."""
        data = self.disk.read(f"handle {handle}")
        assert data is not None
        self.disk.write(self._name(shard), data)
        self.disk.sync(self._name(shard))
        self.disk.delete(f"handle {handle}")
        self._index.append({"is": "kept", "shard": str(shard)})
        self._kept.add(shard)

    def delete(self, shard: ShardId) -> None:
        self._index.append({"is": "gone", "shard": str(shard)})
        self._kept.discard(shard)
        self.disk.delete(self._name(shard))

    def data(self, shard: ShardId) -> bytes | None:
        return self.disk.read(self._name(shard)) if shard in self._kept else None

    def is_durable(self, shard: ShardId, root: bytes) -> bool:
        data = self.disk.durable.get(self._name(shard))
        return shard in self._kept and data is not None and root_of(data) == root
