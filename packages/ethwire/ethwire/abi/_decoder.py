"""Strict ABI decoding, with the rules of eth-abi: every offset lies behind its head and inside the data, and padding is
zero (for a negative number: ones). Nothing is allocated that the data does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from ethwire.abi._types import WORD, AbiType, parse
from ethwire.errors import AbiError

__all__ = ["decode_args"]

# Offsets may lead to the same bytes more than once; nested, a few kilobytes would then make gigabytes of values.
MAX_READINGS = 16
_ADDRESS_PADDING = bytes(12)
_ADDRESS_START = len(_ADDRESS_PADDING)


class _Payload:
    """The data, and how much of it may still be read."""

    __slots__ = ("data", "left", "size", "what")

    def __init__(self, data: bytes, what: str) -> None:
        self.data = data
        self.size = len(data)
        self.left = MAX_READINGS * self.size
        self.what = what

    def refuse(self, why: str) -> AbiError:
        return AbiError(f"{self.what}: {why}, in {self.size} bytes of data")

    def take(self, at: int, size: int) -> bytes:
        end = at + size
        if end > self.size:
            raise self.refuse(f"{size} bytes expected at {at}")
        self.left -= size
        if self.left < 0:
            raise self.refuse("offsets lead to the same bytes again and again")
        return self.data[at:end]

    def number(self, at: int) -> int:
        return int.from_bytes(self.take(at, WORD), "big")

    def follow(self, frame: int, at: int, head: int) -> int:
        """Where the offset at `at` leads, counted from `frame`; it must lead behind the `head` bytes there."""
        offset = self.number(at)
        if offset < head or frame + offset >= self.size:
            raise self.refuse(f"the offset at {at} leads outside")
        return frame + offset


_Reader = Callable[[_Payload, int], Any]


def decode_args(types: Sequence[str], data: bytes, what: str = "data") -> tuple[Any, ...]:
    """The values in `data`; addresses lower-case, arrays and structs as tuples. Raises AbiError naming `what`."""
    values: tuple[Any, ...] = _arguments(tuple(types))(_Payload(bytes(data), what), 0)
    return values


@lru_cache(maxsize=1_024)
def _arguments(types: tuple[str, ...]) -> _Reader:
    return _sequence([parse(text) for text in types])


def _reader(kind: AbiType) -> _Reader:
    if kind.base == "tuple":
        return _sequence(kind.members)
    if kind.base == "array":
        return _array(kind)
    return _PLAIN[kind.base](kind)


def _sequence(kinds: Sequence[AbiType]) -> _Reader:
    """Arguments, and the members of a tuple."""
    head = WORD * sum(kind.words for kind in kinds)
    members, at = [], 0
    for kind in kinds:
        members.append((_reader(kind), at, kind.dynamic))
        at += WORD * kind.words

    def read(payload: _Payload, start: int) -> tuple[Any, ...]:
        return tuple(
            [
                one(payload, payload.follow(start, start + place, head) if dynamic else start + place)
                for one, place, dynamic in members
            ]
        )

    return read


def _array(kind: AbiType) -> _Reader:
    (item,) = kind.members
    one, step, size = _reader(item), WORD * item.words, kind.size

    def read(payload: _Payload, start: int) -> tuple[Any, ...]:
        count = size or payload.number(start)
        first = start if size else start + WORD
        head = count * step
        if first + head > payload.size:
            raise payload.refuse(f"{count} items of {kind.text} expected at {start}")
        places = range(first, first + head, step)
        if item.dynamic:
            return tuple([one(payload, payload.follow(first, at, head)) for at in places])
        return tuple([one(payload, at) for at in places])

    return read


def _uint(kind: AbiType) -> _Reader:
    limit = 1 << kind.size

    def read(payload: _Payload, at: int) -> int:
        value = payload.number(at)
        if value >= limit:
            raise payload.refuse(f"the number at {at} is no {kind.text}")
        return value

    return read


def _int(kind: AbiType) -> _Reader:
    limit = 1 << kind.size - 1

    def read(payload: _Payload, at: int) -> int:
        value = int.from_bytes(payload.take(at, WORD), "big", signed=True)
        if not -limit <= value < limit:
            raise payload.refuse(f"the number at {at} is no {kind.text}")
        return value

    return read


def _bool(_: AbiType) -> _Reader:
    def read(payload: _Payload, at: int) -> bool:
        value = payload.number(at)
        if value > 1:
            raise payload.refuse(f"the word at {at} is no bool")
        return value == 1

    return read


def _address(_: AbiType) -> _Reader:
    def read(payload: _Payload, at: int) -> str:
        found = payload.take(at, WORD)
        if found[:_ADDRESS_START] != _ADDRESS_PADDING:
            raise payload.refuse(f"the word at {at} is no address")
        return "0x" + found[_ADDRESS_START:].hex()

    return read


def _fixed_bytes(kind: AbiType) -> _Reader:
    size, padding = kind.size, bytes(WORD - kind.size)

    def read(payload: _Payload, at: int) -> bytes:
        found = payload.take(at, WORD)
        if found[size:] != padding:
            raise payload.refuse(f"the word at {at} is no {kind.text}")
        return found[:size]

    return read


def _bytes(_: AbiType) -> _Reader:
    def read(payload: _Payload, at: int) -> bytes:
        size = payload.number(at)
        found = payload.take(at + WORD, size + -size % WORD)
        if any(found[size:]):
            raise payload.refuse(f"the padding of the bytes at {at} is not zero")
        return found[:size]

    return read


def _string(kind: AbiType) -> _Reader:
    read_bytes = _bytes(kind)

    def read(payload: _Payload, at: int) -> str:
        data: bytes = read_bytes(payload, at)
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise payload.refuse(f"the string at {at} is no UTF-8") from error

    return read


_PLAIN: dict[str, Callable[[AbiType], _Reader]] = {
    "uint": _uint,
    "int": _int,
    "bool": _bool,
    "address": _address,
    "fixed": _fixed_bytes,
    "bytes": _bytes,
    "string": _string,
}
