"""Keccak-256 of nine messages of one block at once, read and written row by row.

Eight go through the permutation as vectors: rows become columns in registers and back, so nothing is gathered word by
word. The ninth goes beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from llvmlite import ir
from numba import types
from numba.core.cgutils import alloca_once_value
from numba.extending import intrinsic

from keifu.merkle._vectors import HASH, VECTOR, WIDTH, Table, data_of, digested

__all__ = ["AT_ONCE", "chunked", "paired"]

AT_ONCE = WIDTH + 1
_I32, _I64 = ir.IntType(32), ir.IntType(64)
_HALF, _EIGHT = ir.VectorType(_I64, HASH), ir.VectorType(_I32, WIDTH)
_CHUNK = 2 * WIDTH  # words
_Builder: TypeAlias = Any  # llvmlite has no types of its own
_Value: TypeAlias = Any

_kept_nearby: Any = alloca_once_value  # numba has no types of its own

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


def _load(b: _Builder, place: _Value, kind: Any) -> _Value:
    found = b.load(b.bitcast(place, kind.as_pointer()))
    found.align = 8
    return found


def _of(b: _Builder, places: list[_Value]) -> list[_Value]:
    """The hashes of all messages but the last."""
    return [_load(b, place, _HALF) for place in places[:WIDTH]]


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

    @intrinsic
    def chunks(_: Any, words: Any, places: Any, out: Any, first: Any, iota: Any) -> Any:  # noqa: ARG001 - typed by name
        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            data, where, to, constants = data_of(context, b, signature.args, values, 0, 1, 2, 4)
            *together, last = _places(b, where)
            vectors = []
            for half in (0, WIDTH):
                more = ir.Constant(_I64, half)
                vectors += _columns(b, [_load(b, b.gep(data, [b.add(place, more)]), VECTOR) for place in together])
            alone = _words(b, b.gep(data, [last]), _CHUNK)
            _write(b, digested(b, [vectors, alone], constants, table), to, values[3])
            return context.get_dummy_value()

        return types.void(words, places, out, types.intp, iota), code

    return chunks


def paired(table: Table) -> Any:
    """What hashes nine messages of two hashes, each of those from its place among words on, to rows of `out` from
    `first` on. Where both places are one, there is no right hash, and zeros stand for it."""

    @intrinsic
    def pairs(
        _: Any, words: Any, lefts: Any, rights: Any, out: Any, first: Any, iota: Any  # noqa: ARG001 - typed by name
    ) -> Any:  # fmt: skip
        def code(context: Any, b: _Builder, signature: Any, values: Any) -> Any:
            data, left, right, to, constants = data_of(context, b, signature.args, values, 0, 1, 2, 3, 5)
            nothing = b.bitcast(_kept_nearby(b, ir.Constant(_HALF, [ir.Constant(_I64, 0)] * HASH)), data.type)
            ones, others = [], []
            for here, there in zip(_places(b, left), _places(b, right), strict=True):
                ones.append(b.gep(data, [here]))
                others.append(b.select(b.icmp_signed("!=", here, there), b.gep(data, [there]), nothing))
            whole = list(range(WIDTH))
            both = [_mixed(b, halves, whole) for halves in zip(_of(b, ones), _of(b, others), strict=True)]
            alone = [*_words(b, ones[-1], HASH), *_words(b, others[-1], HASH)]
            vectors = _columns(b, both)
            _write(b, digested(b, [vectors, alone], constants, table), to, values[4])
            return context.get_dummy_value()

        return types.void(words, lefts, rights, out, types.intp, iota), code

    return pairs
