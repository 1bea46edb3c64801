"""An embedding model's arrays, and what a loader proves of them. Layers are stacked as those of token models are.

Matrices of attention have heads of 64 lanes: narrower ones are filled up with zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import InputError
from keifu.inference.tokens.program import (
    GATE,
    HEAD,
    LARGEST,
    LARGEST_RESIDUAL,
    MIN_POSITIONS,
    ROTATED,
    Matrix,
    Sizes,
    check_array,
    check_matrix,
    check_shifts,
    check_within,
)

__all__ = ["ADDED", "ENTRIES", "KEY", "EmbeddingProgram", "Layers", "Norms", "checked", "expect_sizes"]

KEY, ADDED, ENTRIES = ROTATED, GATE, 16_384
MAX_TOKENS, MAX_LAYERS, MAX_LANES, MAX_POSITIONS = 1 << 18, 256, 1 << 15, 1 << 13
LARGEST_GAIN, LARGEST_NUMBER, LARGEST_SHIFT = 2**30, 2**31 - 1, 62

Ints = NDArray[Any]


@dataclass(frozen=True)
class Norms:
    """One entry a norm: before attention and before what is inside, layer by layer, then the last one."""

    gains: Ints  # norms × width
    biases: Ints
    shifts: Ints


@dataclass(frozen=True)
class Layers:
    """One entry a layer."""

    attention: Matrix  # queries, keys, values
    mixed: Matrix
    inner: Matrix
    down: Matrix
    tables: Ints  # layers × 16,384
    scales: Ints  # layers × (multiplier, shift of the softmax)


@dataclass(frozen=True)
class EmbeddingProgram:
    """A whole model. Of its sizes `shared` is 1, and heads are what its attention has, each of 64 lanes."""

    sizes: Sizes
    epsilon: int
    words: Matrix  # one layer: rows of tokens
    word_shift: int
    places: Ints  # positions × width
    norms: Norms
    layers: Layers


def checked(program: EmbeddingProgram) -> EmbeddingProgram:
    """The same program. Raises InputError naming the tensor that is not as docs/inference-program.md has it."""
    sizes, layers = program.sizes, program.layers
    expect_sizes(sizes)
    count, width, wide = sizes.layers, sizes.width, sizes.heads * HEAD
    norms = 2 * count + 1
    check_within("epsilon", program.epsilon, 1, LARGEST_NUMBER)
    check_within("embedding's shift", program.word_shift, 1, LARGEST_SHIFT)
    check_array("places", program.places, np.int32, (sizes.positions, width), LARGEST_RESIDUAL)
    check_array("norms' gains", program.norms.gains, np.int32, (norms, width), LARGEST_GAIN)
    check_array("norms' biases", program.norms.biases, np.int32, (norms, width), LARGEST)
    check_array("norms' shifts", program.norms.shifts, np.int64, (norms,), LARGEST_SHIFT)
    check_shifts("norms", program.norms.shifts, 1)
    check_array("tables", layers.tables, np.int16, (count, ENTRIES), LARGEST)
    check_array("scales", layers.scales, np.int64, (count, 2), LARGEST_NUMBER)
    check_within("multipliers of scales", layers.scales[:, 0], 0, LARGEST_NUMBER)
    check_within("shifts of scales", layers.scales[:, 1], 0, LARGEST_SHIFT)
    check_matrix("words", program.words, 1, sizes.tokens, width, 1)
    check_matrix("attention", layers.attention, count, 3 * wide, width, LARGEST)
    check_matrix("mixed", layers.mixed, count, width, wide, LARGEST)
    check_matrix("inner", layers.inner, count, sizes.inner, width, LARGEST)
    check_matrix("down", layers.down, count, width, sizes.inner, LARGEST)
    return program


def expect_sizes(sizes: Sizes) -> None:
    """Raises InputError for a model that is too large, or whose sizes do not fit together."""
    for name, value, most in (
        ("tokens", sizes.tokens, MAX_TOKENS),
        ("layers", sizes.layers, MAX_LAYERS),
        ("width", sizes.width, MAX_LANES),
        ("heads", sizes.heads, MAX_LANES // HEAD),
        ("heads with one key", sizes.shared, 1),
        ("inner lanes", sizes.inner, MAX_LANES),
    ):
        check_within(name, value, 1, most)
    check_within("positions", sizes.positions, MIN_POSITIONS, MAX_POSITIONS)
    if sizes.width % HEAD or sizes.inner % HEAD:
        raise InputError(f"{sizes.width} lanes, {sizes.inner} inner", remedy=f"a model's lanes are multiples of {HEAD}")
