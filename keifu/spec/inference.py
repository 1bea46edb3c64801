"""Token models of integers in plain Python, slowly: what docs/inference-program.md says, and nothing faster.

One function an operator, over lists of Python's integers. Nothing is shared with the kernels of `keifu.inference`.
`keifu.spec.inference_model` runs whole programs with these, `keifu.spec.inference_trees` commits to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isqrt
from typing import NamedTuple

from ethwire.keys import keccak256

__all__ = [
    "BLOCK",
    "LARGEST",
    "LARGEST_RESIDUAL",
    "LARGEST_SUM",
    "PART",
    "ROTATED",
    "Row",
    "Window",
    "add",
    "attended",
    "bounded",
    "clip",
    "convolution",
    "corner",
    "dense",
    "dot",
    "embedding",
    "exp2n",
    "exponent_of",
    "gated",
    "largest",
    "layer_norm",
    "mean_pool",
    "noise_entry",
    "place",
    "products",
    "residual",
    "rms_norm",
    "rope",
    "rounded_quotient",
    "rq",
    "sampled",
    "scores",
    "seen",
    "segments",
    "softmax",
    "table",
    "token",
]

LARGEST = 8_191  # 14 bits with sign
ROTATED = 5_791  # 64 products of two of these stay below 2**31
LARGEST_RESIDUAL = 2**27 - 1
PART = 1_024  # lanes whose products or squares are checked at once
LARGEST_SUM = 2**63 - 1  # of squares that are shown in parts
BLOCK = 32  # weights with one scale
HEAD = 64  # lanes of a head
SUM = 512  # most products of a convolution's sum
_WORD = 2**64 - 1


class Row(NamedTuple):
    """One output channel. `scales` holds (D, M) of each block of 32; none for plain rows."""

    weights: Sequence[int]
    multiplier: int
    shift: int
    bias: int = 0
    scales: Sequence[tuple[int, int]] = ()


class Window(NamedTuple):
    """How an operator goes over a picture: what it reads has height, width and channels, in this order."""

    source: tuple[int, int, int] = (0, 0, 0)
    across: int = 0  # places of the target from left to right
    kernel: tuple[int, int] = (0, 0)
    stride: tuple[int, int] = (0, 0)
    padding: tuple[int, int] = (0, 0)  # above and on the left
    zero: int = 0  # stands where the picture has nothing
    low: int = -LARGEST
    high: int = LARGEST


def clip(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))


def rq(value: int, multiplier: int, shift: int) -> int:
    """Times multiplier / 2**shift, halves upward."""
    return (value * multiplier + (1 << (shift - 1))) >> shift


def rounded_quotient(value: int, by: int) -> int:
    """The nearest whole number, halves upward."""
    return (2 * value + by) // (2 * by)


def exp2n(d: int) -> int:
    """About 65,536 · 2**(−d / 65,536), for d ≥ 0."""
    whole, part = d >> 16, d & 65_535
    value = 630 - ((part * 87) >> 16)
    for coefficient in (3_637, 15_743, 45_426, 65_536):
        value = coefficient - ((part * value) >> 16)
    return value >> min(whole, 31)


def dot(row: Row, given: Sequence[int], first: int = 0) -> int:
    """The products of some lanes, of whole blocks, from `first` on."""
    weights = row.weights[first : first + len(given)]
    if not row.scales:
        return sum(w * x for w, x in zip(weights, given, strict=True))
    total = 0
    for at in range(0, len(given), BLOCK):
        scale, least = row.scales[(first + at) // BLOCK]
        lanes = given[at : at + BLOCK]
        total += scale * sum(w * x for w, x in zip(weights[at : at + BLOCK], lanes, strict=True)) + least * sum(lanes)
    return total


def embedding(row: Row, shift: int) -> list[int]:
    """Row `id` of the table, as a residual."""
    found = []
    for number, weight in enumerate(row.weights):
        scale, least = row.scales[number // BLOCK] if row.scales else (1, 0)
        found.append(clip(rq(scale * weight + least, row.multiplier, shift), LARGEST_RESIDUAL))
    return found


def _inverse_root(v: int) -> tuple[int, int]:
    """2**61 over the root of v · 4**k, and k: the least with v · 4**k ≥ 2**60."""
    k = 0
    while v < 1 << 60:
        v, k = v * 4, k + 1
    return (1 << 61) // isqrt(v), k


def rms_norm(h: Sequence[int], gains: Sequence[int], shift: int, epsilon: int, limit: int) -> list[int]:
    squares = sum(x * x for x in h)
    if len(h) > PART:
        squares = min(squares, LARGEST_SUM)
    inverse, k = _inverse_root(squares // len(h) + epsilon)
    return [clip(rq((x * inverse) >> (47 - k), gain, shift), limit) for x, gain in zip(h, gains, strict=True)]


def layer_norm(h: Sequence[int], gains: Sequence[int], biases: Sequence[int], shift: int, epsilon: int) -> list[int]:
    mean = rounded_quotient(sum(h), len(h))
    inverse, k = _inverse_root(sum((x - mean) ** 2 for x in h) // len(h) + epsilon)
    return [
        clip(rq((x - mean) * inverse >> (47 - k), gain, shift) + bias, LARGEST)
        for x, gain, bias in zip(h, gains, biases, strict=True)
    ]


def dense(rows: Sequence[Row], given: Sequence[int], limit: int) -> list[int]:
    return [clip(rq(dot(row, given) + row.bias, row.multiplier, row.shift), limit) for row in rows]


def bounded(given: Sequence[int], window: Window) -> list[int]:
    """ReLU, or any other pair of bounds."""
    return [max(window.low, min(window.high, x)) for x in given]


def corner(window: Window, pixel: int) -> tuple[int, int]:
    """Where a window begins, from above and from the left; maybe beside the picture."""
    down, right = divmod(pixel, window.across)
    return down * window.stride[0] - window.padding[0], right * window.stride[1] - window.padding[1]


def products(window: Window) -> int:
    """Lanes under a window."""
    return window.kernel[0] * window.kernel[1] * window.source[2]


def seen(given: Sequence[int], window: Window, pixel: int) -> list[int | None]:
    """What stands under the window at a place, place by place and channel by channel; None beside the picture."""
    (height, width, depth), (tall, wide) = window.source, window.kernel
    y, x = corner(window, pixel)
    return [
        given[(row * width + column) * depth + channel] if 0 <= row < height and 0 <= column < width else None
        for row in range(y, y + tall)
        for column in range(x, x + wide)
        for channel in range(depth)
    ]


def segments(window: Window) -> list[tuple[int, int]]:
    """Products of a row of weights that one sum adds: those of one row of the window, 512 at most."""
    count = products(window)
    ends = sorted({*range(0, count, window.kernel[1] * window.source[2]), *range(0, count, SUM), count})
    return list(pairwise(ends))


def convolution(rows: Sequence[Row], given: Sequence[int], window: Window, height: int) -> list[int]:
    """`height` lanes, channel by channel at each place. Rows are filled up to whole blocks."""
    found = []
    for pixel in range(height // len(rows)):
        taken = [window.zero if x is None else x for x in seen(given, window, pixel)]
        taken += [0] * (-len(taken) % BLOCK)
        found += [rq(dot(row, taken) + row.bias, row.multiplier, row.shift) for row in rows]
    return bounded(found, window)


def largest(given: Sequence[int], window: Window, height: int) -> list[int]:
    """Max pooling, channel by channel."""
    depth = window.source[2]
    views = (seen(given, window, pixel) for pixel in range(height // depth))
    found = [max(x for x in view[channel::depth] if x is not None) for view in views for channel in range(depth)]
    return bounded(found, window)


def residual(rows: Sequence[Row], given: Sequence[int], h: Sequence[int], exponent: int = 0) -> list[int]:
    """`given` stands for itself times 2**exponent."""
    return [
        clip(x + rq(dot(row, given) + row.bias, row.multiplier, row.shift - exponent), LARGEST_RESIDUAL)
        for x, row in zip(h, rows, strict=True)
    ]


def add(first: Sequence[int], second: Sequence[int], limit: int) -> list[int]:
    return [clip(a + b, limit) for a, b in zip(first, second, strict=True)]


def place(given: Sequence[int], of_position: Sequence[int]) -> list[int]:
    """A residual, and what the table has for its position."""
    return [clip(x + more, LARGEST_RESIDUAL) for x, more in zip(given, of_position, strict=True)]


def rope(given: Sequence[int], turn: Sequence[int]) -> list[int]:
    """Pairs of lanes turned by an angle each: `turn` is cosine, sine, cosine, sine … of 32 pairs, 14 bits behind the
    point, the same for every head."""
    found = []
    for at in range(0, len(given), 2):
        (a, b), (c, s) = given[at : at + 2], turn[at % HEAD : at % HEAD + 2]
        found += [clip((a * c - b * s + 8_192) >> 14, ROTATED), clip((a * s + b * c + 8_192) >> 14, ROTATED)]
    return found


def _head(tensor: Sequence[int], number: int) -> Sequence[int]:
    return tensor[number * HEAD : (number + 1) * HEAD]


def scores(queries: Sequence[int], keys: Sequence[Sequence[int]], heads: int, shared: int) -> list[list[int]]:
    """For each head its products with the key of each position until its own; `shared` heads have one key."""
    return [
        [sum(q * k for q, k in zip(_head(queries, head), _head(key, head // shared), strict=True)) for key in keys]
        for head in range(heads)
    ]


def _weight(score: int, largest: int, multiplier: int, shift: int) -> int:
    return exp2n(((largest - score) * multiplier) >> shift)


def softmax(found: Sequence[int], multiplier: int, shift: int) -> tuple[int, int, int]:
    """The largest score, the first place where it stands, and the sum of the weights."""
    largest = max(found)
    return largest, found.index(largest), sum(_weight(score, largest, multiplier, shift) for score in found)


def attended(
    found: Sequence[Sequence[int]],
    statistics: Sequence[tuple[int, int, int]],
    values: Sequence[Sequence[int]],
    shared: int,
    scale: tuple[int, int],
) -> list[int]:
    """Each head's mean of values, by the softmax of its scores; `scale` is multiplier and shift of the exponent."""
    result = []
    for head, (line, (largest, _, total)) in enumerate(zip(found, statistics, strict=True)):
        weights = [_weight(score, largest, *scale) for score in line]
        lanes = [_head(value, head // shared) for value in values]
        for lane in range(HEAD):
            summed = sum(weight * value[lane] for weight, value in zip(weights, lanes, strict=True))
            result.append(rounded_quotient(summed, total))
    return result


def gated(g: int, u: int, multiplier: int, shift: int) -> int:
    """SiLU of g times u, before the common exponent."""
    e = exp2n((abs(g) * multiplier) >> shift)
    sigma = 65_536 * (65_536 if g >= 0 else e) // (65_536 + e)
    return ((g * sigma) >> 8) * u


def exponent_of(products: Sequence[int]) -> tuple[list[int], int, int]:
    """The products in 14 bits, the exponent that this takes, and the first of them that no smaller one would fit."""
    exponent = 0
    while max(map(abs, products)) >> exponent > LARGEST:
        exponent += 1
    if not exponent:
        return list(products), 0, 0
    witness = next(place for place, value in enumerate(products) if abs(value) >> (exponent - 1) > LARGEST)
    return [clip(rq(value, 1, exponent), LARGEST) for value in products], exponent, witness


def table(entries: Sequence[int], given: Sequence[int]) -> list[int]:
    """GELU, or any function of one lane: an entry for each of 16,384 values, from −8,192 on."""
    return [entries[x + 8_192] for x in given]


def mean_pool(rows: Sequence[Sequence[int]]) -> list[int]:
    """The mean of all positions, lane by lane."""
    return [rounded_quotient(sum(lane), len(rows)) for lane in zip(*rows, strict=True)]


def token(rows: Sequence[Row], given: Sequence[int]) -> int:
    """The number of the largest logit, the lowest of equals."""
    logits = [(dot(row, given) + row.bias) * row.multiplier for row in rows]
    return logits.index(max(logits))


def sampled(
    rows: Sequence[Row],
    given: Sequence[int],
    shift: int,
    sharpness: int,
    gumbel: Sequence[int],
    drawn: tuple[bytes, int],
) -> int:
    """A token drawn by a committed seed at a position: the largest logit after noise."""
    found = []
    for number, row in enumerate(rows):
        logit = ((dot(row, given) + row.bias) * row.multiplier) >> shift
        found.append(logit * sharpness + gumbel[noise_entry(*drawn, number)])
    return found.index(max(found))


def noise_entry(seed: bytes, position: int, number: int) -> int:
    """Which entry of the table is a token's noise, by the finaliser of splitmix64."""
    start = int.from_bytes(keccak256(seed + position.to_bytes(8, "big"))[:8], "big")
    z = (start + (number + 1) * 0x9E3779B97F4A7C15) & _WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return (z ^ (z >> 31)) >> 52
