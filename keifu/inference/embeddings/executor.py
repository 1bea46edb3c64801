"""A loaded embedding model: the vector of one text's ids, and the roots that a receipt binds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from keifu.merkle.plain import nodes_of, roots_of_16

__all__ = ["Executor", "Roots"]

Ints = NDArray[Any]
_PLACES = 4  # of a boundary


@dataclass(frozen=True)
class Roots:
    """Of input, output and trace."""

    input: bytes
    output: bytes
    trace: bytes


@dataclass(frozen=True)
class _Seen:
    """What is committed to: the sums of all groups, keys and values, and the lanes that are pooled."""

    sums: Ints
    memory: Kept
    lanes: Ints


class Executor:
    """A program, packed. It is never written to, so any thread may use it."""

    def __init__(self, program: EmbeddingProgram) -> None:
        """Raises InputError for a program that could overflow, or is not of one piece."""
        self.program, layers = checked(program), program.layers
        self.packed = [packed(item) for item in (layers.attention, layers.mixed, layers.inner, layers.down)]

    def vector(self, ids: Sequence[int]) -> NDArray[np.int16]:
        """Raises UsageError for ids that the model has not, for none, and for too many."""
        return _pooled(self._run(ids).lanes)

    def committed(self, ids: Sequence[int]) -> tuple[NDArray[np.int16], Roots]:
        """The vector, with the roots of a receipt. Raises as `vector` does."""
        seen = self._run(ids)
        vector = _pooled(seen.lanes)
        groups, count = boundaries(seen.sums, seen.memory, 0), len(seen.lanes)
        last = np.zeros((count, _PLACES, HASH_BYTES), np.uint8)
        last[:, 1] = roots_of_16(seen.lanes)
        output = last[-1, 0] = roots_of_16(vector[None])[0]
        trace = trace_root(position_roots(groups, nodes_of(last)))
        return vector, Roots(ids_root(ids), output.tobytes(), trace)

    def layer(self, number: int, h: Ints) -> Ints:
        """What layer `number` makes of residuals, positions × width."""
        out = np.empty(h.shape, np.int32)
        self._layer(number, h, Kept(self.program.sizes, 1, len(h), layers=1).of_layer(0), out)
        return out

    def _run(self, ids: Sequence[int]) -> _Seen:
        program, sizes, words = self.program, self.program.sizes, self.program.words
        given = ids_of(ids, sizes.tokens, sizes.positions)
        count = len(given)
        seen, memory = np.empty((sizes.layers + 1, count, sizes.width), np.int32), Kept(sizes, 1, count)
        embed(given, words.weights[0], words.scales[0], words.numbers[0].T, program.word_shift, seen[0])
        np.clip(seen[0] + program.places[:count], -LARGEST_RESIDUAL, LARGEST_RESIDUAL, out=seen[0])
        for layer in range(sizes.layers):
            self._layer(layer, seen[layer], memory.of_layer(layer), seen[layer + 1])
        return _Seen(seen, memory, self._normed(2 * sizes.layers, seen[-1]))

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


def _pooled(lanes: Ints) -> NDArray[np.int16]:
    count = len(lanes)
    found: NDArray[np.int64] = (2 * lanes.sum(axis=0, dtype=np.int64) + count) // (2 * count)
    return found.astype(np.int16)
