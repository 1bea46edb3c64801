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

__all__ = [
    "MANY",
    "ROWS",
    "blocks_of_4",
    "blocks_of_8",
    "rows_of_1",
    "rows_of_many",
    "wide_of_1",
    "wide_of_many",
]

ROWS = 16  # side by side
MANY = 6  # positions of one call of `rows_of_many`
BLOCK = 32
_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_Builder: TypeAlias = Any  # llvmlite has no types of its own
_Value: TypeAlias = Any


def _many(kind: Any, count: int) -> Any:
    return ir.VectorType(kind, count)


def _splat(kind: Any, count: int, value: int) -> Any:
    return ir.Constant(_many(kind, count), [ir.Constant(kind, value)] * count)


def _pick(b: _Builder, vector: _Value, places: list[int]) -> _Value:
    chosen = ir.Constant(_many(_I32, len(places)), [ir.Constant(_I32, place) for place in places])
    return b.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), chosen)


def _load(b: _Builder, base: _Value, at: _Value, kind: Any, align: int) -> _Value:
    found = b.load(b.bitcast(b.gep(base, [at]), kind.as_pointer()))
    found.align = align
    return found


def _spread(b: _Builder, value: _Value, count: int) -> _Value:
    empty = ir.Constant(_many(value.type, count), ir.Undefined)
    return _pick(b, b.insert_element(empty, value, ir.Constant(_I32, 0)), [0] * count)


def _pair(b: _Builder, x: _Value, at: _Value) -> _Value:
    """Two activations, spread: 32 lanes of 32 bits that came from 16."""
    both = _load(b, x, at, _I32, 2)
    return b.sext(b.bitcast(_spread(b, both, ROWS), _many(_I16, 2 * ROWS)), _many(_I32, 2 * ROWS))


def _added(b: _Builder, total: _Value, weights: _Value, pair: _Value) -> _Value:
    """Sixteen sums, each with two products more."""
    products = b.mul(weights, pair)
    evens, odds = (_pick(b, products, list(range(start, 2 * ROWS, 2))) for start in (0, 1))
    return b.add(total, b.add(evens, odds))


def _loop(b: _Builder, count: _Value, states: list[Any], body: Callable[[_Value, list[_Value]], list[_Value]]) -> Any:
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


def _address(context: Any, b: _Builder, kind: Any, array: _Value, at: _Value) -> _Value:
    return b.gep(context.make_array(kind)(context, b, array).data, [at])


def _rows(positions: int, kind: Any = _I8) -> Any:
    @intrinsic
    def sums(_: Any, weights: Any, at: Any, x: Any, start: Any, stride: Any, pairs: Any, out: Any) -> Any:
        """int32 of `positions` × 16 rows into out, over pairs of lanes from weights[at] and x[start] on; `stride` lies
        between two positions."""
        whole = types.intp
        signature = types.void(weights, whole, x, whole, whole, whole, out)

        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            w, at, x, start, stride, pairs, out = values
            kinds = signature.args
            w = _address(context, b, kinds[0], w, at)
            x = _address(context, b, kinds[2], x, start)
            rows = [b.gep(x, [b.mul(stride, ir.Constant(_I64, place))]) for place in range(positions)]

            def body(number: _Value, totals: list[_Value]) -> list[_Value]:
                narrow = _load(b, w, b.mul(number, ir.Constant(_I64, 2 * ROWS)), _many(kind, 2 * ROWS), kind.width // 8)
                weights = b.sext(narrow, _many(_I32, 2 * ROWS))
                lane = b.shl(number, ir.Constant(_I64, 1))
                return [_added(b, total, weights, _pair(b, row, lane)) for total, row in zip(totals, rows, strict=True)]

            totals = _loop(b, pairs, [_splat(_I32, ROWS, 0)] * positions, body)
            place = _address(context, b, kinds[6], out, ir.Constant(_I64, 0))
            for number, total in enumerate(totals):
                to = b.gep(place, [ir.Constant(_I64, number * ROWS)])
                b.store(total, b.bitcast(to, total.type.as_pointer())).align = 4
            return context.get_dummy_value()

        return signature, code

    return sums


rows_of_1, rows_of_many = _rows(1), _rows(MANY)
# The same over 16 bits, for keys and values.
wide_of_1, wide_of_many = _rows(1, _I16), _rows(MANY, _I16)


def _blocks(bits: int) -> Any:
    """Sums of blocks with scales: 16 rows, one position."""

    @intrinsic
    def sums(_: Any, weights: Any, at: Any, scales: Any, scale: Any, x: Any, totals: Any, blocks: Any, out: Any) -> Any:
        """int64 of 16 rows into out. `totals` are the sums of each block's lanes; `scales` hold sixteen D of a block,
        with 4 bits sixteen m behind them."""
        whole = types.intp
        signature = types.void(weights, whole, scales, whole, x, totals, whole, out)

        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            w, at, scales, scale, x, totals, blocks, out = values
            kinds, zero = signature.args, ir.Constant(_I64, 0)
            w = _address(context, b, kinds[0], w, at)
            scales = _address(context, b, kinds[2], scales, scale)
            x, totals, out = (
                _address(context, b, kinds[n], item, zero) for n, item in ((4, x), (5, totals), (7, out))
            )  # fmt: skip
            kind, each = _many(_I64, ROWS), ROWS * (2 if bits == 4 else 1)  # noqa: PLR2004 - a format's

            def scaled(number: _Value, offset: int) -> _Value:
                place = b.add(b.mul(number, ir.Constant(_I64, each)), ir.Constant(_I64, offset))
                return b.sext(_load(b, scales, place, _many(_I16, ROWS), 2), kind)

            def body(number: _Value, found: list[_Value]) -> list[_Value]:
                inner = _block_of_4(b, w, x, number) if each > ROWS else _block_of_8(b, w, x, number)
                total = b.add(found[0], b.mul(b.sext(inner, kind), scaled(number, 0)))
                if each > ROWS:
                    lanes = _spread(b, b.sext(b.load(b.gep(totals, [number])), _I64), ROWS)
                    total = b.add(total, b.mul(lanes, scaled(number, ROWS)))
                return [total]

            (total,) = _loop(b, blocks, [_splat(_I64, ROWS, 0)], body)
            b.store(total, b.bitcast(out, kind.as_pointer())).align = 8
            return context.get_dummy_value()

        return signature, code

    return sums


def _lane(b: _Builder, number: _Value, offset: int) -> _Value:
    return b.add(b.mul(number, ir.Constant(_I64, BLOCK)), ir.Constant(_I64, offset))


def _block_of_8(b: _Builder, w: _Value, x: _Value, number: _Value) -> _Value:
    total = _splat(_I32, ROWS, 0)
    for pair in range(BLOCK // 2):
        place = b.add(b.mul(number, ir.Constant(_I64, BLOCK * ROWS)), ir.Constant(_I64, 2 * ROWS * pair))
        weights = b.sext(_load(b, w, place, _many(_I8, 2 * ROWS), 1), _many(_I32, 2 * ROWS))
        total = _added(b, total, weights, _pair(b, x, _lane(b, number, 2 * pair)))
    return total


def _block_of_4(b: _Builder, w: _Value, x: _Value, number: _Value) -> _Value:
    """A byte's low bits are of one pair of lanes, its high bits of the next."""
    total = _splat(_I32, ROWS, 0)
    for two in range(BLOCK // 4):
        place = b.add(b.mul(number, ir.Constant(_I64, BLOCK * ROWS // 2)), ir.Constant(_I64, 2 * ROWS * two))
        both = _load(b, w, place, _many(_I8, 2 * ROWS), 1)
        halves = b.and_(both, _splat(_I8, 2 * ROWS, 15)), b.lshr(both, _splat(_I8, 2 * ROWS, 4))
        for half, weights in enumerate(halves):
            pair = _pair(b, x, _lane(b, number, 4 * two + 2 * half))
            total = _added(b, total, b.zext(weights, _many(_I32, 2 * ROWS)), pair)
    return total


blocks_of_4, blocks_of_8 = _blocks(4), _blocks(8)
