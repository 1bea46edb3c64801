"""Keccak-256 of nine messages of one block at once, read and written row by row.

Eight go through the permutation as vectors: rows become columns in registers and back, so nothing is gathered word by
word. The ninth goes beside them. Of longer messages eight go together, block by block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from keifu.merkle._vectors import HASH, LANES, RATE, VECTOR, WIDTH, Table, apart, data_of, digested, filled, looped

__all__ = ["AT_ONCE", "absorbed", "chunked", "in_a_row", "moved", "paired"]

AT_ONCE = WIDTH + 1
_I32, _I64 = ir.IntType(32), ir.IntType(64)
_EIGHT, _HASH = ir.VectorType(_I32, WIDTH), ir.VectorType(_I64, HASH)
_CHUNK = 2 * WIDTH  # words
_Builder: TypeAlias = Any  # llvmlite has no types of its own
_Value: TypeAlias = Any

# What of two vectors comes together: every second word, every second pair of words, halves.
_LOW, _HIGH = [0, 8, 2, 10, 4, 12, 6, 14], [1, 9, 3, 11, 5, 13, 7, 15]
_EVEN, _ODD = [0, 1, 4, 5, 8, 9, 12, 13], [2, 3, 6, 7, 10, 11, 14, 15]
_FIRST, _SECOND = [0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]


def _mixed(b: _Builder, both: Sequence[_Value], places: list[int]) -> _Value:
    left, right = both
    return b.shuffle_vector(left, right, ir.Constant(_EIGHT, [ir.Constant(_I32, place) for place in places]))


def _columns(b: _Builder, rows: list[_Value]) -> list[_Value]:
    """Of eight rows of eight words."""
    twos = [_mixed(b, rows[at : at + 2], kind) for at in range(0, WIDTH, 2) for kind in (_LOW, _HIGH)]
    fours = [
        [_mixed(b, twos[at : at + 3 : 2], kind) for at in (odd, odd + WIDTH // 2)]
        for odd in (0, 1)
        for kind in (_EVEN, _ODD)
    ]
    return [_mixed(b, fours[at], kind) for kind in (_EVEN, _ODD) for at in (0, 2, 1, 3)]


def _rows(b: _Builder, columns: list[_Value]) -> list[_Value]:
    """Of four columns: eight rows of four words, two in each vector."""
    twos = [_mixed(b, columns[at : at + 2], kind) for kind in (_LOW, _HIGH) for at in (0, 2)]
    halves = [[_mixed(b, twos[at : at + 2], kind) for at in (0, 2)] for kind in (_FIRST, _SECOND)]
    return [_mixed(b, half, kind) for half in halves for kind in (_EVEN, _ODD)]


def _load(b: _Builder, place: _Value, kind: Any, align: int = 8) -> _Value:
    found = b.load(b.bitcast(place, kind.as_pointer()))
    found.align = align
    return found


def _moved(_: Any, words: Any, at: Any, out: Any, to: Any) -> Any:  # noqa: ARG001 - typed by name
    """The hash at words[at] goes to out[to]."""

    def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
        data, target = data_of(context, b, signature.args, values, 0, 2)
        found = _load(b, b.gep(data, [values[1]]), _HASH)
        b.store(found, b.bitcast(b.gep(target, [values[3]]), _HASH.as_pointer())).align = 8
        return context.get_dummy_value()

    return types.void(words, types.intp, out, types.intp), code


moved: Any = intrinsic(_moved)


def _words(b: _Builder, place: _Value, count: int) -> list[_Value]:
    return [b.load(b.gep(place, [ir.Constant(_I64, word)])) for word in range(count)]


def _places(b: _Builder, places: _Value) -> list[_Value]:
    return [b.load(b.gep(places, [ir.Constant(_I64, number)])) for number in range(AT_ONCE)]


def _write(b: _Builder, found: list[list[_Value]], out: _Value, first: _Value) -> None:
    vectors, alone = found
    start = b.mul(first, ir.Constant(_I64, HASH))
    for number, two in enumerate(_rows(b, vectors)):
        place = b.gep(out, [b.add(start, ir.Constant(_I64, number * WIDTH))])
        b.store(two, b.bitcast(place, VECTOR.as_pointer())).align = 8
    for word, value in enumerate(alone):
        b.store(value, b.gep(out, [b.add(start, ir.Constant(_I64, WIDTH * HASH + word))]))


def chunked(table: Table) -> Any:
    """What hashes nine messages of 128 bytes, each from its place among words on, to rows of `out` from `first` on."""

    def hashed(b: _Builder, values: list[_Value]) -> None:
        data, where, to, first, constants = values
        *together, last = _places(b, where)
        vectors = []
        for half in (0, WIDTH):
            more = ir.Constant(_I64, half)
            vectors += _columns(b, [_load(b, b.gep(data, [b.add(place, more)]), VECTOR) for place in together])
        alone = _words(b, b.gep(data, [last]), _CHUNK)
        _write(b, digested(b, [vectors, alone], constants, table), to, first)

    @intrinsic
    def chunks(_: Any, words: Any, places: Any, out: Any, first: Any, iota: Any) -> Any:  # noqa: ARG001 - typed by name
        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            data, where, to, constants = data_of(context, b, signature.args, values, 0, 1, 2, 4)
            apart(b, "keccak_of_chunks", [data, where, to, values[3], constants], hashed)
            return context.get_dummy_value()

        return types.void(words, places, out, types.intp, iota), code

    return chunks


def _as_hashed(b: _Builder, words: _Value, bits: int) -> _Value:
    """Lanes of so many bits, in a vector or in a word: each with half its range added, the highest byte first."""
    kind, size = words.type, bits // 8
    raised = b.xor(words, filled(kind, int.from_bytes((b"\x80" + bytes(size - 1)) * (8 // size), "big")))
    count = 8 * (WIDTH if kind == VECTOR else 1)
    parts = b.bitcast(raised, ir.VectorType(ir.IntType(8), count))
    places = [ir.Constant(_I32, at - at % size + size - 1 - at % size) for at in range(count)]
    return b.bitcast(b.shuffle_vector(parts, parts, ir.Constant(ir.VectorType(_I32, count), places)), kind)


def in_a_row(table: Table, bits: int) -> Any:
    """What hashes nine messages of 128 bytes that stand in a row from word `place` on, as lanes of `bits` that are not
    written as they are hashed yet, to rows of `out` from `first` on."""

    def hashed(b: _Builder, values: list[_Value]) -> None:
        data, place, to, first, constants = values
        *together, last = (b.gep(data, [b.add(place, ir.Constant(_I64, at * _CHUNK))]) for at in range(AT_ONCE))
        vectors = []
        for half in (0, WIDTH):
            rows = [_load(b, b.gep(row, [ir.Constant(_I64, half)]), VECTOR) for row in together]
            vectors += _columns(b, [_as_hashed(b, row, bits) for row in rows])
        alone = [_as_hashed(b, word, bits) for word in _words(b, last, _CHUNK)]
        _write(b, digested(b, [vectors, alone], constants, table), to, first)

    @intrinsic
    def lanes(_: Any, words: Any, place: Any, out: Any, first: Any, iota: Any) -> Any:  # noqa: ARG001 - typed by name
        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            data, to, constants = data_of(context, b, signature.args, values, 0, 2, 4)
            apart(b, f"keccak_of_lanes_of_{bits}", [data, values[1], to, values[3], constants], hashed)
            return context.get_dummy_value()

        return types.void(words, types.intp, out, types.intp, iota), code

    return lanes


def paired(table: Table) -> Any:
    """What hashes nine messages of two hashes, which stand in a row from word `place` on, to rows of `out` from `first`
    on. Those may be the same array: all is read before."""

    def hashed(b: _Builder, values: list[_Value]) -> None:
        data, place, to, first, constants = values
        *together, last = (
            b.gep(data, [b.add(place, ir.Constant(_I64, number * WIDTH))]) for number in range(AT_ONCE)
        )  # fmt: skip
        vectors = _columns(b, [_load(b, row, VECTOR) for row in together])
        _write(b, digested(b, [vectors, _words(b, last, WIDTH)], constants, table), to, first)

    @intrinsic
    def pairs(_: Any, words: Any, place: Any, out: Any, first: Any, iota: Any) -> Any:  # noqa: ARG001 - typed by name
        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            data, to, constants = data_of(context, b, signature.args, values, 0, 2, 4)
            apart(b, "keccak_of_pairs", [data, values[1], to, values[3], constants], hashed)
            return context.get_dummy_value()

        return types.void(words, types.intp, out, types.intp, iota), code

    return pairs


def absorbed(table: Table) -> Any:
    """What takes one block of eight messages, each from its address on, into a state of 25 lanes of eight words."""

    def taken(b: _Builder, values: list[_Value]) -> None:
        data, where, constants = values
        kept = [b.bitcast(b.gep(data, [ir.Constant(_I64, WIDTH * lane)]), VECTOR.as_pointer()) for lane in range(LANES)]
        lanes = [_load(b, place, VECTOR) for place in kept]
        rows = [b.inttoptr(b.load(b.gep(where, [ir.Constant(_I64, at)])), _I64.as_pointer()) for at in range(WIDTH)]
        for first in range(0, RATE - 1, WIDTH):
            places = [b.gep(row, [ir.Constant(_I64, first)]) for row in rows]
            for at, column in enumerate(_columns(b, [_load(b, place, VECTOR, 1) for place in places]), first):
                lanes[at] = b.xor(lanes[at], column)
        last: Any = ir.Constant(VECTOR, ir.Undefined)
        for at, row in enumerate(rows):
            word = _load(b, b.gep(row, [ir.Constant(_I64, RATE - 1)]), _I64, 1)
            last = b.insert_element(last, word, ir.Constant(_I32, at))
        lanes[RATE - 1] = b.xor(lanes[RATE - 1], last)
        for lane, place in zip(looped(b, lanes, constants, table), kept, strict=True):
            b.store(lane, place).align = 8

    @intrinsic
    def absorb(_: Any, state: Any, places: Any, iota: Any) -> Any:
        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            apart(b, "keccak_of_eight", data_of(context, b, signature.args, values, 0, 1, 2), taken)
            return context.get_dummy_value()

        return types.void(state, places, iota), code

    return absorb
