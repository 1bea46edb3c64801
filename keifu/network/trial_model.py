"""A small model of integers for a network that has none: drawn, not trained, so it answers fast and knows nothing."""

from __future__ import annotations

import secrets
from itertools import pairwise
from pathlib import Path

import numpy as np

from keifu.inference.quantising import Layer, quantise
from keifu.provenance.program import Tensor

__all__ = ["write_model"]

SIZES = (64, 32, 10)  # values in, of a layer between, and labels
BRIGHTEST, SAMPLES = 16, 64


def write_model(folder: Path) -> None:
    """Another one each time."""
    draw = np.random.default_rng(secrets.randbits(64))
    layers = [
        Layer(draw.normal(size=(after, before)), draw.normal(size=after), rectified=after != SIZES[-1])
        for before, after in pairwise(SIZES)
    ]
    given = Tensor((1, 1, SIZES[0]), 0, BRIGHTEST)
    quantise(folder, layers, given, 1 / BRIGHTEST, draw.integers(0, BRIGHTEST + 1, (SAMPLES, *given.shape)))
