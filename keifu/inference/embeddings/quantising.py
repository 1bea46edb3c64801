"""From a publisher's floats to a program of integers: blocks of 8 bits, lanes of 14, bounds measured by calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keifu.errors import InputError
from keifu.inference.embeddings.floats import FloatModel, Floats, Source, Watcher, gelu
from keifu.inference.embeddings.program import ADDED, KEY, EmbeddingProgram, Layers, Norms
from keifu.inference.tokens.program import BLOCK, BLOCKS_8, HEAD, LARGEST, LARGEST_RESIDUAL, Matrix, Sizes
from keifu.inference.tokens.quantising import (
    LARGEST_SCALE,
    LOG2_E,
    MARGIN,
    Rows,
    gains_of,
    matrix_of,
    maxima_of,
    nonzero,
    scale_of,
    scaled,
    stacked,
)

__all__ = ["Quantised", "calibrated", "quantise"]

POINT, WORD_BITS, LARGEST_WEIGHT = 20, 16, 127

Maxima = dict[str, float]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Quantised:
    """`unit` times a lane is a vector's number, before it is given the length 1."""

    program: EmbeddingProgram
    unit: float


def calibrated(source: Source, texts: Sequence[Sequence[int]]) -> Maxima:
    """The largest size of each intermediate value over some texts of ids."""

    def run(watch: Watcher) -> None:
        model = FloatModel(source, watch)
        for text in texts:
            model.vector(text)

    return maxima_of(run)


def quantise(source: Source, maxima: Maxima) -> Quantised:
    """Raises InputError for values that do not fit."""
    made = _Made(source, maxima)
    layers = [made.layer(number) for number in range(source.sizes.layers)]
    attention, mixed, inner, down = (stacked([item[0][kind] for item in layers]) for kind in range(4))
    tables, scales = np.stack([item[1] for item in layers]), np.array([item[2] for item in layers], np.int64)
    words, shift = made.words()
    places = np.rint(source.places.astype(np.float64) * 2**POINT)
    if np.abs(places).max() > LARGEST_RESIDUAL:
        raise InputError("places: their values are too large for residuals")
    epsilon = max(1, round(source.epsilon * 4.0**POINT))
    program = EmbeddingProgram(
        source.sizes,
        epsilon,
        words,
        shift,
        places.astype(np.int32),
        made.norms(),
        Layers(attention, mixed, inner, down, tables, scales),
    )
    return Quantised(program, made.units[-1])


class _Made:
    def __init__(self, source: Source, maxima: Maxima) -> None:
        self._source, self._maxima = source, maxima
        count = source.sizes.layers
        # What is added to a norm's lanes has their unit, and more bits.
        pairs = [(f"{n}.{norm}", f"{n}.{added}") for n in range(count) for norm, added in _ADDED]
        self.units = [max(self._unit(norm, LARGEST), self._unit(added, ADDED)) for norm, added in pairs]
        self.units.append(self._unit(f"{count}.first", LARGEST))

    def _unit(self, name: str, limit: int) -> float:
        return self._maxima[name] * MARGIN / limit

    def norms(self) -> Norms:
        source = self._source
        given = [source.first_norm, *(layer[name] for layer in source.layers for name in ("attended", "bent"))]
        gains = [gains_of(gain, unit) for (gain, _), unit in zip(given, self.units, strict=True)]
        biases = np.stack([np.rint(bias / unit) for (_, bias), unit in zip(given, self.units, strict=True)])
        if np.abs(biases).max() > LARGEST:
            raise InputError("norms' biases: a bias is larger than any lane that calibration saw")
        shifts = np.array([shift for _, shift in gains], np.int64)
        return Norms(np.stack([gain for gain, _ in gains]), biases.astype(np.int32), shifts)

    def words(self) -> tuple[Matrix, int]:
        rows = _rows(self._source.words)
        shift = WORD_BITS - 1 - int(np.floor(np.log2(rows.unit.max())))
        if shift <= POINT:
            raise InputError("words: their values are too large for residuals")
        table = matrix_of(rows, np.rint(rows.unit * 2.0**shift), np.ones(len(rows.unit)))
        return stacked([table]), shift - POINT

    def layer(self, number: int) -> tuple[list[Matrix], NDArray[np.int16], tuple[int, int]]:
        """Matrices, the table, and the softmax's scale."""
        x, y = self.units[2 * number], self.units[2 * number + 1]
        query, key = (self._unit(f"{number}.{name}", KEY) for name in ("query", "key"))
        value, inner, bent = (self._unit(f"{number}.{name}", LARGEST) for name in ("value", "inner", "bent"))
        attention = [self._heads(number, name, x, unit) for name, unit in
                     (("query", query), ("key", key), ("value", value))]  # fmt: skip
        fields = (np.concatenate([getattr(part, name) for part in attention]) for name in _FIELDS)
        weights, bias = self._source.layers[number]["mixed"]
        wide = _filled(weights.T, self._source.sizes, self._source.own).T
        matrices = [
            Matrix(BLOCKS_8, *fields),
            _dense(wide, bias, value, x),
            self._plain(number, "inner", y, inner),
            self._plain(number, "down", bent, y),
        ]
        lanes = np.arange(-LARGEST - 1, LARGEST + 1)
        lanes[0] = -LARGEST
        table = np.clip(np.rint(gelu(lanes * inner) / bent), -LARGEST, LARGEST).astype(np.int16)
        return matrices, table, scale_of(query * key / np.sqrt(self._source.own) * LOG2_E * 2**16)

    def _plain(self, number: int, name: str, given: float, made: float) -> Matrix:
        weights, bias = self._source.layers[number][name]
        return _dense(weights, bias, given, made)

    def _heads(self, number: int, name: str, given: float, made: float) -> Matrix:
        weights, bias = self._source.layers[number][name]
        sizes, own = self._source.sizes, self._source.own
        return _dense(_filled(weights, sizes, own), _filled(bias[:, None], sizes, own)[:, 0], given, made)


_ADDED = (("first", "mixed"), ("second", "down"))
_FIELDS = ("weights", "scales", "numbers")


def _filled(rows: Floats, sizes: Sizes, own: int) -> Floats:
    """Heads of `own` rows, filled up to 64 with zeros."""
    found = np.zeros((sizes.heads, HEAD, rows.shape[1]), np.float32)
    found[:, :own] = rows.reshape(sizes.heads, own, -1)
    return found.reshape(sizes.heads * HEAD, -1)


def _dense(weights: Floats, bias: Floats, given: float, made: float) -> Matrix:
    """From lanes of one unit to lanes of another."""
    rows = _rows(weights)
    return scaled(rows, given / made, bias / (rows.unit * given))


def _rows(weights: Floats) -> Rows:
    """In blocks of 8 bits."""
    blocks = weights.astype(np.float64).reshape(len(weights), -1, BLOCK)
    largest = np.abs(blocks).max(axis=2) / LARGEST_WEIGHT
    unit: Reals = nonzero(largest.max(axis=1) / LARGEST_SCALE)
    scales = np.rint(largest / unit[:, None])
    real = np.maximum(scales, 1) * unit[:, None]
    whole = np.clip(np.rint(blocks / real[..., None]), -LARGEST_WEIGHT, LARGEST_WEIGHT).astype(np.int8)
    both = np.stack([scales, np.zeros_like(scales)], axis=-1).astype(np.int16)
    return Rows(BLOCKS_8, whole.reshape(weights.shape), both, unit)
