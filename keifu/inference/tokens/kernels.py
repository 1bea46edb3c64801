"""The compiled arithmetic of token models: all layers for some positions in one call.

Nothing depends on how positions are divided into calls. Divisions are of numbers that 64-bit floats divide exactly
enough: the quotient is further from a whole number than it can be rounded. `keifu.spec.inference` computes the same
without any of this.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from keifu._compiled import kept
from keifu.inference.tokens.arithmetic import POINT, clip, exp2n, quotient, rq
from keifu.inference.tokens.attending import attend
from keifu.inference.tokens.lanes import ROWS
from keifu.inference.tokens.leaves import bound, queues
from keifu.inference.tokens.products import product
from keifu.inference.tokens.soon import ask
from keifu.merkle.plain import add_narrow, add_wide

__all__ = [
    "add",
    "drawn",
    "embed",
    "gate",
    "inverse_root",
    "largest",
    "norm",
    "run",
    "scaled",
    "turned",
]  # fmt: skip

_ONE = np.int64(1)
_ACTIVATION, _RESIDUAL, _QUERY, _ROTATED, _GATE = 8_191, 2**27 - 1, 4_095, 5_791, 32_767
_HEAD, _BLOCK, _PART, _PLACES, _TILE = 64, 32, 1_024, 512, 24
_SOON = 1 << 18  # bytes of weights that are asked for during attention
_SQUARES, _LARGEST_SUM = 1_024, np.uint64(2**63 - 1)  # of residuals that 64 bits hold; of what is shown in parts


@kept
def _root(value: Any) -> Any:
    """Rounded down, for values below 2**62."""
    found = np.int64(np.sqrt(np.float64(value)))
    while found * found > value:
        found -= 1
    while (found + 1) * (found + 1) <= value:
        found += 1
    return found


@kept
def inverse_root(mean: Any) -> Any:
    """2^61 over the root of a mean of squares, brought to 60 bits, and how far a lane times it goes down again."""
    k = np.int64(0)
    while mean < _ONE << np.int64(60):
        mean <<= 2
        k += 1
    return (_ONE << np.int64(61)) // _root(mean), 47 - k


@kept
def norm(h: Any, gains: Any, shift: Any, epsilon: Any, out: Any) -> None:
    """RMSNorm of each row."""
    width = h.shape[1]
    for row in range(h.shape[0]):
        total = np.uint64(0)
        for start in range(0, width, _SQUARES):
            squares = np.uint64(0)
            for lane in range(start, min(start + _SQUARES, width)):
                x = np.int64(h[row, lane])
                squares += np.uint64(x * x)
            if width > _SQUARES:
                squares = min(total + min(squares, _LARGEST_SUM), _LARGEST_SUM)
            total = squares
        inverse, down = inverse_root(np.int64(total // np.uint64(width)) + epsilon)
        for lane in range(width):
            x = (np.int64(h[row, lane]) * inverse) >> down
            out[row, lane] = clip(rq(x, np.int64(gains[lane]), shift), _ACTIVATION)


@kept
def biased(sums: Any, biases: Any, place: Any) -> Any:
    return sums[place] + biases[place] if biases.shape[0] else sums[place]


@kept
def _of_layer(numbers: Any, layer: Any) -> Any:
    return numbers[0][layer], numbers[1][layer], numbers[2][layer]


@kept
def scaled(sums: Any, numbers: Any, place: Any, limit: Any) -> Any:
    """Numbers are biases, or none where all are 0; multipliers; shifts."""
    biases, multipliers, shifts = numbers
    whole = biased(sums, biases, place)
    return clip(rq(whole, np.int64(multipliers[place]), np.int64(shifts[place])), limit)


@kept
def turned(
    sums: Any, numbers: Any, turns: Any, start: Any, heads: Any, queries: Any, keys: Any, values: Any, fresh: Any
) -> None:  # fmt: skip
    """Queries, keys and values from their sums; the first two go through RoPE. `fresh` gets keys and values once more,
    rows × 2 × lanes, as they are committed to."""
    kept_heads = keys.shape[0]
    for row in range(sums.shape[0]):
        position = start + row
        group, within = position // ROWS, position % ROWS
        for head in range(heads + kept_heads):
            for lane in range(0, _HEAD, 2):
                a = scaled(sums[row], numbers, head * _HEAD + lane, _QUERY)
                b = scaled(sums[row], numbers, head * _HEAD + lane + 1, _QUERY)
                c, s = np.int64(turns[position, lane]), np.int64(turns[position, lane + 1])
                left = clip((a * c - b * s + 8_192) >> 14, _ROTATED)
                right = clip((a * s + b * c + 8_192) >> 14, _ROTATED)
                if head < heads:
                    queries[row, head, lane], queries[row, head, lane + 1] = left, right
                else:
                    pair = keys[head - heads, group, lane // 2, within]
                    pair[0], pair[1] = left, right
                    place = (head - heads) * _HEAD + lane
                    fresh[row, 0, place], fresh[row, 0, place + 1] = left, right
        for head in range(kept_heads):
            for lane in range(_HEAD):
                value = scaled(sums[row], numbers, (heads + kept_heads + head) * _HEAD + lane, _ACTIVATION)
                values[head, lane // ROWS, position // 2, lane % ROWS, position % 2] = value
                fresh[row, 1, head * _HEAD + lane] = value


@kept
def _lanes(sums: Any, numbers: Any, limit: Any, out: Any) -> None:
    for lane in range(out.shape[0]):
        out[lane] = scaled(sums, numbers, lane, limit)


@kept
def _silu(g: Any, u: Any, multiplier: Any, shift: Any, out: Any) -> Any:
    """SiLU of g times u, and the largest size of it."""
    largest = np.int64(0)
    for lane in range(out.shape[0]):
        e = exp2n((abs(g[lane]) * multiplier) >> shift)
        above = POINT if g[lane] >= 0 else e
        sigma = quotient(above * POINT, POINT + e)
        out[lane] = ((g[lane] * sigma) >> 8) * u[lane]
        largest = max(largest, abs(out[lane]))
    return largest


@kept
def gate(sums: Any, numbers: Any, scale: Any, out: Any, exponents: Any) -> None:
    """SiLU·mul of each row, with the exponent that its largest lane takes."""
    inner = out.shape[1]
    g, u, products = np.empty(inner, np.int64), np.empty(inner, np.int64), np.empty(inner, np.int64)
    for row in range(sums.shape[0]):
        for first, lanes in ((0, g), (inner, u)):
            last = first + inner
            part = numbers[0][first:last], numbers[1][first:last], numbers[2][first:last]
            _lanes(sums[row, first:last], part, _GATE, lanes)
        largest = _silu(g, u, scale[2], scale[3], products)
        exponent = np.int64(0)
        while largest >> exponent > _ACTIVATION:
            exponent += 1
        exponents[row] = exponent
        half = (_ONE << exponent) >> 1
        for lane in range(inner):
            out[row, lane] = clip((products[lane] + half) >> exponent, _ACTIVATION)


@kept
def add(h: Any, sums: Any, numbers: Any, exponents: Any, out: Any) -> None:
    biases, multipliers, shifts = numbers
    for row in range(h.shape[0]):
        for lane in range(h.shape[1]):
            whole, shift = biased(sums[row], biases, lane), np.int64(shifts[lane]) - exponents[row]
            more = rq(whole, np.int64(multipliers[lane]), shift)
            out[row, lane] = clip(h[row, lane] + more, _RESIDUAL)


@kept
def embed(ids: Any, weights: Any, scales: Any, numbers: Any, shift: Any, h: Any) -> None:
    """Rows of the table of tokens; without blocks `scales` has none."""
    for row in range(ids.shape[0]):
        number = ids[row]
        for lane in range(h.shape[1]):
            whole = np.int64(weights[number, lane])
            if scales.shape[1]:
                block = lane // _BLOCK
                whole = whole * np.int64(scales[number, block, 0]) + np.int64(scales[number, block, 1])
            h[row, lane] = clip(rq(whole, numbers[1, number], shift), _RESIDUAL)


@kept
def largest(sums: Any, numbers: Any, out: Any) -> None:
    """The token of each row; the lowest of equals."""
    biases, multipliers, _ = numbers
    for row in range(sums.shape[0]):
        best, where = biased(sums[row], biases, 0) * np.int64(multipliers[0]), 0
        for number in range(1, sums.shape[1]):
            logit = biased(sums[row], biases, number) * np.int64(multipliers[number])
            if logit > best:
                best, where = logit, number
        out[row] = where


@kept
def _mixed(start: Any, number: Any) -> Any:
    """The finaliser of splitmix64."""
    z = start + np.uint64(number + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kept
def drawn(sums: Any, numbers: Any, shift: Any, sharpness: Any, gumbel: Any, start: Any) -> Any:
    """The token of one row after noise; the lowest of equals."""
    biases, multipliers, _ = numbers
    best, where = np.int64(0), -1
    for number in range(sums.shape[0]):
        logit = (biased(sums, biases, number) * np.int64(multipliers[number])) >> shift
        value = logit * sharpness + gumbel[np.int64(_mixed(start, number) >> np.uint64(52))]
        if where < 0 or value > best:
            best, where = value, number
    return where


@kept
def _bytes(lanes: Any) -> Any:
    return lanes.reshape(-1).view(np.uint8)


@kept
def run(
    h: Any, spans: Any, heads: Any, epsilon: Any, turns: Any, norms: Any, norm_shifts: Any, scales: Any,
    attention: Any, mixed: Any, gates: Any, down: Any, keys: Any, values: Any, seen: Any,
    lines: Any, bounds: Any, iota: Any,
) -> None:  # fmt: skip
    """All layers, over rows of residuals of several conversations. A span is (first row, row behind the last, position
    of the first, conversation). Matrices are (layout, weights, numbers) of all layers; keys and values keep what later
    positions read. `seen`, which begins with the residuals as they came, gets the rows behind each layer, `lines` its
    keys and values, and `bounds` what each row's groups but the last commit to; each unless it has no rows."""
    count, width = h.shape
    inner = gates[2][1].shape[1] // 2
    y = np.empty((count, width), np.int16)
    queries = np.empty((count, heads, _HEAD), np.int16)
    gated = np.empty((count, inner), np.int16)
    exponents, none = np.empty(count, np.int64), np.zeros(count, np.int64)
    three = np.empty((count, attention[2][1].shape[1]), np.int64)
    two = np.empty((count, 2 * inner), np.int64)
    one = np.empty((count, width), np.int64)
    # The products of several positions take far longer than their weights do to come.
    soon = min(_SOON, mixed[1].shape[1]) if count == 1 else 0
    kept_heads, groups = keys.shape[2], bounds.shape[1]
    outs, lanes = queues(groups, bounds.shape[0], width, kept_heads)
    # Who takes lines, too, hashes later: then what is written lies far away, and is asked for.
    stays, is_line_kept = min(seen.shape[0], 1), min(lines.shape[0], 1)
    rows = seen if stays else h.reshape(1, count, width)
    if not is_line_kept:
        lines = np.empty((1, count, 2, kept_heads * _HEAD), np.int16)
    if groups:
        add_wide(outs, h, iota)
    for layer in range(norms.shape[0]):
        before, after, fresh = rows[stays * layer], rows[stays * (layer + 1)], lines[is_line_kept * layer]
        norm(before, norms[layer, 0], norm_shifts[layer, 0], epsilon, y)
        if is_line_kept:
            ask(_bytes(fresh), 0, 1)
        product(attention[0], attention[1][layer], y, three)
        mixing = mixed[1][layer]
        numbers = _of_layer(attention[2], layer)
        for span in range(spans.shape[0]):
            row, end, start, talk = spans[span]
            own = queries[row:end]
            where = keys[talk, layer], values[talk, layer], fresh[row:end]
            turned(three[row:end], numbers, turns, start, heads, own, *where)
            if groups:
                add_narrow(lanes, fresh[row:end].reshape(2 * (end - row), fresh.shape[2]), iota)
            attend(own, keys[talk, layer], values[talk, layer], scales[layer], start, 0, y[row:end], mixing[:soon])
        if is_line_kept:
            ask(_bytes(after), 0, 1)
        product(mixed[0], mixing, y, one)
        add(before, one, _of_layer(mixed[2], layer), none, after)
        norm(after, norms[layer, 1], norm_shifts[layer, 1], epsilon, y)
        product(gates[0], gates[1][layer], y, two)
        gate(two, _of_layer(gates[2], layer), scales[layer], gated, exponents)
        product(down[0], down[1][layer], gated, one)
        add(after, one, _of_layer(down[2], layer), exponents, after)
        if groups:
            add_wide(outs, after, iota)
    for row in range(stays * count):  # a plain assignment looks at every lane's place
        for lane in range(width):
            h[row, lane] = rows[norms.shape[0], row, lane]
    if groups:
        bound(outs, lanes, False, bounds, iota)
