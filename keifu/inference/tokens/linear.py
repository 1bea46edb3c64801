"""One layer after the other over positions that are all known, with its products of matrices taken from outside.

A provider computes those products and hands them out; an auditor takes them, checked. All else is computed by both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import UsageError
from keifu.inference.tokens import kernels
from keifu.inference.tokens.attending import attend
from keifu.inference.tokens.executor import Conversation, Executor, Kept, Memory, read_together
from keifu.inference.tokens.packing import Numbers, numbers_of
from keifu.inference.tokens.products import product
from keifu.inference.tokens.program import HEAD, Matrix, Sizes, TokenProgram
from keifu.inference.tokens.soon import NOTHING

__all__ = ["MATRICES", "Handing", "Layering", "expect_part", "rows_of_matrices"]

MATRICES = ("attention", "mixed", "gates", "down")  # of a layer, in the order in which they are read
ROWS = 64

Ints = NDArray[Any]
Linear = Callable[[str, Ints], Ints]  # a matrix by its name, and its lanes: the products


def rows_of_matrices(program: TokenProgram, layer: int) -> list[int]:
    """How many products of each matrix a position has there; behind the layers stand those of tokens."""
    if layer == program.sizes.layers:
        return [program.sizes.tokens]
    return [getattr(program.layers, name).weights.shape[1] for name in MATRICES]


def expect_part(sizes: Sizes, asked_from: int, positions: int, part: tuple[int, int, int]) -> None:
    """Raises UsageError for a layer, first position and count of which there is nothing to hand out. Tokens are made
    from the last position of the question on, `asked_from`."""
    layer, first, count = part
    least = asked_from if layer == sizes.layers else 0
    if not 0 <= layer <= sizes.layers or count < 1 or not least <= first <= positions - count:
        raise UsageError(
            f"layer {layer} has no products of {count} positions from {first} on",
            remedy=f"layers go from 0 to {sizes.layers}, positions from {least} to {positions - 1}",
        )


class Layering:
    """The positions of one conversation, from the first on: `h` are their residuals."""

    def __init__(self, program: TokenProgram, h: Ints) -> None:
        self.program, self.h = program, h

    @classmethod
    def of(cls, program: TokenProgram, ids: Sequence[int]) -> Layering:
        words, h = program.words, np.empty((len(ids), program.sizes.width), np.int32)
        given = np.asarray(ids, np.int64)
        kernels.embed(given, words.weights[0], words.scales[0], words.numbers[0].T, program.word_shift, h)
        return cls(program, h)

    def layer(self, number: int, lanes: tuple[Ints, Ints], linear: Linear) -> None:
        """All of a layer. `lanes` get its keys and values."""
        program, layers, h = self.program, self.program.layers, self.h
        count, sizes = len(h), program.sizes
        scales, none = layers.scales[number], np.zeros(count, np.int64)
        keys, values = lanes
        y, queries = np.empty(h.shape, np.int16), np.empty((count, sizes.heads, HEAD), np.int16)
        gated, exponents = np.empty((count, sizes.inner), np.int16), np.empty(count, np.int64)
        fresh = np.empty((count, 2, sizes.kept), np.int16)
        kernels.norm(h, layers.norms[number, 0], layers.norm_shifts[number, 0], program.epsilon, y)
        sums, numbers = linear("attention", y), _numbers(layers.attention, number)
        kernels.turned(sums, numbers, program.turns, 0, sizes.heads, queries, keys, values, fresh)
        attend(queries, keys, values, scales, 0, 0, y, NOTHING)
        kernels.add(h, linear("mixed", y), _numbers(layers.mixed, number), none, h)
        kernels.norm(h, layers.norms[number, 1], layers.norm_shifts[number, 1], program.epsilon, y)
        kernels.gate(linear("gates", y), _numbers(layers.gates, number), scales, gated, exponents)
        kernels.add(h, linear("down", gated), _numbers(layers.down, number), exponents, h)

    def last(self, first: int) -> Ints:
        """The lanes that tokens are made of, from a position on."""
        h = np.ascontiguousarray(self.h[first:])
        y = np.empty(h.shape, np.int16)
        kernels.norm(h, self.program.last_norm, self.program.last_shift, self.program.epsilon, y)
        return y


def _numbers(matrix: Matrix, layer: int) -> Numbers:
    return numbers_of(matrix.numbers[layer])


class Handing:
    """A provider's side, for one reply: it has read all positions once, and computes any layer's products again."""

    def __init__(self, executor: Executor, prompt: Sequence[int], reply: Sequence[int]) -> None:
        """Raises UsageError for ids that the model has not, or too many."""
        self._executor, sizes = executor, executor.program.sizes
        ids, self.first = [*prompt, *reply[:-1]], len(prompt) - 1
        self.positions = len(ids)
        self._last: tuple[int, list[Ints]] = (-1, [])  # parts of one layer are asked for one after the other
        talk = Conversation(Memory(executor, 1, len(ids)), 0)
        talk.expect(ids)
        self._seen = np.empty((sizes.layers + 1, len(ids), sizes.width), np.int32)
        for start in range(0, len(ids), ROWS):
            part = ids[start : start + ROWS]
            seen = np.empty((sizes.layers + 1, len(part), sizes.width), np.int32)
            read_together([(talk, part)], seen)
            self._seen[:, start : start + len(part)] = seen

    def is_at_hand(self, layer: int) -> bool:
        """Whether a part of it takes no computing of the positions that are not asked for."""
        return layer in (self._last[0], self._executor.program.sizes.layers)

    def sums(self, layer: int, first: int, count: int) -> list[Ints]:
        """Of each matrix positions × rows; behind the layers those of tokens, at positions that make one. Raises
        UsageError for what is not there."""
        sizes = self._executor.program.sizes
        expect_part(sizes, self.first, self.positions, (layer, first, count))
        if layer == sizes.layers:
            return [self._executor.sums(np.ascontiguousarray(self._seen[-1, first : first + count]))]
        if self._last[0] != layer:
            self._last = layer, self._products(layer)
        return [sums[first : first + count] for sums in self._last[1]]

    def _products(self, layer: int) -> list[Ints]:
        program = self._executor.program
        found: list[Ints] = []

        def computed(name: str, x: Ints) -> Ints:
            packed = self._executor.packed[MATRICES.index(name)]
            sums = np.empty((len(x), packed.rows), np.int64)
            product(packed.layout, packed.weights[layer], x, sums)
            found.append(sums)
            return sums

        memory = Kept(program.sizes, 1, self.positions, layers=1)
        Layering(program, self._seen[layer].copy()).layer(layer, memory.of_layer(0), computed)
        return found
