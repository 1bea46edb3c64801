"""The tiny model of Python's integers as arrays, for the executor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audit import tiny_model as made
from keifu.inference.tokens.program import Layers, Matrix, Sizes, TokenProgram
from keifu.spec.inference_model import Group, Operator

__all__ = ["program_of"]


def program_of(groups: Sequence[Group], sizes: made.Sizes) -> TokenProgram:
    embedding, layers, (last, head) = groups[0][0], groups[1:-1], groups[-1]
    return TokenProgram(
        Sizes(sizes.tokens, sizes.width, len(layers), sizes.heads, sizes.shared, sizes.inner, sizes.positions),
        last.multiplier,
        np.array(layers[0][4].lanes, np.int16).reshape(-1, 64),
        _matrix([[embedding]]),
        embedding.shift,
        _layers(layers),
        np.array(last.lanes, np.int32),
        last.shift,
        _matrix([[head]]),
    )


def _layers(layers: Sequence[Group]) -> Layers:
    return Layers(
        np.array([[layer[0].lanes, layer[10].lanes] for layer in layers], np.int32),
        np.array([[layer[0].shift, layer[10].shift] for layer in layers], np.int64),
        _matrix([layer[1:4] for layer in layers]),
        _matrix([layer[9:10] for layer in layers]),
        _matrix([layer[11:13] for layer in layers]),
        _matrix([layer[14:] for layer in layers]),
        np.array([(x[7].multiplier, x[7].shift, x[13].multiplier, x[13].shift) for x in layers], np.int64),
    )


def _matrix(layers: Sequence[Sequence[Operator]]) -> Matrix:
    rows = [[row for operator in operators for row in operator.rows] for operators in layers]
    return Matrix(
        layers[0][0].layout,
        np.array([[row.weights for row in layer] for layer in rows], np.int8),
        np.array([[row.scales for row in layer] for layer in rows], np.int16).reshape(len(rows), len(rows[0]), -1, 2),
        np.array([[(row.bias, row.multiplier, row.shift) for row in layer] for layer in rows], np.int64),
    )
