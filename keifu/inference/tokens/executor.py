"""A loaded token model, and conversations with it: each keeps keys and values of the positions that it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import UsageError
from keifu.inference.tokens import kernels
from keifu.inference.tokens.lanes import ROWS
from keifu.inference.tokens.packing import Packed, packed
from keifu.inference.tokens.program import HEAD, TokenProgram, checked

__all__ = ["Conversation", "Executor"]


class Executor:
    """A program, packed. It is never written to, so any number of conversations share it, in any thread."""

    def __init__(self, program: TokenProgram) -> None:
        """Raises InputError for a program that could overflow, or is not of one piece."""
        self.program = checked(program)
        layers = program.layers
        self._matrices = [_tuple(packed(item)) for item in (layers.attention, layers.mixed, layers.gates, layers.down)]
        self._head = packed(program.head, for_many=False)

    def conversation(self) -> Conversation:
        return Conversation(self)

    def run(self, h: NDArray[Any], start: int, keys: NDArray[Any], values: NDArray[Any]) -> None:
        """All layers over residuals that stand at `start` and behind, in place."""
        program, layers = self.program, self.program.layers
        head = program.sizes.heads
        norms = (layers.norms, layers.norm_shifts, layers.scales)
        kernels.run(h, start, head, program.epsilon, program.turns, *norms, *self._matrices, keys, values)

    def embedded(self, ids: NDArray[Any]) -> NDArray[Any]:
        words = self.program.words
        h = np.empty((len(ids), self.program.sizes.width), np.int32)
        kernels.embed(ids, words.weights[0], words.scales[0], words.numbers[0].T, self.program.word_shift, h)
        return h

    def sums(self, h: NDArray[Any]) -> NDArray[Any]:
        """What each token's row gives for each residual, before its multiplier."""
        head, y = self._head, np.empty(h.shape, np.int16)
        kernels.norm(h, self.program.last_norm, self.program.last_shift, self.program.epsilon, y)
        found = np.empty((len(h), self.program.sizes.tokens), np.int64)
        kernels.product(head.layout, head.weights[0], head.scales[0], head.planes[:, 0], y, found)
        return found

    def tokens(self, h: NDArray[Any]) -> NDArray[np.int64]:
        """The token that follows each residual."""
        found = np.empty(len(h), np.int64)
        kernels.largest(self.sums(h), self._head.numbers[0], found)
        return found


def _tuple(item: Packed) -> tuple[Any, ...]:
    return item.layout, item.weights, item.scales, item.planes, item.numbers


class Conversation:
    """Positions one after the other. One thread at a time."""

    def __init__(self, executor: Executor) -> None:
        self._executor, sizes = executor, executor.program.sizes
        heads, groups = sizes.heads // sizes.shared, -(-sizes.positions // ROWS)
        self._keys = np.zeros((sizes.layers, heads, groups, HEAD // 2, ROWS, 2), np.int16)
        self._values = np.zeros((sizes.layers, heads, HEAD // ROWS, groups * ROWS // 2, ROWS, 2), np.int16)
        self.length = 0

    def read(self, ids: Sequence[int]) -> NDArray[Any]:
        """Residuals behind all layers, one row an id. Raises UsageError for ids that the model does not have, for none,
        and for more than its context holds; then nothing was read."""
        given, sizes = _ids(ids, self._executor.program.sizes.tokens), self._executor.program.sizes
        if self.length + len(given) > sizes.positions:
            raise UsageError(
                f"{self.length + len(given):,} tokens, and the model's context has {sizes.positions:,}",
                remedy="a shorter prompt or reply fits",
            )
        h = self._executor.embedded(given)
        self._executor.run(h, self.length, self._keys, self._values)
        self.length += len(given)
        return h

    def next(self, ids: Sequence[int]) -> int:
        """The token that follows these."""
        return int(self._executor.tokens(self.read(ids)[-1:])[0])

    def back_to(self, length: int) -> None:
        """Forget what came after so many positions."""
        if not 0 <= length <= self.length:
            raise UsageError(f"{length} of {self.length} positions cannot be kept")
        self.length = length


def _ids(ids: Sequence[int], tokens: int) -> NDArray[np.int64]:
    if not len(ids):
        raise UsageError("no token was given")
    given = np.asarray(ids)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise UsageError("tokens are whole numbers")
    if given.min() < 0 or given.max() >= tokens:
        raise UsageError(f"tokens go from 0 to {tokens - 1:,}")
    return given.astype(np.int64)
