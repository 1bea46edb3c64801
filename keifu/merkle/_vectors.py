"""The permutation of Keccak over eight messages in lock-step, as LLVM's own vectors.

The state stays in registers for all rounds where a register holds eight words (AVX-512); LLVM splits it elsewhere.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["permuted"]

ROUNDS, SIDE, WIDTH = 24, 5, 8
LANES = SIDE * SIDE
_I32, _I64 = ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_I64, WIDTH)
_Builder: TypeAlias = Any  # llvmlite has no types of its own
_Value: TypeAlias = Any


def _splat(b: _Builder, value: _Value) -> _Value:
    one = b.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(_I32, 0))
    return b.shuffle_vector(one, one, ir.Constant(ir.VectorType(_I32, WIDTH), [ir.Constant(_I32, 0)] * WIDTH))


def _turned(b: _Builder, value: _Value, bits: int) -> _Value:
    if not bits:
        return value
    up, down = (ir.Constant(_VECTOR, [ir.Constant(_I64, count)] * WIDTH) for count in (bits, 64 - bits))
    return b.or_(b.shl(value, up), b.lshr(value, down))


def _together(b: _Builder, first: _Value, *more: _Value) -> _Value:
    for item in more:
        first = b.xor(first, item)
    return first


def _round(b: _Builder, a: list[_Value], constant: _Value, table: list[tuple[int, int]]) -> list[_Value]:
    """`table` has of each lane how far it turns, and where it goes."""
    c = [_together(b, *a[x::SIDE]) for x in range(SIDE)]
    d = [b.xor(c[(x + 4) % SIDE], _turned(b, c[(x + 1) % SIDE], 1)) for x in range(SIDE)]
    moved = list(a)
    for lane, (bits, target) in enumerate(table):
        moved[target] = _turned(b, b.xor(a[lane], d[lane % SIDE]), bits)
    found = []
    for lane in range(LANES):
        row, x = lane - lane % SIDE, lane % SIDE
        found.append(b.xor(moved[lane], b.and_(b.not_(moved[row + (x + 1) % SIDE]), moved[row + (x + 2) % SIDE])))
    found[0] = b.xor(found[0], constant)
    return found


def _loop(b: _Builder, state: list[_Value], constants: _Value, table: list[tuple[int, int]]) -> list[_Value]:
    before, inside, behind = b.block, b.append_basic_block("round"), b.append_basic_block("behind")
    b.branch(inside)
    b.position_at_end(inside)
    number = b.phi(_I64)
    lanes = [b.phi(_VECTOR) for _ in range(LANES)]
    changed = _round(b, lanes, _splat(b, b.load(b.gep(constants, [number]))), table)
    following = b.add(number, ir.Constant(_I64, 1))
    for phi, first, later in zip([number, *lanes], [ir.Constant(_I64, 0), *state], [following, *changed], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, inside)
    b.cbranch(b.icmp_signed("<", following, ir.Constant(_I64, ROUNDS)), inside, behind)
    b.position_at_end(behind)
    return changed


def permuted(rotations: list[int], targets: list[int]) -> Any:
    """What permutes a state of 25 lanes of eight words in place, with its rounds' constants."""
    table = list(zip(rotations, targets, strict=True))

    @intrinsic
    def permute(_: Any, state: Any, iota: Any) -> Any:
        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            data, constants = (
                context.make_array(kind)(context, b, value).data
                for kind, value in zip(signature.args, values, strict=True)
            )
            places = [
                b.bitcast(b.gep(data, [ir.Constant(_I64, WIDTH * lane)]), _VECTOR.as_pointer())
                for lane in range(LANES)
            ]  # fmt: skip
            lanes = [b.load(place) for place in places]
            for item in lanes:
                item.align = 8
            for item, place in zip(_loop(b, lanes, constants, table), places, strict=True):
                b.store(item, place).align = 8
            return context.get_dummy_value()

        return types.void(state, iota), code

    return permute
