"""From layers of floats to a program of integers, with one scale for each output channel.

What a tensor's integers stand for is measured: the layers run once as floats over calibration data, and the largest
value of each becomes 8,191. The last layer's values keep their order, whatever they stand for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import InputError
from keifu.provenance.program import LARGEST_ACTIVATION, LARGEST_WEIGHT, Operator, Tensor, write_program

__all__ = ["Layer", "quantise"]

MULTIPLIER_BITS = 31
LARGEST_BIAS = 1 << 29
LARGEST_SHIFT = 62

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Layer:
    """A layer of floats: weights are outputs × inputs, or channels × height × width × depth of a convolution."""

    weights: Floats
    bias: Floats
    rectified: bool = True
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def rows(self) -> Floats:
        return self.weights.reshape(len(self.weights), -1)

    @property
    def is_dense(self) -> bool:
        return self.weights.ndim == 2  # noqa: PLR2004 - outputs × inputs

    def run(self, given: Floats) -> Floats:
        """Values of n inputs: n × height × width × channels."""
        found: Floats = self.taken(given) @ self.rows.T + self.bias
        return np.maximum(found, 0.0) if self.rectified else found

    def taken(self, given: Floats) -> Floats:
        """What each place of the target is computed from: n × height × width × products."""
        return given.reshape(len(given), 1, 1, -1) if self.is_dense else self._windows(given)

    def _windows(self, given: Floats) -> Floats:
        top, left, bottom, right = self.padding
        padded = np.pad(given, ((0, 0), (top, bottom), (left, right), (0, 0)))
        tall, wide = self.weights.shape[1:3]
        seen: Floats = np.lib.stride_tricks.sliding_window_view(padded, (tall, wide), axis=(1, 2))  # type: ignore[call-overload]
        seen = seen[:, :: self.stride[0], :: self.stride[1]].transpose(0, 1, 2, 4, 5, 3)
        return seen.reshape(*seen.shape[:3], -1)


def quantise(
    folder: Path, layers: Sequence[Layer], given: Tensor, scale: float, calibration: NDArray[np.integer[Any]]
) -> bytes:
    """Write a program that ends with the number of the largest value; its root. An input of 1 stands for `scale`.

    Raises InputError when there is no layer, or no calibration data of the input's shape."""
    if not layers or calibration.shape[1:] != given.shape or not len(calibration):
        raise InputError(f"calibration data are n × {given.shape}, for one layer at least")
    values = calibration * scale
    operators = []
    for number, layer in enumerate(layers):
        values = layer.run(values)
        reach = float(np.abs(values).max()) / LARGEST_ACTIVATION or scale
        name = f"layer{number}"
        weights, scales = _integers(layer, scale, reach)
        np.save(folder / f"{name}.weights.npy", weights)
        np.save(folder / f"{name}.scales.npy", scales)
        operators.append(_operator(number, layer, name))
        scale = reach
    return write_program(folder, given, [*operators, Operator("argmax", len(layers))])


def _operator(number: int, layer: Layer, name: str) -> Operator:
    low = 0 if layer.rectified else -LARGEST_ACTIVATION
    if layer.is_dense:
        return Operator("dense", number, len(layer.weights), name, low=low)
    kernel = layer.weights.shape[1:3]
    return Operator(
        "convolution", number, len(layer.weights), name, (kernel[0], kernel[1]), layer.stride, layer.padding, low=low
    )


def _integers(layer: Layer, source: float, target: float) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """Weights, and (bias, multiplier, shift) of each channel, where 1 stands for `source` before and `target` after."""
    # A channel of tiny weights beside a large bias takes a coarser scale, so that the bias fits.
    units = np.maximum(np.abs(layer.rows).max(axis=1) / LARGEST_WEIGHT, np.abs(layer.bias) / (source * LARGEST_BIAS))
    units = np.where(units > 0, units, 1.0)
    weights = np.rint(layer.rows / units[:, None]).astype(np.int8)
    bias = np.rint(layer.bias / (units * source))
    ratio = units * source / target
    shifts = np.clip(MULTIPLIER_BITS - 1 - np.floor(np.log2(ratio)), 1, LARGEST_SHIFT)
    multipliers = np.clip(np.rint(ratio * 2.0**shifts), 1, 2.0**MULTIPLIER_BITS - 1)
    return weights, np.stack([bias, multipliers, shifts], axis=1).astype(np.int32)
