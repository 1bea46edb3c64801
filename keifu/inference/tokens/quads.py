"""Products of bytes: sixteen rows of weights side by side, four lanes of each, with one or some positions.

An activation of 14 bits is two bytes, x = 128 · high + low, both from −64 to 64, and weights are bytes without a sign:
no sum of four products is lost in any form that a processor has for it. Where it has one instruction for that
(`vpdpbusd`), this takes it; where it has two (AVX2), those; else LLVM makes what it can of the plain sums. All give the
same bits.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from keifu._moves import address
from keifu._prefetch import prefetch
from keifu.inference.tokens.lanes import (
    ROWS,
    load,
    loop,
    many,
    pair,
    pairs_added,
    pick,
    splat,
    spread,
    stored,
)

__all__ = ["SOME", "STEP", "UNIT_4", "UNIT_8", "blocks_of_4", "blocks_of_8", "bytes_of", "features_of"]

SOME = 4  # positions of one call for several
BLOCK, QUAD = 32, 4
VECTOR = ROWS * QUAD  # bytes
STEP = 16  # lanes of one step over rows without scales
# Bytes of two blocks of sixteen rows, with their scales behind them.
UNIT_4, UNIT_8 = BLOCK * ROWS + 4 * 2 * ROWS, 2 * BLOCK * ROWS + 2 * 2 * ROWS
AHEAD = 2_048  # bytes that are asked of memory before their turn
LOW_BITS, HIGH_BITS = 7, 10  # of an activation's low part, and of a sum's
_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_Builder: TypeAlias = Any  # llvmlite has no types of its own
_Value: TypeAlias = Any


def _at(number: int) -> _Value:
    return ir.Constant(_I64, number)


def features_of(context: Any) -> set[str]:
    """What the processor that is compiled for has, as LLVM names it."""
    return set(str(context.codegen()._tm_features).split(","))


class _Dot:
    """Adds to sixteen sums of 32 bits four products each, as this processor does it best."""

    def __init__(self, context: Any, b: _Builder) -> None:
        self._b = b
        features = features_of(context)
        self._has_one = {"+avx512vnni", "+avx512f", "+avx512bw"} <= features
        self._has_two = "+avx2" in features

    def __call__(self, total: _Value, weights: _Value, x: _Value) -> _Value:
        if self._has_one:
            return self._called("llvm.x86.avx512.vpdpbusd.512", total, self._b.bitcast(weights, total.type), x)
        lanes = self._b.bitcast(x, many(_I8, VECTOR))
        return self._b.add(total, self._in_two(weights, lanes) if self._has_two else self._plain(weights, lanes))

    def _called(self, name: str, first: _Value, *more: _Value) -> _Value:
        b, kind = self._b, ir.FunctionType(first.type, [first.type, *(item.type for item in more)])
        return b.call(b.module.declare_intrinsic(name, (), kind), [first, *more])

    def _in_two(self, weights: _Value, x: _Value) -> _Value:
        b, half = self._b, VECTOR // 2
        found = []
        for start in (0, half):
            part = list(range(start, start + half))
            sides = [pick(b, side, part) for side in (weights, x)]
            kind = ir.FunctionType(many(_I16, half // 2), [side.type for side in sides])
            pairs = b.call(b.module.declare_intrinsic("llvm.x86.avx2.pmadd.ub.sw", (), kind), sides)
            kind = ir.FunctionType(many(_I32, half // 4), [pairs.type, pairs.type])
            ones = splat(_I16, half // 2, 1)
            found.append(b.call(b.module.declare_intrinsic("llvm.x86.avx2.pmadd.wd", (), kind), [pairs, ones]))
        return b.shuffle_vector(*found, ir.Constant(many(_I32, ROWS), list(range(ROWS))))

    def _plain(self, weights: _Value, x: _Value) -> _Value:
        b = self._b
        products = b.mul(b.zext(weights, many(_I32, VECTOR)), b.sext(x, many(_I32, VECTOR)))
        pairs = b.add(*(pick(b, products, list(range(side, VECTOR, 2))) for side in (0, 1)))
        return b.add(*(pick(b, pairs, list(range(side, VECTOR // 2, 2))) for side in (0, 1)))


def _vectors(b: _Builder, weights: _Value, at: _Value, is_small: bool) -> list[_Value]:
    """64 bytes of weights, or what two halves of them are."""
    place = b.gep(weights, [at])
    prefetch(b, b.gep(place, [_at(AHEAD)]), near=True)
    both = load(b, place, _at(0), many(_I8, VECTOR), 1)
    if not is_small:
        return [both]
    return [b.and_(both, splat(_I8, VECTOR, 15)), b.lshr(both, splat(_I8, VECTOR, 4))]


def _sides(b: _Builder, vector: _Value) -> tuple[_Value, _Value]:
    """The even and the odd ones of sixteen numbers of 32 bits, as 64."""
    wide, half = b.bitcast(vector, many(_I64, ROWS // 2)), splat(_I64, ROWS // 2, 32)
    return b.ashr(b.shl(wide, half), half), b.ashr(wide, half)


def _bytes(positions: int) -> Any:
    """Sums of rows without scales."""

    @intrinsic
    def sums(_: Any, weights: Any, at: Any, high: Any, low: Any, start: Any, stride: Any, steps: Any, out: Any) -> Any:
        """int32 of `positions` × 16 rows into out, over steps of lanes."""
        whole = types.intp
        signature = types.void(weights, whole, high, low, whole, whole, whole, out)

        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            w, at, high, low, start, stride, steps, out = values
            kinds, dot = signature.args, _Dot(context, b)
            w = address(context, b, kinds[0], w, at)
            sides = [address(context, b, kinds[n], item, start) for n, item in ((2, high), (3, low))]
            lanes = [b.gep(side, [b.mul(stride, _at(place))]) for place in range(positions) for side in sides]

            def body(number: _Value, totals: list[_Value]) -> list[_Value]:
                for quad in range(STEP // QUAD):
                    place = b.add(b.mul(number, _at(STEP * ROWS)), _at(VECTOR * quad))
                    (weights,) = _vectors(b, w, place, False)
                    lane = b.add(b.mul(number, _at(STEP)), _at(QUAD * quad))
                    totals = [
                        dot(total, weights, spread(b, load(b, x, lane, _I32, 1), ROWS))
                        for total, x in zip(totals, lanes, strict=True)
                    ]
                return totals

            totals = loop(b, steps, [splat(_I32, ROWS, 0)] * len(lanes), body)
            place = address(context, b, kinds[7], out, _at(0))
            for number in range(positions):
                total = b.add(b.shl(totals[2 * number], splat(_I32, ROWS, LOW_BITS)), totals[2 * number + 1])
                stored(b, total, b.gep(place, [_at(number * ROWS)]))
            return context.get_dummy_value()

        return signature, code

    return sums


bytes_of = _bytes(1), _bytes(SOME)


class _Blocks:
    """Sums of two blocks after the other, of some positions. `totals` are even rows, odd rows, and with 4 bits two
    sums of what the second scale gives, for each position."""

    def __init__(self, context: Any, b: _Builder, is_small: bool, w: _Value) -> None:
        self.b, self.is_small, self.w, self.dot = b, is_small, w, _Dot(context, b)
        self.unit = UNIT_4 if is_small else UNIT_8
        self.each = 4 if is_small else 2

    def inner(self, at: _Value, lane: _Value, starts: list[_Value], lanes: list[_Value]) -> list[_Value]:
        """Of one block at its bytes, from a lane on, without scales. `lanes` are high and low parts in turn."""
        b, totals, place = self.b, list(starts), 0
        for vector in range(BLOCK // QUAD // (2 if self.is_small else 1)):
            for weights in _vectors(b, self.w, b.add(at, _at(VECTOR * vector)), self.is_small):
                lane_here = b.add(lane, _at(place))
                totals = [
                    self.dot(total, weights, spread(b, load(b, x, lane_here, _I32, 1), ROWS))
                    for total, x in zip(totals, lanes, strict=True)
                ]
                place += QUAD
        return [
            b.add(b.shl(high, splat(_I32, ROWS, LOW_BITS)), low)
            for high, low in zip(totals[::2], totals[1::2], strict=True)
        ]

    def scaled(self, place: _Value, found: list[_Value], totals: list[_Value]) -> None:
        b = self.b
        scales = _sides(b, b.sext(load(b, self.w, place, many(_I16, ROWS), 2), many(_I32, ROWS)))
        for number, inner in enumerate(found):
            for side, (part, scale) in enumerate(zip(_sides(b, inner), scales, strict=True)):
                totals[self.each * number + side] = b.add(totals[self.each * number + side], b.mul(part, scale))

    def shifted(self, place: _Value, sums: list[_Value], totals: list[_Value]) -> None:
        """What the second scales give: `sums` are high and low parts of two blocks' lanes, for each position."""
        b = self.b
        more = b.sext(load(b, self.w, place, many(_I16, 2 * ROWS), 2), many(_I32, 2 * ROWS))
        for number, item in enumerate(sums):
            place = self.each * (number // 2) + 2 + number % 2
            totals[place] = pairs_added(b, totals[place], more, pair(b, item))

    def whole(self, totals: list[_Value]) -> _Value:
        """Sixteen rows of one position."""
        b, sides = self.b, totals[:2]
        if self.is_small:
            high, low = (_sides(b, item) for item in totals[2:])
            up = splat(_I64, ROWS // 2, HIGH_BITS)
            sides = [
                b.add(total, b.add(b.shl(a, up), c)) for total, a, c in zip(sides, high, low, strict=True)
            ]  # fmt: skip
        order = [place // 2 + place % 2 * (ROWS // 2) for place in range(ROWS)]
        return b.shuffle_vector(*sides, ir.Constant(many(_I32, ROWS), order))


def _blocks(bits: int, positions: int) -> Any:
    """Sums of blocks with scales, 16 rows."""
    is_small = bits == 4  # noqa: PLR2004 - a format's

    @intrinsic
    def sums(
        _: Any, weights: Any, at: Any, high: Any, low: Any, start: Any, stride: Any, blocks: Any, block: Any,
        units: Any, out: Any,
    ) -> Any:  # fmt: skip
        """int64 of `positions` × 16 rows into out, over so many times two blocks. `blocks` are int32 of each position's
        blocks: sums of their lanes, with 4 bits as two parts of 16 bits, one row of them after the other."""
        whole = types.intp
        signature = types.void(weights, whole, high, low, whole, whole, blocks, whole, whole, out)

        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            w, at, high, low, start, stride, blocks, block, units, out = values
            kinds = signature.args
            w = address(context, b, kinds[0], w, at)
            work = _Blocks(context, b, is_small, w)
            sides = [address(context, b, kinds[n], item, start) for n, item in ((2, high), (3, low))]
            lanes = [b.gep(side, [b.mul(stride, _at(place))]) for place in range(positions) for side in sides]
            each = b.sdiv(stride, _at(BLOCK))
            sums = address(context, b, kinds[6], blocks, block)
            rows = [b.gep(sums, [b.mul(each, _at(place))]) for place in range(positions)]

            def body(number: _Value, states: list[_Value]) -> list[_Value]:
                totals, unit = list(states), b.mul(number, _at(work.unit))
                scales = BLOCK * ROWS * (1 if is_small else 2)
                for half in (0, 1):
                    lane = b.add(b.mul(number, _at(2 * BLOCK)), _at(BLOCK * half))
                    starts = [splat(_I32, ROWS, 0)] * (2 * positions)
                    if not is_small:
                        place = b.add(b.mul(number, _at(2)), _at(half))
                        starts[::2] = [spread(b, load(b, row, place, _I32, 4), ROWS) for row in rows]
                    found = work.inner(b.add(unit, _at(scales // 2 * half)), lane, starts, lanes)
                    work.scaled(b.add(unit, _at(scales + 2 * ROWS * half)), found, totals)
                if is_small:
                    place = b.mul(number, _at(2))
                    parts = [
                        load(b, row, b.add(place, _at(side)), _I32, 4) for row in rows for side in (0, 1)
                    ]  # fmt: skip
                    work.shifted(b.add(unit, _at(scales + 4 * ROWS)), parts, totals)
                return totals

            first = [splat(_I64, ROWS // 2, 0)] * 2 + [splat(_I32, ROWS, 0)] * (work.each - 2)
            totals = loop(b, units, first * positions, body)
            place = address(context, b, kinds[9], out, _at(0))
            for number in range(positions):
                total = work.whole(totals[work.each * number : work.each * (number + 1)])
                stored(b, total, b.gep(place, [_at(number * ROWS)]))
            return context.get_dummy_value()

        return signature, code

    return sums


# By how many bits a weight has, for one position and for several.
blocks_of_4, blocks_of_8 = (_blocks(4, 1), _blocks(4, SOME)), (_blocks(8, 1), _blocks(8, SOME))
