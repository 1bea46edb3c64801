"""Quantised weights of the digits without records and chain: what benchmarks and tests of serving need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examples.digits.training import BRIGHTEST, Settings, fit, input_shape
from keifu.errors import EnvironmentFault
from keifu.inference import Layer, quantise
from keifu.provenance.program import Tensor

__all__ = ["digits", "held_out", "make_weights", "quantise_digits", "shuffled"]

Integers = NDArray[np.int64]


def digits() -> tuple[Integers, Integers]:
    """1,797 images of 64 pixels of 0 to 16, and what they show."""
    try:
        from sklearn.datasets import load_digits  # noqa: PLC0415 - an optional, heavy import
    except ImportError as error:
        raise EnvironmentFault("scikit-learn is not installed", remedy="run `make setup`") from error
    data = load_digits()
    return data.data.astype(np.int64), data.target.astype(np.int64)


def shuffled(settings: Settings, count: int) -> tuple[Integers, Integers]:
    """Which images train, and which are held out."""
    order = np.random.default_rng(settings.seed).permutation(count)
    apart = int(count * settings.test_share)
    return order[apart:], order[:apart]


def held_out(settings: Settings) -> tuple[Integers, Integers]:
    """Images and targets that no training of these settings has seen."""
    images, targets = digits()
    _, rows = shuffled(settings, len(images))
    return images[rows], targets[rows]


def make_weights(folder: Path, settings: Settings) -> bytes:
    """Train and quantise into `folder`; the program root."""
    images, targets = digits()
    rows, _ = shuffled(settings, len(images))
    layers = fit(images[rows] / BRIGHTEST, targets[rows], settings)
    return quantise_digits(folder, layers, images[rows], settings)


def quantise_digits(folder: Path, layers: list[Layer], pixels: NDArray[Any], settings: Settings) -> bytes:
    """The program of trained layers; scales come from the pixels that trained them."""
    shape = input_shape(settings)
    return quantise(folder, layers, Tensor(shape, 0, BRIGHTEST), 1 / BRIGHTEST, pixels.reshape(-1, *shape))
