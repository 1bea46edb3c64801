"""The compiled arithmetic of token models: all layers for some positions in one call.

Nothing depends on how positions are divided into calls. Divisions are of numbers that 64-bit floats divide exactly
enough: the quotient is further from a whole number than it can be rounded. `keifu.spec.inference` computes the same
without any of this.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from keifu._compiled import kept, kept_as_numpy
from keifu.inference.tokens.lanes import (
    MANY,
    ROWS,
    blocks_of_4,
    blocks_of_8,
    rows_of_1,
    rows_of_many,
    wide_of_1,
    wide_of_many,
)

__all__ = [
    "add",
    "attend",
    "clip",
    "drawn",
    "embed",
    "gate",
    "inverse_root",
    "largest",
    "norm",
    "product",
    "rq",
    "run",
    "scaled",
    "turned",
]  # fmt: skip

_ONE = np.int64(1)
_ACTIVATION, _RESIDUAL, _QUERY, _ROTATED, _GATE = 8_191, 2**27 - 1, 4_095, 5_791, 32_767
_HEAD, _BLOCK, _PART, _PLACES, _TILE = 64, 32, 1_024, 512, 24
_POINT = np.int64(65_536)
_SQUARES = 1_024  # of residuals that 64 bits hold


@kept
def rq(value: Any, multiplier: Any, shift: Any) -> Any:
    return (value * multiplier + (_ONE << (shift - _ONE))) >> shift


@kept
def clip(value: Any, limit: Any) -> Any:
    return min(max(value, -limit), limit)


@kept_as_numpy
def _quotient(value: Any, by: Any) -> Any:
    """Rounded down, for values below 2**46 and divisors from 1 to 2**32."""
    return np.int64(np.floor(np.float64(value) / np.float64(by)))


@kept
def _exp2n(d: Any) -> Any:
    part = d & 65_535
    value = 630 - ((part * 87) >> 16)
    value = 3_637 - ((part * value) >> 16)
    value = 15_743 - ((part * value) >> 16)
    value = 45_426 - ((part * value) >> 16)
    value = 65_536 - ((part * value) >> 16)
    return value >> min(d >> 16, np.int64(31))


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
        mean, rest = np.int64(0), np.int64(0)
        for start in range(0, width, _SQUARES):
            squares = np.uint64(0)
            for lane in range(start, min(start + _SQUARES, width)):
                x = np.int64(h[row, lane])
                squares += np.uint64(x * x)
            mean += np.int64(squares // np.uint64(width))
            rest += np.int64(squares % np.uint64(width))
        inverse, down = inverse_root(mean + rest // width + epsilon)
        for lane in range(width):
            x = (np.int64(h[row, lane]) * inverse) >> down
            out[row, lane] = clip(rq(x, np.int64(gains[lane]), shift), _ACTIVATION)


@kept
def product(layout: Any, weights: Any, scales: Any, planes: Any, x: Any, out: Any) -> None:
    """Each row of `out` gets the products of all rows of weights with a row of x. One layer; x has 16 bits, out 64."""
    together = x.shape[0] - x.shape[0] % MANY if planes.shape[0] else 0
    # Some rows of x at a time stay in the nearest cache while all weights pass.
    for row in range(0, together, _TILE):
        end = min(row + _TILE, together)
        _product_of_many(planes, x[row:end], out[row:end])
    for row in range(together, x.shape[0]):
        _product_of_one(layout, weights, scales, x[row], out[row])


@kept
def _product_of_one(layout: Any, weights: Any, scales: Any, x: Any, out: Any) -> None:
    lanes, blocks = x.shape[0], x.shape[0] // _BLOCK
    if layout == 0:
        small = np.empty(ROWS, np.int32)
        for first in range(0, out.shape[0], ROWS):
            out[first : first + ROWS] = 0
            for start in range(0, lanes, _PART):
                pairs = min(_PART, lanes - start) // 2
                rows_of_1(weights, first * lanes + start * ROWS, x, start, 0, pairs, small)
                for row in range(ROWS):
                    out[first + row] += small[row]
        return
    totals, found = np.zeros(blocks, np.int32), np.empty(ROWS, np.int64)
    for lane in range(lanes):
        totals[lane // _BLOCK] += np.int32(x[lane])
    for first in range(0, out.shape[0], ROWS):
        group = first // ROWS
        if layout == 1:
            blocks_of_4(
                weights, first * lanes // 2, scales, group * blocks * 2 * ROWS, x, totals, blocks, found
            )  # fmt: skip
        else:
            blocks_of_8(weights, first * lanes, scales, group * blocks * ROWS, x, totals, blocks, found)
        out[first : first + ROWS] = found


@kept
def _product_of_many(planes: Any, x: Any, out: Any) -> None:
    """A multiple of MANY rows of x."""
    count, lanes = x.shape
    flat, small, total = x.reshape(-1), np.empty(MANY * ROWS, np.int32), np.empty(MANY * ROWS, np.int64)
    for first in range(0, out.shape[1], ROWS):
        for row in range(0, count, MANY):
            total[:] = 0
            for plane in range(planes.shape[0]):
                shift = np.int64(8 * plane)
                for start in range(0, lanes, _PART):
                    pairs, at = min(_PART, lanes - start) // 2, first * lanes + start * ROWS
                    rows_of_many(planes[plane], at, flat, row * lanes + start, lanes, pairs, small)
                    for place in range(MANY * ROWS):
                        total[place] += np.int64(small[place]) << shift
            for number in range(MANY):
                for place in range(ROWS):
                    out[row + number, first + place] = total[number * ROWS + place]


@kept
def scaled(sums: Any, numbers: Any, place: Any, limit: Any) -> Any:
    return clip(rq(sums[place] + numbers[0, place], numbers[1, place], numbers[2, place]), limit)


@kept
def turned(sums: Any, numbers: Any, turns: Any, start: Any, heads: Any, queries: Any, keys: Any, values: Any) -> None:
    """Queries, keys and values from their sums; the first two go through RoPE."""
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
        for head in range(kept_heads):
            for lane in range(_HEAD):
                value = scaled(sums[row], numbers, (heads + kept_heads + head) * _HEAD + lane, _ACTIVATION)
                values[head, lane // ROWS, position // 2, lane % ROWS, position % 2] = value


@kept
def attend(queries: Any, keys: Any, values: Any, scale: Any, start: Any, whole: Any, out: Any) -> None:
    """Scores, softmax and weighted sums of each row and head. Of keys sixteen positions stand side by side, of values
    sixteen lanes. Weights have 17 bits, and are taken as two numbers of 9 and 8. A row sees the positions until its
    own, or the first `whole`, unless that is 0."""
    count, heads = queries.shape[0], queries.shape[1]
    shared, flat = heads // keys.shape[0], queries.reshape(-1)
    places = (max(start + count, whole) + ROWS - 1) // ROWS * ROWS
    found, small = np.empty((MANY, places), np.int32), np.empty(MANY * ROWS, np.int32)
    high, low = np.empty((MANY, places), np.int16), np.empty((MANY, places), np.int16)
    totals, summed = np.empty(MANY, np.int64), np.empty((MANY, ROWS), np.int64)
    for head in range(heads):
        key, value = keys[head // shared].reshape(-1), values[head // shared]
        row = 0
        while row < count:
            rows = MANY if row + MANY <= count else 1
            seen = whole if whole else start + row + rows
            for group in range((seen + ROWS - 1) // ROWS):
                at = (row * heads + head) * _HEAD
                if rows == 1:
                    wide_of_1(key, group * ROWS * _HEAD, flat, at, 0, _HEAD // 2, small)
                else:
                    wide_of_many(key, group * ROWS * _HEAD, flat, at, heads * _HEAD, _HEAD // 2, small)
                for number in range(rows):
                    for place in range(ROWS):
                        found[number, group * ROWS + place] = small[number * ROWS + place]
            for number in range(rows):
                own = whole if whole else seen - rows + number + 1
                totals[number] = _weigh(found[number], own, seen, scale, high[number], low[number])
            for group in range(_HEAD // ROWS):
                lanes = value[group].reshape(-1)
                _weighted(lanes, high.reshape(-1), places, seen, rows, small, summed, True)
                _weighted(lanes, low.reshape(-1), places, seen, rows, small, summed, False)
                for number in range(rows):
                    total = totals[number]
                    for place in range(ROWS):
                        mean = _quotient(2 * summed[number, place] + total, 2 * total)
                        out[row + number, head * _HEAD + group * ROWS + place] = mean
            row += rows


@kept
def _weigh(found: Any, seen: Any, most: Any, scale: Any, high: Any, low: Any) -> Any:
    """The sum of the weights of the first `seen` scores; those behind, up to an even number, get none."""
    largest = found[0]
    for place in range(1, seen):
        largest = max(largest, found[place])
    multiplier, shift, total = scale[0], scale[1], np.int64(0)
    for place in range(seen):
        weight = _exp2n(((np.int64(largest) - np.int64(found[place])) * multiplier) >> shift)
        high[place], low[place] = weight >> 8, weight & 255
        total += weight
    for place in range(seen, most + most % 2):
        high[place], low[place] = 0, 0
    return total


@kept
def _weighted(
    lanes: Any, weights: Any, stride: Any, seen: Any, rows: Any, small: Any, summed: Any, is_high: bool
) -> None:
    """Sums of sixteen lanes' values times their weights. Five hundred positions never pass 32 bits."""
    if is_high:
        summed[:] = 0
    for start in range(0, seen, _PLACES):
        pairs = (min(_PLACES, seen - start) + 1) // 2
        if rows == 1:
            wide_of_1(lanes, start * ROWS, weights, start, 0, pairs, small)
        else:
            wide_of_many(lanes, start * ROWS, weights, start, stride, pairs, small)
        for number in range(rows):
            for place in range(ROWS):
                more = np.int64(small[number * ROWS + place])
                summed[number, place] += more << 8 if is_high else more


@kept
def _lanes(sums: Any, bias: Any, multipliers: Any, shifts: Any, limit: Any, out: Any) -> None:
    for lane in range(out.shape[0]):
        out[lane] = clip(rq(sums[lane] + bias[lane], multipliers[lane], shifts[lane]), limit)


@kept
def _silu(g: Any, u: Any, multiplier: Any, shift: Any, out: Any) -> Any:
    """SiLU of g times u, and the largest size of it."""
    largest = np.int64(0)
    for lane in range(out.shape[0]):
        e = _exp2n((abs(g[lane]) * multiplier) >> shift)
        above = _POINT if g[lane] >= 0 else e
        sigma = _quotient(above * _POINT, _POINT + e)
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
            part = numbers[:, first : first + inner]
            _lanes(sums[row, first : first + inner], part[0], part[1], part[2], _GATE, lanes)
        largest = _silu(g, u, scale[2], scale[3], products)
        exponent = np.int64(0)
        while largest >> exponent > _ACTIVATION:
            exponent += 1
        exponents[row] = exponent
        half = (_ONE << exponent) >> 1
        for lane in range(inner):
            out[row, lane] = clip((products[lane] + half) >> exponent, _ACTIVATION)


@kept
def add(h: Any, sums: Any, numbers: Any, exponents: Any) -> None:
    for row in range(h.shape[0]):
        for lane in range(h.shape[1]):
            more = rq(sums[row, lane] + numbers[0, lane], numbers[1, lane], numbers[2, lane] - exponents[row])
            h[row, lane] = clip(h[row, lane] + more, _RESIDUAL)


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
    for row in range(sums.shape[0]):
        best, where = (sums[row, 0] + numbers[0, 0]) * numbers[1, 0], 0
        for number in range(1, sums.shape[1]):
            logit = (sums[row, number] + numbers[0, number]) * numbers[1, number]
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
    best, where = np.int64(0), -1
    for number in range(sums.shape[0]):
        logit = ((sums[number] + numbers[0, number]) * numbers[1, number]) >> shift
        value = logit * sharpness + gumbel[np.int64(_mixed(start, number) >> np.uint64(52))]
        if where < 0 or value > best:
            best, where = value, number
    return where


@kept
def run(
    h: Any, spans: Any, heads: Any, epsilon: Any, turns: Any, norms: Any, norm_shifts: Any, scales: Any,
    attention: Any, mixed: Any, gates: Any, down: Any, keys: Any, values: Any, seen: Any,
) -> None:  # fmt: skip
    """All layers, over rows of residuals of several conversations. A span is (first row, row behind the last, position
    of the first, conversation). Matrices are (layout, weights, scales, planes, numbers) of all layers; keys and values
    keep what later positions read. `seen` gets the rows behind each layer, unless it has none."""
    count, width = h.shape
    inner = gates[4].shape[2] // 2
    y = np.empty((count, width), np.int16)
    queries = np.empty((count, heads, _HEAD), np.int16)
    gated = np.empty((count, inner), np.int16)
    exponents, none = np.empty(count, np.int64), np.zeros(count, np.int64)
    three = np.empty((count, attention[4].shape[2]), np.int64)
    two = np.empty((count, 2 * inner), np.int64)
    one = np.empty((count, width), np.int64)
    for layer in range(norms.shape[0]):
        norm(h, norms[layer, 0], norm_shifts[layer, 0], epsilon, y)
        product(attention[0], attention[1][layer], attention[2][layer], attention[3][:, layer], y, three)
        for span in range(spans.shape[0]):
            row, end, start, talk = spans[span]
            lines, own = three[row:end], queries[row:end]
            turned(lines, attention[4][layer], turns, start, heads, own, keys[talk, layer], values[talk, layer])
            attend(own, keys[talk, layer], values[talk, layer], scales[layer], start, 0, y[row:end])
        product(mixed[0], mixed[1][layer], mixed[2][layer], mixed[3][:, layer], y, one)
        add(h, one, mixed[4][layer], none)
        norm(h, norms[layer, 1], norm_shifts[layer, 1], epsilon, y)
        product(gates[0], gates[1][layer], gates[2][layer], gates[3][:, layer], y, two)
        gate(two, gates[4][layer], scales[layer], gated, exponents)
        product(down[0], down[1][layer], down[2][layer], down[3][:, layer], gated, one)
        add(h, one, down[4][layer], exponents)
        if seen.shape[0]:
            seen[layer] = h
