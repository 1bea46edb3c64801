"""A token model's arrays, and what a loader proves of them: every lane in its bounds, and no sum that overflows.

Layers of a model have one shape, so their arrays are stacked: the first axis is the layer. Names are those of
`docs/inference-program.md`; a matrix is queries, keys and values, or gate and up, one behind the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import InputError

__all__ = [
    "BLOCK",
    "BLOCKS_4",
    "BLOCKS_8",
    "HEAD",
    "LARGEST",
    "LARGEST_BIAS",
    "LARGEST_NUMBER",
    "LARGEST_RESIDUAL",
    "QUERY",
    "ROTATED",
    "ROWS_8",
    "Layers",
    "Matrix",
    "Sizes",
    "TokenProgram",
    "check_array",
    "check_matrix",
    "check_shifts",
    "check_sizes",
    "check_within",
    "checked",
]

ROWS_8, BLOCKS_4, BLOCKS_8 = range(3)
BLOCK, HEAD = 32, 64
LARGEST, LARGEST_RESIDUAL = 8_191, 2**27 - 1
QUERY, ROTATED = 4_095, 5_791  # of queries and keys before and after RoPE
GATE = 32_767
PART = 2_048  # products of rows of 8 bits that 32 bits hold
MAX_TOKENS, MAX_LAYERS, MAX_LANES, MAX_POSITIONS = 1 << 18, 256, 1 << 15, 1 << 15
MIN_POSITIONS = 2  # as many as a node compares before it serves
SMALLEST_SHIFT, LARGEST_SHIFT = 1, 62
LARGEST_EXPONENT = 25  # what SiLU·mul reaches: 2**38 in 14 bits
LARGEST_NUMBER = 2**31 - 1
ROWS_AT_ONCE = 16
LARGEST_GAIN = 2**30
LARGEST_RESULT = 2**63 - 1
LARGEST_BIAS = 2**62

Ints = NDArray[Any]


@dataclass(frozen=True)
class Sizes:
    """Heads have 64 lanes. `shared` of them read one key and value."""

    tokens: int
    width: int
    layers: int
    heads: int
    shared: int
    inner: int
    positions: int

    @property
    def kept(self) -> int:
        """Lanes of keys, and of values."""
        return self.heads // self.shared * HEAD


@dataclass(frozen=True)
class Matrix:
    """`weights` is layers × rows × lanes, `numbers` layers × rows × (bias, multiplier, shift), `scales` layers × rows ×
    blocks × (D, m), of which rows of 8 bits have none."""

    layout: int
    weights: Ints
    scales: Ints
    numbers: Ints


@dataclass(frozen=True)
class Layers:
    """One entry a layer."""

    norms: Ints  # layers × 2 × width: gains before attention, and before the gate
    norm_shifts: Ints  # layers × 2
    attention: Matrix  # queries, keys, values
    mixed: Matrix  # of attention, added to the residual
    gates: Matrix  # gate, up
    down: Matrix  # added to the residual
    scales: Ints  # layers × (multiplier, shift of the softmax, multiplier, shift of SiLU)


@dataclass(frozen=True)
class TokenProgram:
    """A whole model."""

    sizes: Sizes
    epsilon: int
    turns: Ints  # positions × 64: RoPE's angles
    words: Matrix  # one layer: rows of tokens, as embedding
    word_shift: int  # of the embedding
    layers: Layers
    last_norm: Ints  # width
    last_shift: int
    head: Matrix  # one layer: rows of tokens, as logits


def checked(program: TokenProgram) -> TokenProgram:
    """The same program. Raises InputError naming the tensor that is not as docs/inference-program.md has it."""
    sizes = program.sizes
    check_sizes(sizes)
    layers, width, inner = sizes.layers, sizes.width, sizes.inner
    check_array("turns", program.turns, np.int16, (sizes.positions, HEAD), 2**14)
    check_array("last norm", program.last_norm, np.int32, (width,), LARGEST_GAIN)
    check_array("norms", program.layers.norms, np.int32, (layers, 2, width), LARGEST_GAIN)
    check_within("epsilon", program.epsilon, 1, LARGEST_NUMBER)
    for name, shifts in (("last norm", program.last_shift), ("norms", program.layers.norm_shifts)):
        check_shifts(name, np.asarray(shifts), SMALLEST_SHIFT)
    check_array("scales", program.layers.scales, np.int64, (layers, 4), LARGEST_NUMBER)
    # A shift of 0 is as good as any other here: nothing is rounded.
    check_within("multipliers of scales", program.layers.scales[:, ::2], 0, LARGEST_NUMBER)
    check_within("shifts of scales", program.layers.scales[:, 1::2], 0, LARGEST_SHIFT)
    check_within("embedding's shift", program.word_shift, SMALLEST_SHIFT, LARGEST_SHIFT)
    check_matrix("words", program.words, 1, sizes.tokens, width, 1)
    check_matrix("head", program.head, 1, sizes.tokens, width, LARGEST)
    rows = width + 2 * sizes.kept
    check_matrix("attention", program.layers.attention, layers, rows, width, LARGEST)
    check_matrix("mixed", program.layers.mixed, layers, width, width, LARGEST)
    check_matrix("gates", program.layers.gates, layers, 2 * inner, width, LARGEST)
    check_matrix("down", program.layers.down, layers, width, inner, LARGEST, LARGEST_EXPONENT + 2)
    return program


def check_sizes(sizes: Sizes) -> None:
    """Raises InputError for a model that is too large, or whose sizes do not fit together."""
    for name, value, most in (
        ("tokens", sizes.tokens, MAX_TOKENS),
        ("layers", sizes.layers, MAX_LAYERS),
        ("width", sizes.width, MAX_LANES),
        ("inner lanes", sizes.inner, MAX_LANES),
        ("heads", sizes.heads, MAX_LANES // HEAD),
        ("heads with one key", sizes.shared, sizes.heads),
    ):
        check_within(name, value, 1, most)
    check_within("positions", sizes.positions, MIN_POSITIONS, MAX_POSITIONS)
    if sizes.heads * HEAD != sizes.width or sizes.heads % sizes.shared or sizes.inner % HEAD:
        raise InputError(
            f"{sizes.heads} heads of {HEAD} lanes in {sizes.width}, {sizes.shared} with one key, {sizes.inner} inner",
            remedy=f"a model's width is its heads times {HEAD}, and its inner lanes a multiple of {HEAD}",
        )
    if sizes.tokens % ROWS_AT_ONCE:
        raise InputError(f"{sizes.tokens} tokens are no multiple of {ROWS_AT_ONCE}")


def check_within(name: str, values: Any, least: int, most: int) -> None:
    found = np.asarray(values)
    if found.dtype.kind != "i" or (found.size and not least <= found.min() <= found.max() <= most):
        raise InputError(f"{name}: not every number is from {least:,} to {most:,}")


def check_shifts(name: str, shifts: Ints, least: int) -> None:
    check_within(f"shifts of {name}", shifts, least, LARGEST_SHIFT)


def check_array(name: str, array: Ints, kind: Any, shape: tuple[int, ...], largest: int) -> None:
    if array.dtype != kind or array.shape != shape:
        raise InputError(f"{name}: {array.dtype}{list(array.shape)}, not {np.dtype(kind)}{list(shape)}")
    check_within(name, array, -largest, largest)


def check_matrix(name: str, matrix: Matrix, layers: int, rows: int, lanes: int, source: int, shift: int = 1) -> None:
    """`source` is the largest lane that comes in."""
    plain = matrix.layout == ROWS_8
    shape = (layers, rows, lanes)
    if matrix.layout not in {ROWS_8, BLOCKS_4, BLOCKS_8}:
        raise InputError(f"{name}: format {matrix.layout} is not known")
    check_array(name, matrix.weights, np.int8, shape, 127)
    if matrix.layout == BLOCKS_4:
        check_within(name, matrix.weights, 0, 15)
    check_array(f"{name}'s scales", matrix.scales, np.int16, (layers, rows, 0 if plain else lanes // BLOCK, 2), 32_767)
    if matrix.layout == BLOCKS_8 and matrix.scales[..., 1].any():
        raise InputError(f"{name}: blocks of 8 bits have no second scale")
    check_array(f"{name}'s numbers", matrix.numbers, np.int64, (layers, rows, 3), LARGEST_BIAS)
    check_within(f"multipliers of {name}", matrix.numbers[..., 1], 1, LARGEST_NUMBER)
    check_shifts(name, matrix.numbers[..., 2], shift)
    _sums(name, matrix, source)


def _sums(name: str, matrix: Matrix, source: int) -> None:
    """Raises InputError when a row's sum, times its multiplier, could pass 63 bits."""
    for layer, weights in enumerate(matrix.weights):
        sizes = np.abs(weights.astype(np.int16))
        if matrix.layout == ROWS_8:
            for start in range(0, sizes.shape[1], PART):
                part = sizes[:, start : start + PART].sum(axis=1, dtype=np.int64) * source
                if part.max() > LARGEST_NUMBER:
                    raise InputError(f"{name}: row {int(part.argmax())} of layer {layer} could pass 32 bits")
            reach = sizes.sum(axis=1, dtype=np.int64)
        else:
            blocks = sizes.reshape(len(sizes), -1, BLOCK).sum(axis=2, dtype=np.int64)
            scales = np.abs(matrix.scales[layer].astype(np.int64))
            reach = (blocks * scales[..., 0] + BLOCK * scales[..., 1]).sum(axis=1)
        bias, multipliers, shifts = matrix.numbers[layer].T.astype(object)
        most = (reach.astype(object) * source + abs(bias)) * multipliers + 2 ** (shifts - 1)
        if max(most) > LARGEST_RESULT:
            row = int(np.argmax(most))
            raise InputError(
                f"{name}: row {row} of layer {layer} could pass 63 bits",
                remedy="a smaller multiplier with a smaller shift says the same",
            )
