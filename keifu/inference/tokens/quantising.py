"""From a GGUF file to a program of integers: its blocks as they are, or rows of 8 bits.

Bounds are measured: the model runs once in floats over calibration tokens, and what is seen there, times a margin,
becomes the largest lane. A lane that passes it later is clipped, by every machine in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import InputError
from keifu.inference.tokens.floats import FloatModel, Floats, Source, Watcher
from keifu.inference.tokens.gguf import Q8_0, TYPES, Stored
from keifu.inference.tokens.program import (
    BLOCK,
    BLOCKS_4,
    BLOCKS_8,
    GATE,
    HEAD,
    LARGEST,
    LARGEST_BIAS,
    LARGEST_NUMBER,
    QUERY,
    ROWS_8,
    Layers,
    Matrix,
    TokenProgram,
)

__all__ = [
    "GAIN_BITS",
    "LARGEST_SCALE",
    "LOG2_E",
    "MARGIN",
    "NORM_BITS",
    "RESULT_BITS",
    "Quantised",
    "Rows",
    "bits_of",
    "calibrated",
    "gains_of",
    "matrix_of",
    "maxima_of",
    "nonzero",
    "quantise",
    "scale_of",
    "scaled",
    "stacked",
]

MARGIN = 1.5  # over the largest value of the calibration
POINT = 12  # bits of a residual behind the point
GAIN_BITS, NORM_BITS, MULTIPLIER_BITS = 30, 14, 23
LARGEST_SCALE, LARGEST_WHOLE = 32_767, 32_600  # a D; and a weight of 4 bits with its scales, in two planes
EPSILON_BITS = 24  # twice POINT
WORD_BITS = 16
LOG2_E = float(np.log2(np.e))
RESULT_BITS = 62
_BEYOND = 1.5 * LARGEST_BIAS  # what is larger is cut to what no loader takes

Maxima = dict[str, float]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Quantised:
    """`logit_scale` times a token's sum and multiplier is its logit."""

    program: TokenProgram
    logit_scale: float


def calibrated(source: Source, texts: Sequence[Sequence[int]]) -> Maxima:
    """The largest size of each intermediate value over some texts of tokens."""

    def run(watch: Watcher) -> None:
        model = FloatModel(source, watch)
        for text in texts:
            model.forget()
            model.logits(model.read(text))

    return maxima_of(run)


def maxima_of(run: Callable[[Watcher], None]) -> Maxima:
    """The largest size of what a run of floats shows by each name. Raises InputError for what has none."""
    found: Maxima = {}

    def watch(name: str, values: Floats) -> None:
        found[name] = float(np.maximum(found.get(name, 0.0), np.abs(values).max()))  # which keeps what is no number

    with np.errstate(all="ignore"):  # it is named below
        run(watch)
    if not found:
        raise InputError("calibration saw no values")
    for name, largest in found.items():
        if not np.isfinite(largest) or not largest:
            raise InputError(f"by calibration {name} is {'always 0' if not largest else 'no finite number'}")
    return found


def quantise(source: Source, maxima: Maxima, *, rows: bool = False) -> Quantised:
    """With `rows`, every weight is rounded once more, to 8 bits with one scale a row. Raises InputError when the file's
    tensors do not fit together."""
    made = _Made(source, maxima, rows=rows)
    words, head, scale = made.words()
    gains, shift, unit = made.norm(source.last_norm, "last")
    sizes = source.sizes
    angles = np.arange(sizes.positions)[:, None] * source.base ** (-np.arange(0, HEAD, 2) / HEAD)
    turns = np.stack([np.cos(angles), np.sin(angles)], axis=-1).reshape(-1, HEAD)
    epsilon = max(1, round(source.epsilon * 2**EPSILON_BITS))
    program = TokenProgram(
        sizes, epsilon, np.rint(turns * 2**14).astype(np.int16), words[0], words[1], made.layers(), gains, shift, head
    )  # fmt: skip
    return Quantised(program, scale * unit)


@dataclass(frozen=True)
class Rows:
    """Whole weights, (D, m) of blocks, the real number that one of them stands for, and the largest sum of lanes."""

    layout: int
    weights: NDArray[np.int8]
    scales: NDArray[np.int16]
    unit: Reals

    @property
    def reach(self) -> Reals:
        sizes = np.abs(self.weights.astype(np.float64))
        if self.layout == ROWS_8:
            plain: Reals = sizes.sum(axis=1)
            return plain
        scales = np.abs(self.scales.astype(np.float64))
        blocks = sizes.reshape(len(sizes), -1, BLOCK).sum(axis=2)
        found: Reals = (blocks * scales[..., 0] + BLOCK * scales[..., 1]).sum(axis=1)
        return found


class _Made:
    def __init__(self, source: Source, maxima: Maxima, *, rows: bool) -> None:
        self._source, self._maxima, self._rows = source, maxima, rows

    def words(self) -> tuple[tuple[Matrix, int], Matrix, float]:
        """The table of tokens with its shift, the head, and what one of the head's units stands for."""
        words = self._taken(self._source.words)
        shift = WORD_BITS - 1 - int(np.floor(np.log2(words.unit.max())))
        table = matrix_of(words, np.rint(words.unit * 2.0**shift), np.ones(len(words.unit)))
        if shift <= POINT:
            raise InputError(f"{self._source.words.name}: its values are too large for residuals")
        head = words if self._source.head is self._source.words else self._taken(self._source.head)
        bits = bits_of(head.reach).min()
        up = bits - 1 - np.floor(np.log2(head.unit.max()))
        found = matrix_of(head, np.rint(head.unit * 2.0**up), np.ones(len(head.unit)))
        return (stacked([table]), shift - POINT), stacked([found]), float(2.0**-up)

    def norm(self, gains: Stored, name: str) -> tuple[NDArray[np.int32], int, float]:
        """Gains and their shift, and what one of a lane stands for."""
        unit = self._unit(name, LARGEST)
        return *gains_of(gains.floats(), unit), unit

    def layers(self) -> Layers:
        made = [self._layer(number, layer) for number, layer in enumerate(self._source.layers)]
        attention, mixed, gates, down = (stacked([matrices[number] for _, matrices, _ in made]) for number in range(4))
        return Layers(
            np.stack([np.stack([first[0], second[0]]) for (first, second), _, _ in made]),
            np.array([(first[1], second[1]) for (first, second), _, _ in made], np.int64),
            attention,
            mixed,
            gates,
            down,
            np.array([scales for _, _, scales in made], np.int64),
        )

    def _unit(self, name: str, limit: int) -> float:
        return self._maxima[name] * MARGIN / limit

    def _layer(self, number: int, layer: dict[str, Stored]) -> tuple[Any, list[Matrix], tuple[int, int, int, int]]:
        norms = [self.norm(layer[name], f"{number}.{name}") for name in ("attn_norm", "ffn_norm")]
        (_, _, y), (_, _, z) = norms
        query, key = (self._unit(f"{number}.{name}", QUERY) for name in ("query", "key"))
        value = self._unit(f"{number}.value", LARGEST)
        gate, up = (self._unit(f"{number}.{name}", GATE) for name in ("gate", "up"))
        point = 2.0**POINT
        matrices = [
            self._joined(layer, {"attn_q": y / query, "attn_k": y / key, "attn_v": y / value}),
            self._joined(layer, {"attn_output": value * point}),
            self._joined(layer, {"ffn_gate": z / gate, "ffn_up": z / up}),
            self._joined(layer, {"ffn_down": gate * up / 256 * point}),
        ]
        softmax = scale_of(query * key / np.sqrt(HEAD) * LOG2_E * 2**16)
        return norms, matrices, (*softmax, *scale_of(gate * LOG2_E * 2**16))

    def _joined(self, layer: dict[str, Stored], ratios: dict[str, float]) -> Matrix:
        parts = []
        for name, ratio in ratios.items():
            rows = self._taken(layer[name])
            parts.append(scaled(rows, ratio))
        if len({part.layout for part in parts}) > 1:
            raise InputError(f"{', '.join(ratios)}: tensors of one layer have several formats", remedy="take rows")
        joined = (np.concatenate([getattr(part, name) for part in parts]) for name in ("weights", "scales", "numbers"))
        return Matrix(parts[0].layout, *joined)

    def _taken(self, tensor: Stored) -> Rows:
        if self._rows or TYPES[tensor.kind][1] == 1:
            return _rounded(tensor)
        weights, scales = tensor.blocks()
        d, m = scales[..., 0], scales[..., 1]
        if tensor.kind == Q8_0:
            unit = nonzero(np.abs(d).max(axis=1) / LARGEST_SCALE)
        else:
            unit = nonzero(np.maximum(np.abs(m), np.abs(m + 15 * d)).max(axis=1) / LARGEST_WHOLE)
        whole = np.rint(scales / unit[:, None, None]).astype(np.int16)
        if weights.min() < -127:  # noqa: PLR2004 - −128 has no opposite
            raise InputError(f"{tensor.name}: a weight is below -127")
        return Rows(BLOCKS_8 if tensor.kind == Q8_0 else BLOCKS_4, weights, whole, unit)


def gains_of(gains: NDArray[np.float32], unit: float) -> tuple[NDArray[np.int32], int]:
    """A norm's gains and their shift, where one of a lane stands for `unit`."""
    factors = gains.astype(np.float64) / unit / 2**NORM_BITS
    shift = int(GAIN_BITS - np.ceil(np.log2(max(float(np.abs(factors).max()), 2.0**-30))))
    shift = min(max(shift, 1), RESULT_BITS)
    # What passes the bound by far is cut to what passes it: the loader names it.
    return np.clip(np.rint(factors * 2.0**shift), -LARGEST_NUMBER, LARGEST_NUMBER).astype(np.int32), shift


def _rounded(tensor: Stored) -> Rows:
    values = tensor.floats().astype(np.float64)
    unit = nonzero(np.abs(values).max(axis=1) / 127)
    weights = np.rint(values / unit[:, None]).astype(np.int8)
    return Rows(ROWS_8, weights, np.empty((len(weights), 0, 2), np.int16), unit)


def nonzero(units: Reals) -> Reals:
    """A row of zeros takes the smallest of the others, so that no scale of all rows becomes larger by it."""
    return np.where(units > 0, units, units[units > 0].min(initial=1.0))


def bits_of(reach: Reals) -> Reals:
    """Of a multiplier, so that no result passes 62 bits."""
    found: Reals = np.clip(RESULT_BITS - 1 - np.ceil(np.log2(reach * LARGEST + 1)), 2, MULTIPLIER_BITS)
    return found


def scale_of(wanted: float) -> tuple[int, int]:
    """Multiplier and shift that come to `wanted`; of what is too large, a multiplier that no loader takes."""
    shift = int(min(max(MULTIPLIER_BITS - 1 - np.floor(np.log2(wanted)), 0), RESULT_BITS))
    return min(max(1, round(wanted * 2.0**shift)), LARGEST_NUMBER + 1), shift


def scaled(rows: Rows, ratio: float, biases: Reals | None = None) -> Matrix:
    """Rows whose sums are times `ratio`; biases are of sums."""
    added = np.zeros(len(rows.unit)) if biases is None else np.clip(np.rint(biases), -_BEYOND, _BEYOND)
    wanted = rows.unit * ratio
    shifts = np.clip(bits_of(rows.reach + np.abs(added) / LARGEST) - 1 - np.floor(np.log2(wanted)), 1, RESULT_BITS)
    return matrix_of(rows, np.clip(np.rint(wanted * 2.0**shifts), 1, LARGEST_NUMBER), shifts, added)


def matrix_of(rows: Rows, multipliers: Reals, shifts: Reals, biases: Reals | None = None) -> Matrix:
    added = np.zeros_like(multipliers) if biases is None else biases
    numbers = np.stack([added, np.maximum(multipliers, 1), shifts], axis=1).astype(np.int64)
    return Matrix(rows.layout, rows.weights, rows.scales, numbers)


def stacked(layers: Sequence[Matrix]) -> Matrix:
    if len({layer.layout for layer in layers}) > 1:
        raise InputError("layers have several formats", remedy="take rows")
    fields = (np.stack([getattr(layer, name) for layer in layers]) for name in ("weights", "scales", "numbers"))
    return Matrix(layers[0].layout, *fields)
