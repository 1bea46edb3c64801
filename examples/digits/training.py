"""Two small networks for pictures of eight by eight pixels, trained as floats: one hidden layer, and convolutions."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.inference import Layer

__all__ = ["BRIGHTEST", "Settings", "fit", "input_shape"]

SIDE = 8
BRIGHTEST = 16  # of a pixel
CLASSES = 10
KERNEL = 3
CHANNELS = (8, 16)
BATCH = 64
FIRST_DECAY, SECOND_DECAY, TINY = 0.9, 0.999, 1e-8  # Adam's

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """What a training run depends on besides data and code. `network` is "mlp" or "cnn"."""

    seed: int = 7
    network: str = "mlp"
    hidden: int = 64
    epochs: int = 60
    learning_rate: float = 0.01
    test_share: float = 0.25


def fit(images: Floats, targets: NDArray[np.int64], settings: Settings) -> list[Layer]:
    """The trained layers; `images` are n × 64 values of 0 to 1."""
    return (_fit_cnn if settings.network == "cnn" else _fit_mlp)(images, targets, settings)


def input_shape(settings: Settings) -> tuple[int, int, int]:
    """Height, width and channels of what the network takes."""
    return (SIDE, SIDE, 1) if settings.network == "cnn" else (1, 1, SIDE * SIDE)


def _fit_mlp(images: Floats, targets: NDArray[np.int64], settings: Settings) -> list[Layer]:
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415 - an optional, heavy import

    model = MLPClassifier(
        (settings.hidden,),
        learning_rate_init=settings.learning_rate,
        max_iter=settings.epochs,
        random_state=settings.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stops after `epochs` on purpose
        model.fit(images, targets)
    (first, second), (bias, last) = model.coefs_, model.intercepts_
    return [Layer(first.T, bias), Layer(second.T, last, rectified=False)]


def _fit_cnn(images: Floats, targets: NDArray[np.int64], settings: Settings) -> list[Layer]:
    chance = np.random.default_rng(settings.seed)
    layers = _untrained(chance)
    parts = [part for layer in layers for part in (layer.weights, layer.bias)]
    adam = _Adam(parts, settings.learning_rate)
    pictures = images.reshape(-1, SIDE, SIDE, 1)
    for _ in range(settings.epochs):
        order = chance.permutation(len(pictures))
        for first in range(0, len(order), BATCH):
            rows = order[first : first + BATCH]
            adam.step(_slopes(layers, pictures[rows], targets[rows]))
    return layers


def _untrained(chance: np.random.Generator) -> list[Layer]:
    """Two convolutions, the second of stride two, and a dense layer over what is left."""
    first, second = CHANNELS
    shapes = ((first, KERNEL, KERNEL, 1), (second, KERNEL, KERNEL, first), (CLASSES, (SIDE // 2) ** 2 * second))
    weights = [chance.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape) for shape in shapes]
    around = (1, 1, 1, 1)
    return [
        Layer(weights[0], np.zeros(first), padding=around),
        Layer(weights[1], np.zeros(second), stride=(2, 2), padding=around),
        Layer(weights[2], np.zeros(CLASSES), rectified=False),
    ]


def _slopes(layers: Sequence[Layer], pictures: Floats, targets: NDArray[np.int64]) -> list[Floats]:
    """Of the mean cross entropy, for weights and bias of each layer in turn."""
    values: list[Any] = [pictures]
    for layer in layers:
        values.append(layer.run(values[-1]))
    scores = values[-1].reshape(len(pictures), -1)
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    likely[np.arange(len(targets)), targets] -= 1
    slope = (likely / len(pictures)).reshape(values[-1].shape)
    found: list[Floats] = []
    for layer, source, target in zip(reversed(layers), reversed(values[:-1]), reversed(values[1:]), strict=True):
        slope = slope * (target > 0) if layer.rectified else slope
        taken = layer.taken(source)
        flat = slope.reshape(-1, slope.shape[-1])
        found[:0] = [(flat.T @ taken.reshape(len(flat), -1)).reshape(layer.weights.shape), flat.sum(axis=0)]
        slope = _back(layer, slope @ layer.rows, source.shape)
    return found


def _back(layer: Layer, windows: Floats, shape: tuple[int, ...]) -> Floats:
    """What reaches the source of a layer: every window adds to the places that it saw."""
    if layer.is_dense:
        return windows.reshape(shape)
    count, height, width, depth = shape
    top, left, bottom, right = layer.padding
    tall, wide = layer.weights.shape[1:3]
    seen = windows.reshape(*windows.shape[:3], tall, wide, depth)
    padded = np.zeros((count, height + top + bottom, width + left + right, depth))
    (down, across), (rows, columns) = layer.stride, seen.shape[1:3]
    for y in range(tall):
        for x in range(wide):
            padded[:, y : y + down * rows : down, x : x + across * columns : across] += seen[:, :, :, y, x]
    return padded[:, top : top + height, left : left + width]


class _Adam:
    """Changes arrays in place by their slopes (Kingma and Ba)."""

    def __init__(self, parts: Sequence[Any], rate: float) -> None:
        self.parts, self.rate, self.count = parts, rate, 0
        self.means = [np.zeros_like(part) for part in parts]
        self.squares = [np.zeros_like(part) for part in parts]

    def step(self, slopes: Sequence[Floats]) -> None:
        self.count += 1
        rate = self.rate * np.sqrt(1 - SECOND_DECAY**self.count) / (1 - FIRST_DECAY**self.count)
        for part, slope, mean, square in zip(self.parts, slopes, self.means, self.squares, strict=True):
            mean[...] = FIRST_DECAY * mean + (1 - FIRST_DECAY) * slope
            square[...] = SECOND_DECAY * square + (1 - SECOND_DECAY) * slope**2
            part[...] -= rate * mean / (np.sqrt(square) + TINY)
