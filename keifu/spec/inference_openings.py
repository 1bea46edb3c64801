"""What a challenger shows the chain of a token model: claims, and openings of descriptors, rows and lanes.

Arguments come in the order of the contracts' structs. A trace may hold wrong lanes: they are opened as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from ethwire.keys import keccak256
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import OF_ALL, Group, Operator, Trace, descriptor_of, program_leaves, table_bits

__all__ = ["KEYS", "NO_LANES", "NO_LINES", "NO_ROW", "NO_SUMS", "VALUES", "Openings", "Published", "packed_sums"]

KEYS, VALUES = 1, 2  # places in a boundary
NO_LANES: tuple[bytes, list[bytes]] = (b"", [])
NO_LINES: tuple[bytes, list[bytes]] = (b"", [])
NO_ROW: tuple[bytes, list[bytes], bytes] = (b"", [], b"")
NO_SUMS = (b"", 0)
_BYTES_16 = 2  # of a lane
_RECORD_LEVELS, _BOUNDARY_LEVELS = 4, 2
_PART_LEVELS = {16: 4, 32: 5}  # of the chunks of 1,024 lanes


def packed_sums(values: Sequence[int]) -> bytes:
    return b"".join(value.to_bytes(8, "big", signed=True) for value in values)


@dataclass(frozen=True)
class Published:
    """A program with the leaves of its trees."""

    program: Sequence[Group]
    leaves: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, program: Sequence[Group]) -> Published:
        return cls(program, program_leaves(program))

    @cached_property
    def root(self) -> bytes:
        return trees.tree(self.leaves)

    def descriptor(self, group: int, slot: int) -> tuple[tuple[bytes, ...], list[bytes]]:
        whole = self.written(group, slot)
        index = group * trees.SLOTS + slot
        return tuple(whole[at : at + 32] for at in (0, 32, 64)), trees.path(self.leaves, index)

    def written(self, group: int, slot: int) -> bytes:
        """An operator's descriptor as it was hashed."""
        return _descriptor(_Known(self), group, slot)


@dataclass(frozen=True)
class Openings:
    """Of one group at one position of a trace."""

    published: Published
    trace: Trace
    position: int
    group: int

    def claim(self, sums: bytes = b"", base: int = 0, first: int = 0, stride: int = 0) -> tuple[Any, ...]:
        record, positions = self.trace.record_root(self.position, self.group), len(self.trace.records)
        named = keccak256(sums) if sums else bytes(32)
        roots = (self.published.root, self.trace.tree_root(), record)
        return (*roots, self.group, self.position, positions, named, base, first, stride)

    def operator(self, slot: int) -> Operator:
        return self.published.program[self.group][slot - 1]

    def descriptor(self, slot: int) -> tuple[tuple[bytes, ...], list[bytes]]:
        return self.published.descriptor(self.group, slot)

    def lanes(self, slot: int, chunk: int) -> tuple[bytes, list[bytes]]:
        """A chunk of the record."""
        chunks = self._chunks(slot)
        return chunks[chunk], [*trees.path([keccak256(item) for item in chunks], chunk), *self._above(slot)]

    def lines(self, slot: int, part: int = 0, levels: int | None = None) -> tuple[bytes, list[bytes]]:
        """All chunks under a node, a part's unless other levels are named."""
        chunks, bits = self._chunks(slot), self.trace.bits(self.group, slot)
        below = min(_PART_LEVELS[bits] if levels is None else levels, trees.depth(len(chunks)))
        first = part << below
        path = trees.path([keccak256(item) for item in chunks], first, above=below)
        return b"".join(chunks[first : first + (1 << below)]), [*path, *self._above(slot)]

    def strip(self, slot: int, first: int, last: int) -> tuple[bytes, list[bytes]]:
        """Chunks `first` to `last`, and from below the nodes on both sides of them."""
        chunks = self._chunks(slot)
        levels = trees.levels([keccak256(chunk) for chunk in chunks])
        path, left, right = [], first, last
        for level in levels[:-1]:
            if left & 1:
                path.append(level[left - 1])
            if not right & 1:
                path.append(level[right + 1] if right + 1 < len(level) else bytes(32))
            left, right = left >> 1, right >> 1
        return b"".join(chunks[first : last + 1]), [*path, *self._above(slot)]

    def kept(self, position: int, place: int, chunk: int) -> tuple[bytes, list[bytes]]:
        """A chunk of keys or values of any position, or of what is pooled."""
        names = ("scores", "mean_pool") if place == KEYS else ("attended",)
        slot = next(operator.kept for operator in self.published.program[self.group] if operator.type in names)
        chunks = trees.chunks(self.trace.records[position][self.group][slot], self.trace.bits(self.group, slot))
        boundary = self.trace.boundary_leaves(position, self.group)
        positions = [trees.position_root(self.trace.position_leaves(n)) for n in range(len(self.trace.records))]
        path = trees.path([keccak256(item) for item in chunks], chunk)
        path += trees.path(boundary, place, _BOUNDARY_LEVELS)
        path += trees.path(self.trace.position_leaves(position), self.group)
        return chunks[chunk], [*path, *trees.path(positions, position)]

    def reads(self, operator: Operator) -> int:
        """How many positions an operator reads that reads others than its own."""
        sees_all = operator.flags & OF_ALL or operator.type == "mean_pool"
        return len(self.trace.records) if sees_all else self.position + 1

    def row(self, slot: int, number: int, part: int = 0) -> tuple[bytes, list[bytes], bytes]:
        operator = self.operator(slot)
        leaf = trees.row_leaf(number, operator.rows[number], operator.layout)
        body = trees.part_bytes(operator.rows[number], operator.layout, part * trees.PART)
        return leaf, _row_path(_Known(operator), number), body

    def products(
        self, slot: int, lane: int, number: int
    ) -> tuple[tuple[bytes, list[bytes], bytes], tuple[bytes, list[bytes]]]:  # fmt: skip
        """The row and the lanes of one of the sums of a row's products."""
        operator = self.operator(slot)
        lanes = trees.piece(operator.width)
        levels = trees.depth(lanes * _BYTES_16 // trees.CHUNK_BYTES)
        return self.row(slot, lane, number * lanes // trees.PART), self.lines(operator.first, number, levels)

    def table(self, slot: int, chunk: int) -> tuple[bytes, list[bytes]]:
        operator = self.operator(slot)
        return _chunk(operator.lanes, table_bits(operator), chunk)

    def bias(self, slot: int, chunk: int) -> tuple[bytes, list[bytes]]:
        """A chunk of a LayerNorm's second table."""
        return _chunk(self.operator(slot).more, 32, chunk)

    def _chunks(self, slot: int) -> list[bytes]:
        return trees.chunks(self.trace.records[self.position][self.group][slot], self.trace.bits(self.group, slot))

    def _above(self, slot: int) -> list[bytes]:
        return trees.path(self.trace.record_leaves(self.position, self.group), slot, _RECORD_LEVELS)


def _chunk(lanes: Sequence[int], bits: int, chunk: int) -> tuple[bytes, list[bytes]]:
    chunks, hashes = _tabled(_Known(lanes), bits)
    return chunks[chunk], trees.path(hashes, chunk)


class _Known:
    """What is known by its identity, for a cache."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and other.value is self.value


@cache
def _descriptor(published: _Known, group: int, slot: int) -> bytes:
    return descriptor_of(published.value.program, group, slot)


@cache
def _tabled(lanes: _Known, bits: int) -> tuple[list[bytes], list[bytes]]:
    chunks = trees.chunks(lanes.value, bits)
    return chunks, [keccak256(item) for item in chunks]


@cache
def _leaves(operator: _Known) -> list[bytes]:
    rows, layout = operator.value.rows, operator.value.layout
    return [keccak256(trees.row_leaf(number, row, layout)) for number, row in enumerate(rows)]


@cache
def _row_path(operator: _Known, number: int) -> list[bytes]:
    return trees.path(_leaves(operator), number)
