"""Roots of shards while they are written, and segments checked against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

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
    "verify_segments",
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


def climb(
    node: bytes, index: int, count: int, path: Sequence[bytes], join: Callable[[bytes, bytes], bytes] = _joined
) -> bytes | None:
    """The root to which a path leads from the hash `index` of `count`; None for a path of another length."""
    beside = iter(path)
    while count > 1:
        if index ^ 1 < count:
            other = next(beside, None)
            if other is None:
                return None
            node = join(other, node) if index & 1 else join(node, other)
        index, count = index >> 1, (count + 1) >> 1
    return node if next(beside, None) is None else None


def verify_segment(
    shard_root: bytes, leaves: int, number: int, data: bytes | memoryview, path: Sequence[bytes]
) -> bytes:
    """The segment's root. Raises CheckFailed unless these bytes are segment `number` of a shard of so many leaves."""
    return verify_segments(shard_root, leaves, number, data, [path])[0]


def verify_segments(
    shard_root: bytes, leaves: int, first: int, data: bytes | memoryview, paths: Sequence[Sequence[bytes]]
) -> list[bytes]:
    """The same for neighbours, one for each path. They are hashed together, and what their paths share once."""
    left = leaves * LEAF_BYTES - first * SEGMENT_BYTES
    size = min(SEGMENT_BYTES * len(paths), left)
    if first < 0 or left <= SEGMENT_BYTES * (len(paths) - 1):
        raise CheckFailed(f"the shard has no segment {first}", remedy="ask for one that its deal names")
    if len(data) != size:
        raise CheckFailed(f"segment {first} has {len(data)} bytes, not {size}", remedy="fetch it again, whole")
    join, roots = cache(_joined), segment_roots(data, first)
    for number, (found, path) in enumerate(zip(roots, paths, strict=True), first):
        if climb(found, number, -(-leaves // SEGMENT_LEAVES), path, join) != shard_root:
            raise CheckFailed(
                f"segment {number} does not belong to shard 0x{shard_root.hex()}",
                remedy="fetch it from another provider",
            )
    return roots
