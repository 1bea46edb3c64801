"""The compiled arithmetic: a whole program in one call, for one input or many.

A plan is a table of numbers with a row for each operator, made once when a model is loaded. All tensors of one input
stand one behind the other in a row of int16. Sums are of 32 bits: `keifu.provenance.program` has shown that none
overflows. `keifu.inference.reference` computes the same without any of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.provenance.program import Program, Step

__all__ = ["Executor"]

DENSE, CONVOLUTION, ARGMAX = range(3)
_CODES = {"dense": DENSE, "convolution": CONVOLUTION, "argmax": ARGMAX}
_ONE = np.int64(1)


class Executor:
    """A program, packed for the kernel. Safe for several threads: a call owns what it writes."""

    def __init__(self, program: Program) -> None:
        tensors = [program.input, *(step.target for step in program.steps)]
        self._offsets = [0, *accumulate(tensor.size for tensor in tensors)]
        self._given = program.input.size
        self._plan = _plan(program.steps, self._offsets)
        self._weights = np.concatenate([step.weights.ravel() for step in program.steps])
        self._scales = np.concatenate([step.scales for step in program.steps]).astype(np.int64)

    def run(self, given: NDArray[np.int16]) -> NDArray[np.int16]:
        """int16[n, values in] to int16[n, values out]."""
        return self.trace(given)[:, self._offsets[-2] :]

    def before_last(self, given: NDArray[np.int16]) -> NDArray[np.int16]:
        """What the last operator's label is chosen from: the tensor that stands before its own."""
        return self.trace(given)[:, self._offsets[-3] : self._offsets[-2]]

    def trace(self, given: NDArray[np.int16]) -> NDArray[np.int16]:
        """Every tensor of each input, one behind the other, the input first."""
        values = np.empty((len(given), self._offsets[-1]), np.int16)
        values[:, : self._given] = given
        _run(self._plan, self._weights, self._scales, values)
        return values


def _plan(steps: Sequence[Step], offsets: Sequence[int]) -> NDArray[np.int64]:
    rows, weights, channels = [], 0, 0
    for number, step in enumerate(steps):
        operator = step.operator
        tall, wide, down, right, top, left = _window(step)
        rows.append(
            (
                _CODES[operator.type],
                offsets[operator.source],
                offsets[number + 1],
                *step.source.shape,
                *step.target.shape,
                tall,
                wide,
                down,
                right,
                top,
                left,
                operator.zero,
                step.target.low,
                step.target.high,
                weights,
                channels,
            )
        )
        weights += step.weights.size
        channels += len(step.weights)
    return np.array(rows, np.int64)


def _window(step: Step) -> tuple[int, ...]:
    """Kernel, stride, and padding before: a dense operator is a convolution whose kernel is all of its source."""
    if step.operator.type == "dense":
        return (*step.source.shape[:2], 1, 1, 0, 0)
    return (*step.operator.kernel, *step.operator.stride, *step.operator.padding[:2])


@kept
def _run(
    plan: NDArray[np.int64], weights: NDArray[np.int8], scales: NDArray[np.int64], values: NDArray[np.int16]
) -> None:
    for number in range(values.shape[0]):
        for row in range(plan.shape[0]):
            if plan[row, 0] == ARGMAX:
                _argmax(plan[row], values[number])
            else:
                _convolve(plan[row], weights, scales, values[number])


@kept
def _convolve(
    plan: NDArray[np.int64], weights: NDArray[np.int8], scales: NDArray[np.int64], values: NDArray[np.int16]
) -> None:
    source, target = plan[1], plan[2]
    depth, across, channels = plan[5], plan[7], plan[8]
    products = plan[9] * plan[10] * depth
    whole = plan[9] == plan[3] and plan[10] == plan[4] and plan[6] * across == 1 and plan[13] == 0 and plan[14] == 0
    patch = values[source : source + products] if whole else np.empty(products, np.int16)
    for place in range(plan[6] * across):
        if not whole:
            _gather(plan, place // across, place % across, values, patch)
        start = target + place * channels
        for channel in range(channels):
            first = plan[18] + channel * products
            row = weights[first : first + products]
            total = np.int32(0)
            for k in range(products):
                total = np.int32(total + np.int32(row[k]) * np.int32(patch[k]))
            values[start + channel] = _requantised(total, scales[plan[19] + channel], plan[16], plan[17])


@kept
def _gather(plan: NDArray[np.int64], y: int, x: int, values: NDArray[np.int16], patch: NDArray[np.int16]) -> None:
    """What the kernel sees at one place, its padding included."""
    source, height, width, depth = plan[1], plan[3], plan[4], plan[5]
    tall, wide = plan[9], plan[10]
    top, left = y * plan[11] - plan[13], x * plan[12] - plan[14]
    k = 0
    for row in range(top, top + tall):
        for column in range(left, left + wide):
            inside = 0 <= row < height and 0 <= column < width
            first = source + (row * width + column) * depth
            for channel in range(depth):
                patch[k] = values[first + channel] if inside else plan[15]
                k += 1


@kept
def _requantised(total: int, scale: NDArray[np.int64], low: int, high: int) -> int:
    shift = scale[2]
    wide = (np.int64(total) + scale[0]) * scale[1] + (_ONE << (shift - _ONE))
    clipped: int = max(low, min(high, wide >> shift))
    return clipped


@kept
def _argmax(plan: NDArray[np.int64], values: NDArray[np.int16]) -> None:
    channels = plan[5]
    for place in range(plan[3] * plan[4]):
        first = plan[1] + place * channels
        best = 0
        for channel in range(1, channels):
            if values[first + channel] > values[first + best]:
                best = channel
        values[plan[2] + place] = best
