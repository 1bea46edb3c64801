"""A reply computed again without its products of matrices: those are handed out, and checked by Freivalds' way.

The auditor has secret numbers, one a row of a matrix, and the sum of all rows times their numbers. A position's
products times the numbers must equal its lanes times that sum, modulo 2^61 − 1. Products with one false among them pass
with a chance below 2^-59. All else is computed again, so tokens and the trace's root come out as `computed_again` has
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import CheckFailed, InputError
from keifu.inference.tokens import kernels
from keifu.inference.tokens.committing import HASH_BYTES, boundaries, position_roots, token_boundaries, trace_root
from keifu.inference.tokens.executor import Kept, drawn_of, ids_of
from keifu.inference.tokens.field import drawn, first_difference, halves, projected
from keifu.inference.tokens.linear import MATRICES, Layering, rows_of_matrices
from keifu.inference.tokens.packing import numbers_of
from keifu.inference.tokens.program import Matrix, TokenProgram, checked
from keifu.inference.tokens.sampling import Drawing
from keifu.spec.inference_drawing import committed

__all__ = ["LARGEST_PART", "REPLIES", "Auditor", "Deliver", "WrongProducts", "positions_at_once"]

REPLIES = 16  # that one choice of secret numbers serves
LARGEST_PART = 16 << 20  # bytes of products at once
SMALLEST_MULTIPLIER = 8  # so that a row's sum, which times it stays below 2^63, stays below 2^60

Ints = NDArray[Any]
Deliver = Callable[[int, int, int], list[Ints]]  # layer, first position, how many: each matrix's products
_Secret = tuple[Ints, list[tuple[Ints, Ints]]]  # numbers, and of each layer the projected rows


class WrongProducts(CheckFailed):
    """Products were handed out that the model's weights do not give."""


def positions_at_once(program: TokenProgram, layer: int) -> int:
    """How many positions' products fit into a part."""
    return max(1, LARGEST_PART // (8 * sum(rows_of_matrices(program, layer))))


class Auditor:
    """One model's. Making it is quick; the first audit, and every sixteenth after it, projects all weights."""

    def __init__(self, program: TokenProgram) -> None:
        """Raises InputError for a program that could overflow, or whose sums are too large to be checked."""
        self.program = checked(program)
        self._matrices = {name: getattr(program.layers, name) for name in MATRICES} | {"head": program.head}
        for name, matrix in self._matrices.items():
            if matrix.numbers[..., 1].min() < SMALLEST_MULTIPLIER:
                raise InputError(f"{name}: a row's multiplier is below {SMALLEST_MULTIPLIER}: it cannot be checked")
        self._secrets: dict[str, _Secret] = {}
        self._replies = 0

    def project(self) -> None:
        """Choose secret numbers anew, and project all weights by them."""
        self._secrets = {name: _secret(matrix) for name, matrix in self._matrices.items()}
        self._replies = 0

    def audit(
        self, prompt: Sequence[int], reply: Sequence[int], deliver: Deliver, drawing: Drawing | None = None
    ) -> tuple[list[int], bytes]:
        """What `computed_again` gives. Raises WrongProducts naming what was delivered falsely, UsageError for ids that
        the model has not."""
        sizes = self.program.sizes
        known = ids_of(prompt, sizes.tokens, sizes.positions)
        ids, first = ids_of([*known, *reply[:-1]], sizes.tokens, sizes.positions), len(known) - 1
        if not self._secrets or self._replies >= REPLIES:
            self.project()
        self._replies += 1
        try:
            return self._audited(ids, first, deliver, drawing)
        except WrongProducts:
            self._secrets = {}  # whoever was caught may have learnt something
            raise

    def require(self, name: str, layer: int, x: Ints, sums: Ints, start: int = 0) -> Ints:
        """The sums, which are the products of a matrix and lanes. Raises WrongProducts. `start` is the first place."""
        numbers, projections = self._secrets[name]
        if (row := first_difference(x, sums, *projections[layer], numbers)) >= 0:
            where = "tokens'" if name == "head" else f"layer {layer}'s {name}"
            raise WrongProducts(
                f"{where} products at position {start + row} are not those of the model's weights",
                remedy="compute the reply again: what was handed out proves nothing about it",
            )
        return sums

    def _audited(self, ids: Ints, first: int, deliver: Deliver, drawing: Drawing | None) -> tuple[list[int], bytes]:
        sizes, count = self.program.sizes, len(ids)
        layering = Layering.of(self.program, ids.tolist())
        seen = np.empty((sizes.layers + 1, count, sizes.width), np.int32)
        seen[0] = layering.h
        whole = Kept(sizes, 1, count)
        for layer in range(sizes.layers):
            given = dict(zip(MATRICES, self._delivered(deliver, layer, count), strict=True))
            layering.layer(layer, whole.of_layer(layer), partial(self._given, layer, given))
            seen[layer + 1] = layering.h
        tokens = self._tokens(layering.last(first), first, deliver, drawing)
        last = np.zeros((count, HASH_BYTES), np.uint8)
        last[first:] = token_boundaries(tokens)
        return tokens, committed(trace_root(position_roots(boundaries(seen, whole, 0), last)), drawing)

    def _given(self, layer: int, given: dict[str, Ints], name: str, x: Ints) -> Ints:
        return self.require(name, layer, x, given[name])

    def _delivered(self, deliver: Deliver, layer: int, count: int) -> list[Ints]:
        """Of a whole layer."""
        step = positions_at_once(self.program, layer)
        parts = [deliver(layer, start, min(step, count - start)) for start in range(0, count, step)]
        return parts[0] if len(parts) == 1 else [np.concatenate(items) for items in zip(*parts, strict=True)]

    def _tokens(self, y: Ints, first: int, deliver: Deliver, drawing: Drawing | None) -> list[int]:
        layer, numbers = self.program.sizes.layers, numbers_of(self.program.head.numbers[0])
        step, tokens = positions_at_once(self.program, layer), []
        for start in range(0, len(y), step):
            count = min(step, len(y) - start)
            (sums,) = deliver(layer, first + start, count)
            self.require("head", 0, y[start : start + count], sums, first + start)
            if drawing is None:
                found = np.empty(count, np.int64)
                kernels.largest(sums, numbers, found)
                tokens += found.tolist()
            else:
                tokens += [drawn_of(row, numbers, drawing, first + start + place) for place, row in enumerate(sums)]
        return tokens


def _secret(matrix: Matrix) -> _Secret:
    numbers = drawn(matrix.weights.shape[1])
    layers = zip(matrix.weights, matrix.scales, strict=True)
    return numbers, [halves(projected(weights, scales, numbers)) for weights, scales in layers]
