"""Records, traces, tables and programs of any size, of which a few leaves are known: all beside them is drawn by lot.

So a lane can be opened in a tensor of millions of chunks, which no test could fill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from keifu.keys import keccak256
from keifu.spec.inference_model import Operator, descriptor_bytes
from keifu.spec.inference_trees import SLOTS, depth

__all__ = ["NONE", "Kept", "Known", "Sparse", "World"]

RECORD_LEVELS, BOUNDARY_LEVELS = 4, 2
Known = tuple[int, Mapping[int, bytes]]  # chunks of a tensor, and those that are known
NONE: Known = (1, {0: bytes(128)})
Opening = tuple[bytes, list[bytes]]


class Sparse:
    """A tree of which some nodes at the bottom are known."""

    def __init__(self, leaves: Mapping[int, bytes], height: int, random: Random, count: int = 0) -> None:
        """With a `count` of leaves what is behind the last one is missing: zero at every level."""
        self.levels = [dict(leaves)]
        for level in range(height):
            below = self.levels[-1]
            for index in list(below):
                is_missing = count and (index ^ 1) << level >= count
                below.setdefault(index ^ 1, bytes(32) if is_missing else random.randbytes(32))
            self.levels.append({at >> 1: keccak256(below[at] + below[at | 1]) for at in below if not at & 1})

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    def path(self, index: int) -> list[bytes]:
        """Of a leaf that is known, from the bottom up."""
        return [level[(index >> height) ^ 1] for height, level in enumerate(self.levels[:-1])]


class _Tensor(Sparse):
    def __init__(self, known: Known, random: Random) -> None:
        count, self.chunks = known
        super().__init__({at: keccak256(data) for at, data in self.chunks.items()}, depth(count), random, count)


@dataclass(frozen=True)
class Kept:
    """Chunks of a tensor that receipts commit to, at one position."""

    place: int  # in a boundary
    position: int
    chunks: Known


class World:
    """An operator, what it reads and what it made: `tensors` of its record by slot, its tables, and what is kept."""

    def __init__(
        self, random: Random, operator: Operator, tensors: Mapping[int, Known], *, slot: int,
        at: tuple[int, int] = (0, 1), of_groups: tuple[int, int] = (0, 1), table: Known = NONE, more: Known = NONE,
        kept: Kept | None = None, root: bytes = b"", extra: bytes = b"",
    ) -> None:  # fmt: skip
        """`at` is position and how many there are, `of_groups` the same of groups; `root` and `extra` stand for the
        roots of the tables."""
        self.operator, self.slot = operator, slot
        self.position, self.positions = at
        self.group, groups = of_groups
        self._tensors = {number: _Tensor(known, random) for number, known in tensors.items()}
        self._record = Sparse({number: tree.root for number, tree in self._tensors.items()}, RECORD_LEVELS, random)
        self._table, self._more = _Tensor(table, random), _Tensor(more, random)
        whole = descriptor_bytes(operator, self.group, slot, groups, root or self._table.root, extra or self._more.root)
        self._words = tuple(whole[at : at + 32] for at in (0, 32, 64))
        self._index = self.group * SLOTS + slot
        self._program = Sparse({self._index: keccak256(whole)}, depth(groups) + RECORD_LEVELS, random)
        self._kept_at, self._trace_root = 0, random.randbytes(32)
        if kept:
            self._kept = _Tensor(kept.chunks, random)
            self._kept_at = (((kept.position << depth(groups)) | self.group) << BOUNDARY_LEVELS) | kept.place
            height = BOUNDARY_LEVELS + depth(groups) + depth(self.positions)
            self._trace = Sparse({self._kept_at: self._kept.root}, height, random)
            self._trace_root = self._trace.root

    def claim(self, sums: bytes = b"", *, base: int = 0, first: int = 0, stride: int = 0) -> tuple[Any, ...]:
        roots = (self._program.root, self._trace_root, self._record.root)
        named = keccak256(sums) if sums else bytes(32)
        return (*roots, self.group, self.position, self.positions, named, base, first, stride)

    def descriptor(self) -> tuple[tuple[bytes, ...], list[bytes]]:
        return self._words, self._program.path(self._index)

    def lanes(self, slot: int, chunk: int) -> Opening:
        tensor = self._tensors[slot]
        return tensor.chunks[chunk], [*tensor.path(chunk), *self._record.path(slot)]

    def lines(self, slot: int, first: int, below: int) -> Opening:
        """All known chunks from `first` on, under a node so many levels above them."""
        tensor = self._tensors[slot]
        data = b"".join(tensor.chunks[at] for at in sorted(tensor.chunks) if at >> below == first >> below)
        return data, [*tensor.path(first)[below:], *self._record.path(slot)]

    def strip(self, slot: int, first: int, last: int) -> Opening:
        """Known chunks that follow one another, and from below the nodes on both sides of them."""
        tensor, path, (left, right) = self._tensors[slot], [], (first, last)
        for level in tensor.levels[:-1]:
            if left & 1:
                path.append(level[left - 1])
            if not right & 1:
                path.append(level[right + 1])
            left, right = left >> 1, right >> 1
        return b"".join(tensor.chunks[at] for at in range(first, last + 1)), [*path, *self._record.path(slot)]

    def kept(self, chunk: int) -> Opening:
        return self._kept.chunks[chunk], [*self._kept.path(chunk), *self._trace.path(self._kept_at)]

    def table(self, chunk: int) -> Opening:
        return self._table.chunks[chunk], self._table.path(chunk)

    def more(self, chunk: int) -> Opening:
        return self._more.chunks[chunk], self._more.path(chunk)
