"""A loaded embedding model: the vector of one text's ids, and the roots that a receipt binds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.inference.embeddings import kernels
from keifu.inference.embeddings.program import ADDED, EmbeddingProgram, checked
from keifu.inference.tokens.attending import attend
from keifu.inference.tokens.committing import HASH_BYTES, boundaries, ids_root, position_roots, trace_root
from keifu.inference.tokens.executor import Kept, ids_of
from keifu.inference.tokens.kernels import embed
from keifu.inference.tokens.packing import Packed, packed
from keifu.inference.tokens.products import product
from keifu.inference.tokens.program import HEAD, LARGEST, LARGEST_RESIDUAL
from keifu.inference.tokens.soon import NOTHING
from keifu.merkle.plain import nodes_of, roots_of, roots_of_16

__all__ = ["Executor", "Ran", "Roots"]

Ints = NDArray[Any]
_PLACES, _LEAVES = 4, 3  # of a boundary, and those that are not always empty


@dataclass(frozen=True)
class Roots:
    """Of input, output and trace."""

    input: bytes
    output: bytes
    trace: bytes


@dataclass(frozen=True)
class Ran:
    """What a text's vector is made of, and committed to: the sums of all groups (groups × positions × width), keys and
    values, and the lanes that are pooled (positions × width)."""

    sums: Ints
    memory: Kept
    lanes: Ints

    @cached_property
    def vector(self) -> NDArray[np.int16]:
        count = len(self.lanes)
        found: NDArray[np.int64] = (2 * self.lanes.sum(axis=0, dtype=np.int64) + count) // (2 * count)
        return found.astype(np.int16)

    @cached_property
    def keys(self) -> NDArray[np.int16]:
        """Layers × positions × lanes of all heads."""
        found: NDArray[np.int16] = self.memory.keys[0].transpose(0, 2, 4, 1, 3, 5)
        return self._flat(found)

    @cached_property
    def values(self) -> NDArray[np.int16]:
        found: NDArray[np.int16] = self.memory.values[0].transpose(0, 3, 5, 1, 2, 4)
        return self._flat(found)

    def roots(self, ids: Sequence[int]) -> Roots:
        """Of a receipt."""
        groups, last = boundaries(self.sums, self.memory, 0), self._last()
        trace = trace_root(position_roots(groups, nodes_of(last)))
        return Roots(ids_root(ids), last[-1, 0].tobytes(), trace)

    def leaves(self) -> NDArray[np.uint8]:
        """What each group committed to: positions × groups × 3 × 32."""
        groups, count, width = self.sums.shape
        found = np.zeros((count, groups + 1, _LEAVES, HASH_BYTES), np.uint8)
        found[:, :-1, 0] = roots_of(self.sums.reshape(-1, width)).reshape(groups, count, -1).transpose(1, 0, 2)
        for place, kept in enumerate((self.keys, self.values), 1):
            roots = roots_of_16(kept.reshape((groups - 1) * count, -1)).reshape(groups - 1, count, -1)
            found[:, 1:-1, place] = roots.transpose(1, 0, 2)
        found[:, -1] = self._last()[:, :_LEAVES]
        return found

    def _last(self) -> NDArray[np.uint8]:
        """Of the last group: nobody asks for a vector before the last position."""
        last = np.zeros((len(self.lanes), _PLACES, HASH_BYTES), np.uint8)
        last[:, 1] = roots_of_16(self.lanes)
        last[-1, 0] = roots_of_16(self.vector[None])[0]
        return last

    def _flat(self, lanes: NDArray[np.int16]) -> NDArray[np.int16]:
        """A layer's positions stand in two axes, and may be more than there are."""
        layers, several, side = lanes.shape[:3]
        return np.ascontiguousarray(lanes.reshape(layers, several * side, -1)[:, : len(self.lanes)])


class Executor:
    """A program, packed. It is never written to, so any thread may use it."""

    def __init__(self, program: EmbeddingProgram) -> None:
        """Raises InputError for a program that could overflow, or is not of one piece."""
        self.program, layers = checked(program), program.layers
        self.packed = [packed(item) for item in (layers.attention, layers.mixed, layers.inner, layers.down)]

    def vector(self, ids: Sequence[int]) -> NDArray[np.int16]:
        """Raises UsageError for ids that the model has not, for none, and for too many."""
        return self.run(ids).vector

    def committed(self, ids: Sequence[int]) -> tuple[NDArray[np.int16], Roots]:
        """The vector, with the roots of a receipt. Raises as `vector` does."""
        ran = self.run(ids)
        return ran.vector, ran.roots(ids)

    def layer(self, number: int, h: Ints) -> Ints:
        """What layer `number` makes of residuals, positions × width."""
        out = np.empty(h.shape, np.int32)
        self._layer(number, h, Kept(self.program.sizes, 1, len(h), layers=1).of_layer(0), out)
        return out

    def run(self, ids: Sequence[int]) -> Ran:
        """All that is committed to. Raises as `vector` does."""
        program, sizes, words = self.program, self.program.sizes, self.program.words
        given = ids_of(ids, sizes.tokens, sizes.positions)
        count = len(given)
        seen, memory = np.empty((sizes.layers + 1, count, sizes.width), np.int32), Kept(sizes, 1, count)
        embed(given, words.weights[0], words.scales[0], words.numbers[0].T, program.word_shift, seen[0])
        np.clip(seen[0] + program.places[:count], -LARGEST_RESIDUAL, LARGEST_RESIDUAL, out=seen[0])
        for layer in range(sizes.layers):
            self._layer(layer, seen[layer], memory.of_layer(layer), seen[layer + 1])
        return Ran(seen, memory, self._normed(2 * sizes.layers, seen[-1]))

    def _layer(self, layer: int, h: Ints, lanes: tuple[Ints, Ints], out: Ints) -> None:
        program, count = self.program, len(h)
        attention, mixed, inner, down = self.packed
        x = self._normed(2 * layer, h)
        queries = np.empty((count, program.sizes.heads, HEAD), np.int16)
        kernels.spread(_sums(attention, layer, x), attention.of_layer(layer), queries, *lanes)
        seen = np.empty((count, program.sizes.heads * HEAD), np.int16)
        attend(queries, *lanes, program.layers.scales[layer], 0, count, seen, NOTHING)
        x = self._normed(2 * layer + 1, _added(_dense(mixed, layer, seen, ADDED), x))
        # The first entry of a table is of −8,192, which no lane reaches.
        bent = program.layers.tables[layer][_dense(inner, layer, x, LARGEST).astype(np.int64) + LARGEST + 1]
        out[:] = _added(_dense(down, layer, bent, ADDED), x)

    def _normed(self, number: int, h: Ints) -> Ints:
        norms, out = self.program.norms, np.empty(h.shape, np.int16)
        kernels.layer_norm(
            h, norms.gains[number], norms.biases[number], norms.shifts[number], self.program.epsilon, out
        )  # fmt: skip
        return out


def _sums(matrix: Packed, layer: int, x: Ints) -> Ints:
    sums = np.empty((len(x), matrix.rows), np.int64)
    product(matrix.layout, matrix.weights[layer], x, sums)
    return sums


def _dense(matrix: Packed, layer: int, x: Ints, limit: int) -> Ints:
    sums = _sums(matrix, layer, x)
    out = np.empty(sums.shape, np.int16)
    kernels.dense(sums, matrix.of_layer(layer), limit, out)
    return out


def _added(first: Ints, second: Ints) -> Ints:
    """Of lanes of 16 bits, which no limit of residuals is near."""
    return first.astype(np.int32) + second
