"""Exact sums modulo 2^61 − 1, a prime: what Freivalds' check of a product of matrices takes.

Products are added up in 128 bits, which loops that numba compiles do not have: the code is written here as LLVM's own.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from keifu._compiled import kept

__all__ = ["LARGEST", "PRIME", "drawn", "first_difference", "halves", "projected"]

BITS = 61
PRIME = 2**BITS - 1
LARGEST = 2**60  # of a number that is summed: two that differ, differ modulo the prime
_AT_ONCE, _BLOCK, _PRIME, _LARGEST = 16, 32, np.uint64(PRIME), np.int64(LARGEST)
_LOW_BITS = 31
_I64, _I128 = ir.IntType(64), ir.IntType(128)

Numbers = NDArray[np.uint64]


def drawn(count: int) -> Numbers:
    """Secret numbers of 61 bits. Zero is drawn twice as often as others: a chance of 2^-60 bounds each."""
    return np.frombuffer(os.urandom(8 * count), np.uint64) >> np.uint64(64 - BITS)


def halves(numbers: Numbers) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """What `first_difference` takes of projected rows."""
    high = numbers >> np.uint64(_LOW_BITS)
    return (numbers & np.uint64(2**_LOW_BITS - 1)).astype(np.int32), high.astype(np.int32)


def _folded(b: Any, total: Any) -> Any:
    """Nearly reduced: three times make any 128 bits a number from 0 to the prime + 1."""
    mask = ir.Constant(_I128, PRIME)
    return b.add(b.and_(total, mask), b.ashr(total, ir.Constant(_I128, BITS)))


@intrinsic
def _summed(_: Any, values: Any, weights: Any, sixteens: Any) -> Any:  # noqa: ARG001 - as its callers name it
    """The sum of products modulo the prime, as a number below it: values above −2^60, each with 2^60 added so that a
    processor's own multiplication does, times weights."""
    signature = types.uint64(values, weights, types.intp)

    def code(context: Any, b: Any, signature: Any, given: Any) -> Any:
        first, second = (
            context.make_array(kind)(context, b, array).data
            for kind, array in zip(signature.args[:2], given[:2], strict=True)
        )
        before, inside, behind = b.block, b.append_basic_block("inside"), b.append_basic_block("behind")
        b.branch(inside)
        b.position_at_end(inside)
        number, total = b.phi(_I64), b.phi(_I128)
        more = total
        for place in range(_AT_ONCE):
            at = b.add(b.mul(number, ir.Constant(_I64, _AT_ONCE)), ir.Constant(_I64, place))
            value = b.add(b.load(b.gep(first, [at])), ir.Constant(_I64, LARGEST))
            more = b.add(more, b.mul(b.zext(value, _I128), b.zext(b.load(b.gep(second, [at])), _I128)))
        more = _folded(b, more)
        following = b.add(number, ir.Constant(_I64, 1))
        for phi, start, then in ((number, ir.Constant(_I64, 0), following), (total, ir.Constant(_I128, 0), more)):
            phi.add_incoming(start, before)
            phi.add_incoming(then, inside)
        b.cbranch(b.icmp_signed("<", following, given[2]), inside, behind)
        b.position_at_end(behind)
        rest, prime = _folded(b, _folded(b, more)), ir.Constant(_I128, PRIME)
        return b.trunc(b.select(b.icmp_unsigned(">=", rest, prime), b.sub(rest, prime), rest), _I64)

    return signature, code


_sum: Any = _summed  # as it is called


@kept
def _plus(first: Any, second: Any) -> Any:
    """Of two numbers below the prime."""
    total = first + second
    return total - _PRIME if total >= _PRIME else total


@kept
def _sum_of_lanes(lanes: Any, low: Any, high: Any) -> Any:
    """The same without what is added, for 32,768 lanes of 16 bits at most: weights are 31 bits and 30 above them."""
    below, above = np.int64(0), np.int64(0)
    for lane in range(lanes.shape[0]):
        below += np.int64(lanes[lane]) * np.int64(low[lane])
        above += np.int64(lanes[lane]) * np.int64(high[lane])
    rest = np.uint64(above % np.int64(_PRIME))
    # 2^61 is 1 here, so what passes 61 bits of the product comes back at the bottom.
    shifted = (rest >> np.uint64(30)) + ((rest & np.uint64(2**30 - 1)) << np.uint64(31))
    return _plus(np.uint64(below % np.int64(_PRIME)), shifted % _PRIME)


@kept
def projected(weights: Any, scales: Any, numbers: Any) -> Any:
    """The sum of all rows of whole weights, a multiple of 16, each times its number. `scales` are (D, m) of blocks, or
    none."""
    rows, lanes = weights.shape
    tile, found = np.zeros((lanes, _AT_ONCE), np.int64), np.zeros(lanes, np.uint64)
    added: Any = _PRIME - _sum(np.zeros(rows, np.int64), numbers, rows // _AT_ONCE)
    for first in range(0, rows, _AT_ONCE):
        for row in range(_AT_ONCE):
            for lane in range(lanes):
                whole = np.int64(weights[first + row, lane])
                if scales.shape[1]:
                    pair = scales[first + row, lane // _BLOCK]
                    whole = whole * np.int64(pair[0]) + np.int64(pair[1])
                tile[lane, row] = whole
        for lane in range(lanes):
            found[lane] = _plus(found[lane], _sum(tile[lane], numbers[first : first + _AT_ONCE], 1))
    for lane in range(lanes):
        found[lane] = (found[lane] + added) % _PRIME
    return found


@kept
def first_difference(x: Any, sums: Any, low: Any, high: Any, numbers: Any) -> Any:
    """The first row of x whose products with all rows of a matrix cannot be `sums`, or −1. `low` and `high` are the
    matrix's rows, projected by `numbers`, in two parts."""
    sixteens = numbers.shape[0] // _AT_ONCE
    added = _sum(np.zeros(numbers.shape[0], np.int64), numbers, sixteens)
    for row in range(x.shape[0]):
        bits = np.int64(0)
        for lane in range(sums.shape[1]):
            bits |= sums[row, lane] ^ (sums[row, lane] >> 63)
        wanted = _plus(_sum_of_lanes(x[row], low, high), added)
        if bits >= _LARGEST or _sum(sums[row], numbers, sixteens) != wanted:
            return row
    return -1
