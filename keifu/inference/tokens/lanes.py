"""Dot products of sixteen rows of weights side by side, as portable vector code that every processor's compiler gets.

Rows stand in groups of sixteen. For each pair of lanes a group has 32 weights, row by row, so a pair of activations is
spread over a vector, multiplied and added up in 32 bits, and no sum ever crosses a vector. Loops that numba compiles do
not become that by themselves: the vector instructions are written here as LLVM's own, which knows them on each machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from keifu._moves import address

__all__ = [
    "POWERS",
    "ROWS",
    "load",
    "loop",
    "many",
    "pair",
    "pairs_added",
    "pick",
    "softened",
    "splat",
    "spread",
    "stored",
    "wide_of_1",
    "wide_of_2",
    "wide_of_3",
    "wide_of_6",
]

ROWS = 16  # side by side
POWERS = 65_536, 45_426, 15_743, 3_637, 630, 87  # of 2 to a part of 65,536 below nothing
_I16, _I32, _I64 = (ir.IntType(bits) for bits in (16, 32, 64))
_Builder: TypeAlias = Any  # llvmlite has no types of its own
_Value: TypeAlias = Any


def many(kind: Any, count: int) -> Any:
    return ir.VectorType(kind, count)


def splat(kind: Any, count: int, value: int) -> Any:
    return ir.Constant(many(kind, count), [ir.Constant(kind, value)] * count)


def pick(b: _Builder, vector: _Value, places: list[int]) -> _Value:
    chosen = ir.Constant(many(_I32, len(places)), [ir.Constant(_I32, place) for place in places])
    return b.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), chosen)


def load(b: _Builder, base: _Value, at: _Value, kind: Any, align: int) -> _Value:
    found = b.load(b.bitcast(b.gep(base, [at]), kind.as_pointer()))
    found.align = align
    return found


def spread(b: _Builder, value: _Value, count: int) -> _Value:
    empty = ir.Constant(many(value.type, count), ir.Undefined)
    return pick(b, b.insert_element(empty, value, ir.Constant(_I32, 0)), [0] * count)


def pair(b: _Builder, both: _Value) -> _Value:
    """Two numbers of 16 bits in one of 32, spread: 32 lanes of 32 bits that came from 16."""
    return b.sext(b.bitcast(spread(b, both, ROWS), many(_I16, 2 * ROWS)), many(_I32, 2 * ROWS))


def pairs_added(b: _Builder, total: _Value, weights: _Value, pair: _Value) -> _Value:
    """Sixteen sums, each with two products more."""
    products = b.mul(weights, pair)
    evens, odds = (pick(b, products, list(range(start, 2 * ROWS, 2))) for start in (0, 1))
    return b.add(total, b.add(evens, odds))


def loop(b: _Builder, count: _Value, states: list[Any], body: Callable[[_Value, list[_Value]], list[_Value]]) -> Any:
    """`body` for 0 to count − 1; the states behind the last time."""
    before, inside, behind = b.block, b.append_basic_block("inside"), b.append_basic_block("behind")
    zero, one = ir.Constant(_I64, 0), ir.Constant(_I64, 1)
    b.branch(inside)
    b.position_at_end(inside)
    number = b.phi(_I64)
    number.add_incoming(zero, before)
    kept = [b.phi(state.type) for state in states]
    for phi, state in zip(kept, states, strict=True):
        phi.add_incoming(state, before)
    changed = body(number, kept)
    following = b.add(number, one)
    number.add_incoming(following, b.block)
    for phi, state in zip(kept, changed, strict=True):
        phi.add_incoming(state, b.block)
    b.cbranch(b.icmp_signed("<", following, count), inside, behind)
    b.position_at_end(behind)
    return changed


def stored(b: _Builder, total: _Value, place: _Value) -> None:
    b.store(total, b.bitcast(place, total.type.as_pointer())).align = total.type.element.width // 8


def _wide(positions: int) -> Any:
    @intrinsic
    def sums(
        _: Any, weights: Any, at: Any, x: Any, start: Any, stride: Any, pairs: Any, out: Any, to: Any, apart: Any
    ) -> Any:
        """int32 of `positions` × 16 rows into out, over pairs of lanes from weights[at] and x[start] on; `stride` lies
        between two positions, and `apart` between their sums from out[to] on."""
        whole = types.intp
        signature = types.void(weights, whole, x, whole, whole, whole, out, whole, whole)

        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            w, at, x, start, stride, pairs, out, to, apart = values
            kinds = signature.args
            w = address(context, b, kinds[0], w, at)
            x = address(context, b, kinds[2], x, start)
            rows = [b.gep(x, [b.mul(stride, ir.Constant(_I64, place))]) for place in range(positions)]

            def body(number: _Value, totals: list[_Value]) -> list[_Value]:
                narrow = load(b, w, b.mul(number, ir.Constant(_I64, 2 * ROWS)), many(_I16, 2 * ROWS), 2)
                weights = b.sext(narrow, many(_I32, 2 * ROWS))
                lane = b.shl(number, ir.Constant(_I64, 1))
                parts = [pair(b, load(b, row, lane, _I32, 2)) for row in rows]
                return [pairs_added(b, total, weights, part) for total, part in zip(totals, parts, strict=True)]

            totals = loop(b, pairs, [splat(_I32, ROWS, 0)] * positions, body)
            place = address(context, b, kinds[6], out, to)
            for number, total in enumerate(totals):
                stored(b, total, b.gep(place, [b.mul(apart, ir.Constant(_I64, number))]))
            return context.get_dummy_value()

        return signature, code

    return sums


wide_of_1, wide_of_2, wide_of_3, wide_of_6 = (_wide(positions) for positions in (1, 2, 3, 6))


def _power(b: _Builder, d: _Value) -> _Value:
    """`exp2n` of sixteen numbers of 64 bits, in 32."""
    kind = many(_I32, ROWS)
    part = b.trunc(b.and_(d, splat(_I64, ROWS, 65_535)), kind)
    value = splat(_I32, ROWS, POWERS[-1])
    for more in POWERS[-2::-1]:
        value = b.sub(splat(_I32, ROWS, more), b.lshr(b.mul(part, value), splat(_I32, ROWS, 16)))
    whole, most = b.lshr(d, splat(_I64, ROWS, 16)), splat(_I64, ROWS, 31)
    down = b.select(b.icmp_unsigned("<", whole, most), whole, most)
    return b.lshr(value, b.trunc(down, kind))


def _softened(
    _: Any, found: Any, at: Any, largest: Any, multiplier: Any, shift: Any, seen: Any, groups: Any, parts: Any, to: Any,
    apart: Any,
) -> Any:  # fmt: skip
    """The weights of groups of sixteen scores from found[at] on, below the largest, as numbers of 9 and 8 bits into
    parts[to] and `apart` behind it; those from `seen` on get none. Their sum."""
    whole = types.intp
    signature = types.int64(
        found, whole, types.int32, types.int64, types.int64, whole, whole, parts, whole, whole
    )  # fmt: skip

    def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
        found, at, largest, multiplier, shift, seen, groups, parts, to, apart = values
        kinds, kind = signature.args, many(_I64, ROWS)
        found = address(context, b, kinds[0], found, at)
        high = address(context, b, kinds[7], parts, to)
        low = b.gep(high, [apart])
        most, times, down = (spread(b, item, ROWS) for item in (largest, multiplier, shift))
        own = spread(b, seen, ROWS)
        order = ir.Constant(kind, [ir.Constant(_I64, place) for place in range(ROWS)])

        def body(number: _Value, totals: list[_Value]) -> list[_Value]:
            first = b.shl(number, ir.Constant(_I64, 4))
            below = b.zext(b.sub(most, load(b, found, first, many(_I32, ROWS), 4)), kind)
            power = _power(b, b.lshr(b.mul(below, times), down))
            is_seen = b.icmp_signed("<", b.add(spread(b, first, ROWS), order), own)
            weight = b.select(is_seen, power, splat(_I32, ROWS, 0))
            sides = b.lshr(weight, splat(_I32, ROWS, 8)), b.and_(weight, splat(_I32, ROWS, 255))
            for side, place in zip(sides, (high, low), strict=True):
                stored(b, b.trunc(side, many(_I16, ROWS)), b.gep(place, [first]))
            return [b.add(totals[0], b.zext(weight, kind))]

        (total,) = loop(b, groups, [splat(_I64, ROWS, 0)], body)
        for half in (8, 4, 2, 1):
            total = b.add(*(pick(b, total, list(range(start, start + half))) for start in (0, half)))
        return b.extract_element(total, ir.Constant(_I32, 0))

    return signature, code


softened: Any = intrinsic(_softened)
