"""Arguments that hold others: byte strings, texts, arrays and structs.

They are drawn from the same fields as one number (`evmstorm.fuzz.values`): `mode` gives the length, each bit of `pick`
says whether a part is drawn or the plainest there is, and `value` what is drawn. Smaller fields give shorter lists of
plainer parts, so that a counterexample shrinks inside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ethwire.errors import UsageError
from evmstorm.fuzz.values import Value, mixed

if TYPE_CHECKING:
    from evmstorm.fuzz.system import System

__all__ = ["Array", "Bytes", "Struct", "Text"]

BYTE = 8
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789 _-äß漢"
AROUND = 4  # modes that draw a short length; the next ones a bound, one less, and any


def _length(mode: int, value: int, most: int) -> int:
    """From nothing on, with the bounds and what lies beside them now and then."""
    match mode % (2 * AROUND):
        case small if small < AROUND:
            return min(small, most)
        case 4:
            return most
        case 5:
            return max(most - 1, 0)
        case 6:
            return min(32, most)  # a word
    return value % (most + 1)


def _parts(pick: int, value: int, count: int) -> Iterator[tuple[int, int, int]]:
    """Fields for each part, drawn of `value`; zeros for those whose bit of `pick` is not set."""
    for place in range(count):
        yield mixed(0, 0, value, place + 1) if pick >> place % BYTE & 1 else (0, 0, 0)


class Bytes(Value):
    """A byte string of at most `most` bytes, or of `size` bytes exactly (`bytes4`)."""

    def __init__(self, most: int = 64, *, size: int | None = None) -> None:
        self._most, self._size = most, size
        self.kinds = ("bytes",) if size is None else (f"bytes{size}",)

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> bytes:
        size = _length(mode, value, self._most) if self._size is None else self._size
        return bytes(part[2] & 0xFF for part in _parts(pick, value, size))

    def fits(self, abi_type: str) -> bool:
        return abi_type == self.kinds[0]


class Text(Value):
    """A text of at most `most` bytes, letters of more than one byte among them."""

    kinds = ("string",)

    def __init__(self, most: int = 32) -> None:
        self._most = most

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> str:
        letters = [ALPHABET[part[2] % len(ALPHABET)] for part in _parts(pick, value, _length(mode, value, self._most))]
        text = ""
        for letter in letters:
            if len((text + letter).encode()) > self._most:
                break
            text += letter
        return text


class Array(Value):
    """At most `most` of another generator's values, or `size` of them exactly (`uint256[3]`)."""

    def __init__(self, of: Value, most: int = 8, *, size: int | None = None) -> None:
        self._of, self._most, self._size = of, most, size

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> list[Any]:
        count = _length(mode, value, self._most) if self._size is None else self._size
        return [self._of.draw(system, who, *part) for part in _parts(pick, value, count)]

    def fits(self, abi_type: str) -> bool:
        part, bracket, size = abi_type.rpartition("[")
        wanted = "]" if self._size is None else f"{self._size}]"
        return bool(bracket) and size == wanted and self._of.fits(part)


class Struct(Value):
    """One value of each generator, in the order of the struct's fields."""

    def __init__(self, *fields: Value) -> None:
        if not fields:
            raise UsageError("a Struct needs a generator for each of its fields")
        self._fields = fields

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> tuple[Any, ...]:
        parts = _parts(pick, value, len(self._fields))
        return tuple(field.draw(system, who, *part) for field, part in zip(self._fields, parts, strict=True))

    def fits(self, abi_type: str) -> bool:
        if not (abi_type.startswith("(") and abi_type.endswith(")")):
            return False
        types = list(_split(abi_type[1:-1]))
        fields = zip(self._fields, types, strict=False)
        return len(types) == len(self._fields) and all(field.fits(kind) for field, kind in fields)


def _split(types: str) -> Iterator[str]:
    """The types of a tuple, tuples inside it whole."""
    depth, start = 0, 0
    for place, letter in enumerate(types):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            yield types[start:place]
            start = place + 1
    yield types[start:]
