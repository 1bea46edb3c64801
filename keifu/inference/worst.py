"""Where kernels break first: the largest sums of either sign, the last bit of rounding, ties, edges that are padded.

Every operator of a program goes through these alone, and some that no program has to have do, too: sums as large as 32
bits hold, the largest multiplier, the longest shift.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from keifu.inference import reference
from keifu.inference.kernels import Executor
from keifu.provenance.program import (
    LARGEST_ACTIVATION,
    LARGEST_WEIGHT,
    Operator,
    Program,
    Step,
    Tensor,
)

__all__ = ["difference", "hard_steps", "vectors"]

PRODUCTS = 200_000  # that the reference multiplies for one operator: some hundredths of a second
MOST_PRODUCTS_AT_FULL_SCALE = 2_064  # of 127 and 8,191 in 31 bits
LARGEST_MULTIPLIER = (1 << 31) - 1
SEED = 67


def difference(program: Program) -> str:
    """The first value in which kernels and reference differ, in words; "" when there is none."""
    for name, step in _steps(program):
        if found := _differs(step):
            return f"{name} gives {found}"
    return ""


def _steps(program: Program) -> Iterator[tuple[str, Step]]:
    yield from ((f"operator {number}", _alone(step)) for number, step in enumerate(program.steps))
    yield from ((f"test operator {number}", step) for number, step in enumerate(hard_steps()))


def _alone(step: Step) -> Step:
    return replace(step, operator=structs.replace(step.operator, source=0))


def _differs(step: Step) -> str:
    given = vectors(step)
    found = Executor(Program(step.source, (step,), b"")).run(given)
    places = _places(step, len(given))
    for vector, values in enumerate(given.tolist()):
        for place in places:
            expected = reference.value(step, values, place)
            if found[vector, place] != expected:
                return f"{found[vector, place]} and not {expected} at {place} of vector {vector}"
    return ""


def _places(step: Step, count: int) -> list[int]:
    """All places of the target, or as many as the reference has time for, drawn once and for all."""
    work = max(step.weights.shape[1], 1) * count
    affordable = max(PRODUCTS // work, 1)
    size = step.target.size
    if size <= affordable:
        return list(range(size))
    drawn = np.random.default_rng(SEED).choice(size, affordable, replace=False)
    return sorted({0, size - 1, *(int(place) for place in drawn)})


def vectors(step: Step) -> NDArray[np.int16]:
    """Sources for an operator: its bounds, both in turn, what drives single channels to their largest sums, chance."""
    low, high, size = step.source.low, step.source.high, step.source.size
    turns = np.where(np.arange(size) % 2, low, high)
    rows = [np.full(size, low), np.full(size, high), np.full(size, min(max(0, low), high)), turns, turns[::-1]]
    if step.operator.type != "argmax":
        reach = np.abs(step.weights.astype(np.int64)).sum(axis=1)
        for channel in {int(reach.argmax()), int(reach.argmin())}:
            row = np.resize(step.weights[channel], size)
            rows += [np.where(row > 0, high, low), np.where(row > 0, low, high)]
    rows += list(np.random.default_rng(SEED).integers(low, high, (2, size), endpoint=True))
    return np.array(rows, np.int16)


def hard_steps() -> Iterator[Step]:
    """Operators at the limits of the format."""
    full = Tensor((1, 1, MOST_PRODUCTS_AT_FULL_SCALE))
    signs = np.where(np.arange(full.size) % 3 == 0, -LARGEST_WEIGHT, LARGEST_WEIGHT)
    rows = np.array([np.full(full.size, LARGEST_WEIGHT), np.full(full.size, -LARGEST_WEIGHT), signs, -signs], np.int8)
    scales = [(0, LARGEST_MULTIPLIER, 49), (0, LARGEST_MULTIPLIER, 62), (-1, 1, 18), (1, 3, 1)]
    yield _step(Operator("dense", 0, len(rows), "full"), full, (1, 1, len(rows)), rows, scales)
    chance = np.random.default_rng(SEED)
    image = Tensor((5, 7, 3))
    kernels = chance.integers(-LARGEST_WEIGHT, LARGEST_WEIGHT, (4, 3 * 2 * 3), np.int8, endpoint=True)
    padded = Operator("convolution", 0, 4, "padded", (3, 2), (2, 3), (1, 0, 2, 1), zero=LARGEST_ACTIVATION)
    yield _step(padded, image, (3, 3, 4), kernels, [(5, 40_001, 27), (-5, 40_001, 27), (0, 1, 9), (7, 7, 12)])
    ties = Tensor((2, 2, 33))
    yield _step(Operator("argmax", 0), ties, (2, 2, 1), np.empty((0, 0), np.int8), [])


def _step(
    operator: Operator,
    source: Tensor,
    shape: tuple[int, int, int],
    weights: NDArray[np.int8],
    scales: list[tuple[int, int, int]],
) -> Step:
    return Step(
        operator,
        source,
        Tensor(shape, operator.low, operator.high),
        weights,
        np.array(scales, np.int32).reshape(-1, 3),
    )
