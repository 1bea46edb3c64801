"""The permutation of Keccak over several messages in lock-step, as LLVM's own vectors.

Eight states stay in registers for all rounds where a register holds eight words (AVX-512); LLVM splits them elsewhere.
A ninth may go beside them in whole numbers: the units that add and turn those have nothing else to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = [
    "HASH", "LANES", "RATE", "VECTOR", "WIDTH", "Table", "apart", "data_of", "digested", "filled", "looped", "permuted",
]  # fmt: skip

ROUNDS, SIDE, WIDTH = 24, 5, 8
LANES = SIDE * SIDE
RATE, HASH = 17, 4  # words
_LINE = 64  # bytes of a line of a cache, as of a vector
_I32, _I64 = ir.IntType(32), ir.IntType(64)
VECTOR = ir.VectorType(_I64, WIDTH)
Table: TypeAlias = list[tuple[int, int]]  # of each lane how far it turns, and where it goes
_Builder: TypeAlias = Any  # llvmlite has no types of its own
_Value: TypeAlias = Any
_State: TypeAlias = list[Any]  # 25 lanes, of vectors or of words


def filled(kind: Any, value: int) -> Any:
    """The word, or as many of them as a vector holds."""
    return ir.Constant(kind, [ir.Constant(_I64, value)] * WIDTH if kind == VECTOR else value)


def _like(b: _Builder, kind: Any, value: _Value) -> _Value:
    if kind != VECTOR:
        return value
    one = b.insert_element(ir.Constant(VECTOR, ir.Undefined), value, ir.Constant(_I32, 0))
    return b.shuffle_vector(one, one, ir.Constant(ir.VectorType(_I32, WIDTH), [ir.Constant(_I32, 0)] * WIDTH))


def _turned(b: _Builder, value: _Value, bits: int) -> _Value:
    if not bits:
        return value
    return b.or_(b.shl(value, filled(value.type, bits)), b.lshr(value, filled(value.type, 64 - bits)))


def _together(b: _Builder, first: _Value, *more: _Value) -> _Value:
    for item in more:
        first = b.xor(first, item)
    return first


def _parities(b: _Builder, a: _State) -> list[_Value]:
    c = [_together(b, *a[x::SIDE]) for x in range(SIDE)]
    return [b.xor(c[(x + 4) % SIDE], _turned(b, c[(x + 1) % SIDE], 1)) for x in range(SIDE)]


def _row(b: _Builder, a: _State, d: list[_Value], sources: Table) -> list[_Value]:
    moved = [_turned(b, b.xor(a[lane], d[lane % SIDE]), bits) for lane, bits in sources]
    return [b.xor(moved[x], b.and_(b.not_(moved[(x + 1) % SIDE]), moved[(x + 2) % SIDE])) for x in range(SIDE)]


def _round(b: _Builder, states: list[_State], constant: _Value, table: Table) -> list[_State]:
    sources = {target: (lane, bits) for lane, (bits, target) in enumerate(table)}
    parities = [_parities(b, state) for state in states]
    found: list[_State] = [[] for _ in states]
    # Few units turn vectors, and others whole numbers: row by row, all of them have work at any time.
    for row in range(0, LANES, SIDE):
        for a, d, out in zip(states, parities, found, strict=True):
            out.extend(_row(b, a, d, [sources[row + x] for x in range(SIDE)]))
    for out in found:
        out[0] = b.xor(out[0], _like(b, out[0].type, constant))
    return found


def _loop(b: _Builder, states: list[_State], constants: _Value, table: Table, first: int, end: int) -> list[_State]:
    before, inside, behind = b.block, b.append_basic_block("round"), b.append_basic_block("behind")
    b.branch(inside)
    b.position_at_end(inside)
    number = b.phi(_I64)
    lanes = [[b.phi(item.type) for item in state] for state in states]
    changed = _round(b, lanes, b.load(b.gep(constants, [number])), table)
    following = b.add(number, ir.Constant(_I64, 1))
    for phis, earlier, later in zip(
        [[number], *lanes], [[ir.Constant(_I64, first)], *states], [[following], *changed], strict=True
    ):
        for phi, value, other in zip(phis, earlier, later, strict=True):
            phi.add_incoming(value, before)
            phi.add_incoming(other, inside)
    b.cbranch(b.icmp_signed("<", following, ir.Constant(_I64, end)), inside, behind)
    b.position_at_end(behind)
    return changed


def looped(b: _Builder, lanes: _State, constants: _Value, table: Table) -> _State:
    """The state after all rounds."""
    (found,) = _loop(b, [lanes], constants, table, 0, ROUNDS)
    return found


def digested(b: _Builder, messages: list[list[_Value]], constants: _Value, table: Table) -> list[list[_Value]]:
    """The four words of the hashes of messages of one block, whose words are of vectors or alone."""
    states = []
    for words in messages:
        kind = words[0].type
        state = [*words, filled(kind, 1), *[filled(kind, 0)] * (LANES - len(words) - 1)]
        state[RATE - 1] = filled(kind, 1 << 63 | (len(words) == RATE - 1))
        states.append(state)
    # The first round has mostly lanes that are known, and of the last one most are not wanted: LLVM leaves those out.
    first, last = (b.load(b.gep(constants, [ir.Constant(_I64, number)])) for number in (0, ROUNDS - 1))
    states = _loop(b, _round(b, states, first, table), constants, table, 1, ROUNDS - 1)
    return [state[:HASH] for state in _round(b, states, last, table)]


def data_of(context: Any, b: _Builder, kinds: Any, values: Any, *places: int) -> list[_Value]:
    """Where the arrays begin that stand at some places among a function's arguments."""
    return [context.make_array(kinds[place])(context, b, values[place]).data for place in places]


def apart(b: _Builder, name: str, values: list[_Value], body: Callable[[_Builder, list[_Value]], None]) -> None:
    """`body` of these values as a function of its own, whose stack begins where a line does. Elsewhere the vectors that
    wait there would lie across two lines, as they did in half of all processes, which took a seventh more time."""
    own = b.module.globals.get(name)
    if own is None:
        own = ir.Function(b.module, ir.FunctionType(ir.VoidType(), [value.type for value in values]), name)
        own.linkage = "internal"
        own.attributes.add("noinline")
        own.attributes.alignstack = _LINE
        inside = ir.IRBuilder(own.append_basic_block())
        body(inside, list(own.args))
        inside.ret_void()
    b.call(own, values)


def permuted(table: Table) -> Any:
    """What permutes a state of 25 lanes of eight words in place, with its rounds' constants."""

    def in_place(b: _Builder, values: list[_Value]) -> None:
        data, constants = values
        places = [
            b.bitcast(b.gep(data, [ir.Constant(_I64, WIDTH * lane)]), VECTOR.as_pointer()) for lane in range(LANES)
        ]
        lanes = [b.load(place) for place in places]
        for item in lanes:
            item.align = 8
        for item, place in zip(looped(b, lanes, constants, table), places, strict=True):
            b.store(item, place).align = 8

    @intrinsic
    def permute(_: Any, state: Any, iota: Any) -> Any:
        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            apart(b, "keccak_of_states", data_of(context, b, signature.args, values, 0, 1), in_place)
            return context.get_dummy_value()

        return types.void(state, iota), code

    return permute
