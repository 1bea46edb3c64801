"""Single operators that go over pictures, between tensors that are drawn by lot: for tests, campaigns and gas."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from keifu.spec import inference as arithmetic
from keifu.spec.inference import BLOCK, Row, Window
from keifu.spec.inference_calls import alone
from keifu.spec.inference_model import Operator
from keifu.spec.inference_openings import Openings

__all__ = ["SLOT", "WINDOWS", "bounds", "convolution", "of_window", "pooling"]

SLOT = 2  # of the operator; slot 1 is the picture
_PICTURE = Operator("gated", height=1)  # a tensor of 16 bits

# Name, window and channels of convolutions: at every edge, with steps, one place, in parts, and lines longer than one.
WINDOWS = {
    "edges": (Window((8, 8, 1), 8, (3, 3), (1, 1), (1, 1), 0, 0), 8),
    "steps": (Window((5, 7, 33), 3, (3, 2), (2, 3), (1, 2), 8_191), 4),
    "corner": (Window((4, 4, 40), 3, (5, 5), (1, 2), (2, 3), -77, -5_000, 4_000), 3),
    "dense": (Window((1, 1, 100), 1, (1, 1), (1, 1)), 10),
    "parts": (Window((6, 6, 130), 5, (3, 3), (1, 1), (1, 1), 5), 2),
    "long line": (Window((2, 9, 300), 3, (2, 4), (1, 3), (0, 1), -3), 2),
    "long": (Window((1, 1, 2_500), 1, (1, 1), (1, 1)), 3),
}


def convolution(name: str, groups: int = 1) -> Openings:
    window, channels = WINDOWS[name]
    return of_window(window, channels, groups)


def of_window(window: Window, channels: int, groups: int = 1) -> Openings:
    random = Random(channels)  # noqa: S311 - must repeat
    x = _lanes(random, window)
    products = window.kernel[0] * window.kernel[1] * window.source[2]
    width = -(-products // BLOCK) * BLOCK
    rows = [
        Row((*_weights(random, products), *[0] * (width - products)), 90_001, 25, random.randint(-9_999, 9_999))
        for _ in range(channels)
    ]
    height = _down(window) * window.across * channels
    operator = Operator(
        "convolution", 1, width=width, height=height, limit=0, multiplier=channels, rows=rows, window=window
    )
    return alone([_PICTURE, operator], [[0], x, arithmetic.convolution(rows, x, window, height)], groups)


def pooling(window: Window, groups: int = 1) -> Openings:
    x, depth = _lanes(Random(4), window), window.source[2]  # noqa: S311 - must repeat
    height = _down(window) * window.across * depth
    operator = Operator("largest", 1, height=height, limit=0, multiplier=depth, window=window)
    return alone([_PICTURE, operator], [[0], x, arithmetic.largest(x, window, height)], groups)


def bounds(low: int, high: int, lanes: int = 100, groups: int = 1) -> Openings:
    window = Window(low=low, high=high)
    x = _lanes(Random(5), Window((1, 1, lanes)))  # noqa: S311 - must repeat
    operator = Operator("bounded", 1, height=lanes, limit=0, window=window)
    return alone([_PICTURE, operator], [[0], x, arithmetic.bounded(x, window)], groups)


def _lanes(random: Random, window: Window) -> list[int]:
    height, width, depth = window.source
    return [random.randint(-8_191, 8_191) for _ in range(height * width * depth)]


def _weights(random: Random, count: int) -> Sequence[int]:
    return [random.randint(-127, 127) for _ in range(count)]


def _down(window: Window) -> int:
    """Places of the target from top to bottom, with as much padding below as above."""
    return (window.source[0] + 2 * window.padding[0] - window.kernel[0]) // window.stride[0] + 1
