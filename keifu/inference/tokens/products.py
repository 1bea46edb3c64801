"""Products of a matrix with some positions, in whole numbers, whatever its format."""

from __future__ import annotations

from typing import Any

import numpy as np

from keifu._compiled import kept
from keifu.inference.tokens.lanes import ROWS
from keifu.inference.tokens.quads import (
    HIGH_BITS,
    LOW_BITS,
    SOME,
    STEP,
    UNIT_4,
    UNIT_8,
    blocks_of_4,
    blocks_of_8,
    bytes_of,
)

__all__ = ["product"]

_BLOCK, _TILE = 32, 16
_PART, _LONG_PART = 1_024, 4_096  # lanes that 32 bits hold: of rows, and of blocks' second scales
_HALF, _HALF_SUM = 1 << (LOW_BITS - 1), 1 << (HIGH_BITS - 1)
_SIGN = 7  # bits that make 8 bits without a sign of those with one

_bytes_of_1, _bytes_of_some = bytes_of
_fours_of_1, _fours_of_some = blocks_of_4
_eights_of_1, _eights_of_some = blocks_of_8


@kept
def product(layout: Any, weights: Any, x: Any, out: Any) -> None:
    """Each row of `out` gets the products of all rows of weights with a row of x. One layer; x has 14 bits, out 64."""
    count, lanes = x.shape
    places = (count + SOME - 1) // SOME * SOME if count > 1 else 1
    high, low = np.zeros((places, lanes), np.int8), np.zeros((places, lanes), np.int8)
    blocks, totals = np.zeros((places, lanes // _BLOCK), np.int32), np.zeros(places, np.int64)
    for row in range(count):
        totals[row] = _split(layout, x[row], high[row], low[row], blocks[row])
    flat = high.reshape(-1), low.reshape(-1)
    # Some rows of x at a time stay in the nearest cache while all weights pass.
    for row in range(0, places, _TILE):
        _tile(layout, weights, flat, blocks.reshape(-1), totals, row, min(row + _TILE, places), out)


@kept
def _split(layout: Any, x: Any, high: Any, low: Any, blocks: Any) -> Any:
    """Both bytes of each lane, what the kernels want of each block's sum, and the sum of all lanes."""
    whole = np.int64(0)
    for block in range(blocks.shape[0]):
        total = np.int32(0)
        for lane in range(block * _BLOCK, (block + 1) * _BLOCK):
            value = np.int32(x[lane])
            above = (value + _HALF) >> LOW_BITS
            high[lane], low[lane] = above, value - (above << LOW_BITS)
            total += value
        whole += total
        if layout == 1:
            parts, place = blocks.view(np.int16), block // 2 * 4 + block % 2
            above = (total + _HALF_SUM) >> HIGH_BITS
            parts[place], parts[place + 2] = above, total - (above << HIGH_BITS)
        else:
            blocks[block] = -total
    return whole


@kept
def _tile(layout: Any, weights: Any, lanes: Any, blocks: Any, totals: Any, start: Any, end: Any, out: Any) -> None:
    high, low = lanes
    count, width = out.shape[0], high.shape[0] // totals.shape[0]
    step = SOME if totals.shape[0] > 1 else 1
    found, small = np.empty(SOME * ROWS, np.int64), np.empty(SOME * ROWS, np.int32)
    size = weights.shape[0] // out.shape[1] * ROWS
    for first in range(0, out.shape[1], ROWS):
        for row in range(start, end, step):
            at, lane, block = first // ROWS * size, row * width, row * (width // _BLOCK)
            rows = min(step, count - row)
            if layout == 0:
                for number in range(rows):
                    out[row + number, first : first + ROWS] = -totals[row + number] << _SIGN
            else:
                out[row : row + rows, first : first + ROWS] = 0
            part = _PART if layout == 0 else _LONG_PART
            for begin in range(0, width, part):
                more = min(part, width - begin)
                if layout == 0:
                    _rows(step, weights, at + begin * ROWS, high, low, lane + begin, width, more // STEP, small)
                    for place in range(rows * ROWS):
                        found[place] = small[place]
                else:
                    _blocks(
                        layout, step, weights, at, high, low, lane + begin, width, blocks, block + begin // _BLOCK,
                        begin, more, found,
                    )  # fmt: skip
                for number in range(rows):
                    for place in range(ROWS):
                        out[row + number, first + place] += found[number * ROWS + place]


@kept
def _rows(step: Any, weights: Any, at: Any, high: Any, low: Any, lane: Any, width: Any, steps: Any, small: Any) -> None:
    if step == 1:
        _bytes_of_1(weights, at, high, low, lane, width, steps, small)
    else:
        _bytes_of_some(weights, at, high, low, lane, width, steps, small)


@kept
def _blocks(
    layout: Any, step: Any, weights: Any, at: Any, high: Any, low: Any, lane: Any, width: Any, blocks: Any, block: Any,
    begin: Any, more: Any, found: Any,
) -> None:  # fmt: skip
    unit, units = begin // (2 * _BLOCK), more // (2 * _BLOCK)
    if layout == 1:
        place = at + unit * UNIT_4
        if step == 1:
            _fours_of_1(weights, place, high, low, lane, width, blocks, block, units, found)
        else:
            _fours_of_some(weights, place, high, low, lane, width, blocks, block, units, found)
    else:
        place = at + unit * UNIT_8
        if step == 1:
            _eights_of_1(weights, place, high, low, lane, width, blocks, block, units, found)
        else:
            _eights_of_some(weights, place, high, low, lane, width, blocks, block, units, found)
