"""MiniLM in integers beside the same weights in floats: 1,024 sentences of docs/, kept in `sentences.txt`.

The scheme is the publisher's weights in blocks of 8 bits, activations of 14 bits, bounds from the texts of calibration.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._lab import Lab
from benchmarks._rows import Row
from keifu.errors import EnvironmentFault
from keifu.inference.embeddings.building import quantised
from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.floats import FloatModel, read_source
from keifu.inference.embeddings.wordpieces import WordPieces
from keifu.inference.tokens.fetching import place_of

__all__ = ["ROWS"]

SENTENCES = Path(__file__).with_name("sentences.txt")
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class _Vectors:
    """Of all sentences, each of length 1."""

    floats: Reals
    integers: Reals


def _vectors(_: Lab) -> _Vectors:
    place = place_of("minilm")
    if not place.is_dir():
        raise EnvironmentFault("MiniLM was not fetched", remedy="keifu model fetch minilm")
    source = read_source(place)
    tokenizer, floats = WordPieces(source.pieces), FloatModel(source)
    executor = Executor(quantised(source).program)
    sentences = [tokenizer.encode(text, source.sizes.positions) for text in SENTENCES.read_text().splitlines()]
    return _Vectors(
        np.array([floats.vector(ids) for ids in sentences], np.float64),
        _of_length_1(np.array([executor.vector(ids) for ids in sentences], np.float64)),
    )


def _of_length_1(vectors: Reals) -> Reals:
    found: Reals = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found


def _cosines(lab: Lab) -> Reals:
    vectors = lab.shared(_vectors)
    found: Reals = (_of_length_1(vectors.floats) * vectors.integers).sum(axis=1)
    return found


def _worst(lab: Lab) -> float:
    return float(_cosines(lab).min())


def _apart_at_worst(lab: Lab) -> float:
    return 1 - _worst(lab)


def _apart(lab: Lab) -> float:
    return 1 - float(_cosines(lab).mean())


def _misranked(lab: Lab) -> float:
    """One minus Spearman's correlation of the similarities of all pairs."""
    vectors = lab.shared(_vectors)
    pairs = np.triu_indices(len(vectors.floats), 1)
    ranks = [np.argsort(np.argsort((item @ item.T)[pairs])) for item in (vectors.floats, vectors.integers)]
    return 1 - float(np.corrcoef(ranks[0], ranks[1])[0, 1])


ROWS = (
    Row(
        "score.embedding",
        _worst,
        "all-MiniLM-L6-v2 in blocks of 8 bits, activations of 14; 1,024 sentences of docs/, numpy float32 beside",
        also=(
            ("one minus the worst", _apart_at_worst),
            ("one minus the mean", _apart),
            ("one minus the rank correlation of all pairs", _misranked),
        ),
        heavy=True,
    ),
)
