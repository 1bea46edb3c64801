"""A loaded token model, and conversations with it: each keeps keys and values of the positions that it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import UsageError
from keifu.inference.tokens import kernels
from keifu.inference.tokens.lanes import ROWS
from keifu.inference.tokens.packing import Numbers, packed
from keifu.inference.tokens.products import product
from keifu.inference.tokens.program import HEAD, Sizes, TokenProgram, checked
from keifu.inference.tokens.sampling import Drawing
from keifu.merkle.plain import HASH_WORDS, IOTA

__all__ = ["Conversation", "Executor", "Kept", "Memory", "drawn_of", "ids_of", "read_together"]

# What a run leaves: rows behind each layer, keys and values, and boundaries.
_Left = tuple[NDArray[Any], NDArray[np.int16], NDArray[np.uint64]]
_NO_ROWS, _NO_LINES = np.empty((0, 0, 0), np.int32), np.empty((0, 0, 0, 0), np.int16)
_NO_BOUNDS = np.empty((0, 0, HASH_WORDS), np.uint64)


class Executor:
    """A program, packed. It is never written to, so any number of conversations share it, in any thread."""

    def __init__(self, program: TokenProgram) -> None:
        """Raises InputError for a program that could overflow, or is not of one piece."""
        self.program = checked(program)
        layers = program.layers
        self.packed = [packed(item) for item in (layers.attention, layers.mixed, layers.gates, layers.down)]
        self.packed_head = packed(program.head)

    def conversation(self) -> Conversation:
        return Conversation(Memory(self, 1), 0)

    def run(self, h: NDArray[Any], spans: NDArray[np.int64], memory: Memory, left: _Left) -> None:
        """All layers over residuals of several conversations, in place."""
        self._run(h, spans, slice(None), memory, left)

    def layer(self, number: int, h: NDArray[Any]) -> NDArray[Any]:
        """One layer alone over residuals of the first positions."""
        found, memory = h.copy(), Memory(self, 1, len(h), layers=1)
        spans = np.array([(0, len(h), 0, 0)], np.int64)
        self._run(found, spans, slice(number, number + 1), memory, _left())
        return found

    def _run(self, h: NDArray[Any], spans: NDArray[np.int64], which: slice, memory: Memory, left: _Left) -> None:
        program, layers = self.program, self.program.layers
        norms = (layers.norms[which], layers.norm_shifts[which], layers.scales[which])
        matrices = [(item.layout, item.weights[which], item.of_layer(which)) for item in self.packed]
        kernels.run(
            h, spans, program.sizes.heads, program.epsilon, program.turns, *norms, *matrices, memory.keys,
            memory.values, *left, IOTA,
        )  # fmt: skip

    def embedded(self, ids: NDArray[Any]) -> NDArray[Any]:
        words = self.program.words
        h = np.empty((len(ids), self.program.sizes.width), np.int32)
        kernels.embed(ids, words.weights[0], words.scales[0], words.numbers[0].T, self.program.word_shift, h)
        return h

    def sums(self, h: NDArray[Any]) -> NDArray[Any]:
        """What each token's row gives for each residual, before its multiplier."""
        head, y = self.packed_head, np.empty(h.shape, np.int16)
        kernels.norm(h, self.program.last_norm, self.program.last_shift, self.program.epsilon, y)
        found = np.empty((len(h), self.program.sizes.tokens), np.int64)
        product(head.layout, head.weights[0], y, found)
        return found

    def tokens(self, h: NDArray[Any]) -> NDArray[np.int64]:
        """The token that follows each residual."""
        found = np.empty(len(h), np.int64)
        kernels.largest(self.sums(h), self.packed_head.of_layer(0), found)
        return found

    def drawn(self, h: NDArray[Any], drawing: Drawing, position: int) -> int:
        """The token that follows one residual, by a committed seed."""
        return drawn_of(self.sums(h)[0], self.packed_head.of_layer(0), drawing, position)


class Kept:
    """Keys and values of several conversations, each of up to `positions`."""

    def __init__(self, sizes: Sizes, conversations: int, positions: int, *, layers: int = 0) -> None:
        heads, groups = sizes.heads // sizes.shared, -(-positions // ROWS)
        self.sizes = sizes
        shape = conversations, layers or sizes.layers, heads
        self.positions = positions
        self.keys = np.zeros((*shape, groups, HEAD // 2, ROWS, 2), np.int16)
        self.values = np.zeros((*shape, HEAD // ROWS, groups * ROWS // 2, ROWS, 2), np.int16)

    def of_layer(self, number: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Keys and values of the first conversation."""
        return self.keys[0, number], self.values[0, number]


class Memory(Kept):
    """The same, of conversations with one executor."""

    def __init__(self, executor: Executor, conversations: int, positions: int = 0, *, layers: int = 0) -> None:
        self.executor, sizes = executor, executor.program.sizes
        super().__init__(sizes, conversations, min(positions or sizes.positions, sizes.positions), layers=layers)


class Conversation:
    """Positions one after the other. One thread at a time."""

    def __init__(self, memory: Memory, number: int) -> None:
        self.memory, self.number, self.length = memory, number, 0

    def read(self, ids: Sequence[int]) -> NDArray[Any]:
        """Residuals behind all layers, one row an id. Raises UsageError for ids that the model does not have, for none,
        and for more than its context holds; then nothing was read."""
        return read_together([(self, ids)])[0]

    def next(self, ids: Sequence[int]) -> int:
        """The token that follows these."""
        return int(self.memory.executor.tokens(self.read(ids)[-1:])[0])

    def back_to(self, length: int) -> None:
        """Forget what came after so many positions."""
        if not 0 <= length <= self.length:
            raise UsageError(f"{length} of {self.length} positions cannot be kept")
        self.length = length

    def expect(self, ids: Sequence[int]) -> NDArray[np.int64]:
        """Raises UsageError for ids that cannot be read here."""
        return ids_of(ids, self.memory.executor.program.sizes.tokens, self.memory.positions, self.length)


def read_together(
    reads: Sequence[tuple[Conversation, Sequence[int]]],
    seen: NDArray[Any] | None = None,
    bounds: NDArray[np.uint8] | None = None,
    lines: NDArray[np.int16] | None = None,
) -> list[NDArray[Any]]:
    """What `Conversation.read` gives for each, in one run; conversations of one memory, none of them twice. `seen` is
    layers + 1 × rows × width, and gets the embedding and the rows behind each layer; `lines` is
    layers × rows × 2 × lanes, and gets keys and values; `bounds` is rows × (layers + 1) × 32, and gets what is
    committed to of all those. Raises as `read` does."""
    memory = reads[0][0].memory
    given = [talk.expect(ids) for talk, ids in reads]
    h = memory.executor.embedded(np.concatenate(given))
    ends = np.cumsum([len(ids) for ids in given])
    spans = np.array(
        [
            (end - len(ids), end, talk.length, talk.number)
            for end, ids, (talk, _) in zip(ends, given, reads, strict=True)
        ],
        np.int64,
    )
    if seen is not None:
        seen[0] = h
    memory.executor.run(h, spans, memory, _left(seen, lines, bounds))
    for (talk, _), ids in zip(reads, given, strict=True):
        talk.length += len(ids)
    return [h[row:end] for row, end, _, _ in spans]


def _left(
    seen: NDArray[Any] | None = None, lines: NDArray[np.int16] | None = None, bounds: NDArray[np.uint8] | None = None
) -> _Left:
    return (
        _NO_ROWS if seen is None else seen,
        _NO_LINES if lines is None else lines,
        _NO_BOUNDS if bounds is None else bounds.view(np.uint64),
    )


def drawn_of(sums: NDArray[Any], numbers: Numbers, drawing: Drawing, position: int) -> int:
    """The token that a row of sums gives at a position, by a committed seed."""
    start = np.uint64(drawing.start(position))
    return int(
        kernels.drawn(sums, numbers, np.int64(drawing.shift), np.int64(drawing.sharpness), drawing.gumbel, start)
    )


def ids_of(ids: Sequence[int], tokens: int, positions: int, length: int = 0) -> NDArray[np.int64]:
    """Raises UsageError for what are no ids of a model's tokens, or too many behind the `length` that it has read."""
    if not len(ids):
        raise UsageError("no token was given")
    given = np.asarray(ids)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise UsageError("tokens are whole numbers")
    if given.min() < 0 or given.max() >= tokens:
        raise UsageError(f"tokens go from 0 to {tokens - 1:,}")
    if length + len(given) > positions:
        raise UsageError(
            f"{length + len(given):,} tokens, and the model's context has {positions:,}",
            remedy="a shorter prompt or reply fits",
        )
    return given.astype(np.int64)
