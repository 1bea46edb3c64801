"""Roots of shards while they are written, and segments checked against them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keifu.errors import CheckFailed
from keifu.keys import keccak256
from keifu.merkle.indexed import LEAF_BYTES, path_in, roots_along, tree_of
from keifu.storage.layout import SEGMENT_BYTES, word

__all__ = [
    "SEGMENT_LEAVES",
    "Mountains",
    "climb",
    "joined_root",
    "segment_paths",
    "segment_root",
    "segment_roots",
    "verify_segment",
]

NODE_DOMAIN = 1
SEGMENT_LEAVES = SEGMENT_BYTES // LEAF_BYTES


class Mountains:
    """The root of a tree to which hashes are appended, with no more memory than its height."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []  # (height, root), the highest first

    def append(self, node: bytes) -> None:
        height = 0
        while self._peaks and self._peaks[-1][0] == height:
            node, height = _joined(self._peaks.pop()[1], node), height + 1
        self._peaks.append((height, node))

    @property
    def root(self) -> bytes:
        node = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            node = _joined(left, node)
        return node


def _joined(left: bytes, right: bytes) -> bytes:
    return keccak256(left + right + word(NODE_DOMAIN))


def segment_root(data: bytes | memoryview, number: int) -> bytes:
    """The root over a segment's leaves as segment `number` of its shard: its address in a store."""
    return segment_roots(data, number)[0]


def segment_roots(data: bytes | memoryview, first: int) -> list[bytes]:
    """The roots of segments that stand one after another, from segment `first` of their shard on."""
    fixed = memoryview(data).toreadonly()  # for the compiler buffers that may change are of another type
    rows = np.frombuffer(fixed, np.uint8).reshape(-1, LEAF_BYTES)
    return [bytes(root) for root in roots_along(rows, first * SEGMENT_LEAVES, SEGMENT_LEAVES)]


def joined_root(roots: Sequence[bytes]) -> bytes:
    """The root over neighbouring segments, which is that over all of their leaves."""
    return bytes(tree_of(np.frombuffer(b"".join(roots), np.uint8).reshape(len(roots), -1))[-1][0])


def segment_paths(roots: Sequence[bytes]) -> list[list[bytes]]:
    """For each segment of a shard the path from its root to the shard's."""
    levels = tree_of(np.frombuffer(b"".join(roots), np.uint8).reshape(-1, len(roots[0])))
    return [path_in(levels, number) for number in range(len(roots))]


def climb(node: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """The root to which a path leads from the hash `index` of `count`; None for a path of another length."""
    beside = iter(path)
    while count > 1:
        if index ^ 1 < count:
            other = next(beside, None)
            if other is None:
                return None
            node = _joined(other, node) if index & 1 else _joined(node, other)
        index, count = index >> 1, (count + 1) >> 1
    return node if next(beside, None) is None else None


def verify_segment(
    shard_root: bytes, leaves: int, number: int, data: bytes | memoryview, path: Sequence[bytes]
) -> bytes:
    """The segment's root. Raises CheckFailed unless these bytes are segment `number` of a shard of so many leaves."""
    left = leaves * LEAF_BYTES - number * SEGMENT_BYTES
    size = min(SEGMENT_BYTES, left)
    if number < 0 or left <= 0:
        raise CheckFailed(f"the shard has no segment {number}", remedy="ask for one that its deal names")
    if len(data) != size:
        raise CheckFailed(f"segment {number} has {len(data)} bytes, not {size}", remedy="fetch it again, whole")
    found = segment_root(data, number)
    if climb(found, number, -(-leaves // SEGMENT_LEAVES), path) != shard_root:
        raise CheckFailed(
            f"segment {number} does not belong to shard 0x{shard_root.hex()}", remedy="fetch it from another provider"
        )
    return found
