"""The arrays of the small embedding model of `audit.tiny_encoder`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audit.tiny_encoder import SIZES, tiny
from keifu.inference.embeddings.program import EmbeddingProgram, Layers, Norms
from keifu.inference.tokens.program import Matrix
from keifu.spec.inference import BLOCK
from keifu.spec.inference_model import Group, Operator
from keifu.spec.inference_trees import ROWS_8

__all__ = ["SIZES", "program_of", "tiny"]


def program_of(groups: Sequence[Group]) -> EmbeddingProgram:
    """The same as arrays, for the executor."""
    (embedding, place), layers, (last, _) = groups[0], groups[1:-1], groups[-1]
    norms = [layer[number] for layer in layers for number in (0, 9)] + [last]
    return EmbeddingProgram(
        SIZES,
        last.multiplier,
        _matrix([[embedding]]),
        embedding.shift,
        np.array(place.lanes, np.int32).reshape(-1, SIZES.width),
        Norms(
            np.array([norm.lanes for norm in norms], np.int32),
            np.array([norm.more for norm in norms], np.int32),
            np.array([norm.shift for norm in norms], np.int64),
        ),
        Layers(
            _matrix([layer[1:4] for layer in layers]),
            _matrix([layer[7:8] for layer in layers]),
            _matrix([layer[10:11] for layer in layers]),
            _matrix([layer[12:13] for layer in layers]),
            np.array([layer[11].lanes for layer in layers], np.int16),
            np.array([(layer[5].multiplier, layer[5].shift) for layer in layers], np.int64),
        ),
    )


def _matrix(layers: Sequence[Sequence[Operator]]) -> Matrix:
    rows = [[row for operator in operators for row in operator.rows] for operators in layers]
    blocks = 0 if layers[0][0].layout == ROWS_8 else len(rows[0][0].weights) // BLOCK
    return Matrix(
        layers[0][0].layout,
        np.array([[row.weights for row in layer] for layer in rows], np.int8),
        np.array([[row.scales for row in layer] for layer in rows], np.int16).reshape(
            len(rows), len(rows[0]), blocks, 2
        ),
        np.array([[(row.bias, row.multiplier, row.shift) for row in layer] for layer in rows], np.int64),
    )
