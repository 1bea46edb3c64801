"""Arguments of a call as the contract took them, however its sender wrote them down.

A contract in Vyper reads zeros behind the end of its data, follows any offset, and looks at no padding. A strict
decoder refuses such data, and who shows something could hide it from those who use one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keifu.errors import CheckFailed

__all__ = ["taken"]

WORD = 32
LONGEST = 4_096  # bytes of one argument: the game takes no more


class _Data:
    """Calldata behind the selector."""

    def __init__(self, data: bytes, selector: int) -> None:
        self._data, self._selector = data, selector

    def read(self, at: int, size: int) -> bytes:
        begin = at + self._selector
        return self._data[begin : begin + size].ljust(size, b"\0")

    def number(self, at: int) -> int:
        return int.from_bytes(self.read(at, WORD), "big")

    def words(self, at: int, count: int) -> tuple[bytes, ...]:
        if count * WORD > LONGEST:
            raise CheckFailed(f"a call with a list of {count} words", remedy="ask another node")
        return tuple(self.read(at + number * WORD, WORD) for number in range(count))

    def bytes_at(self, at: int) -> bytes:
        if (size := self.number(at)) > LONGEST:
            raise CheckFailed(f"a call with {size} bytes in one argument", remedy="ask another node")
        return self.read(at + WORD, size)


def taken(types: Sequence[str], data: bytes, *, selector: int, first: int) -> tuple[Any, ...]:
    """Numbers, lists of words, and bytes, behind `first` words; `data` is all that was sent."""
    call, at = _Data(data, selector), first * WORD
    found: list[Any] = []
    for kind in types:
        if kind == "bytes32[3]":
            found.append(call.words(at, 3))
            at += 3 * WORD
            continue
        value = call.number(at)
        if kind == "bytes32[]":
            found.append(call.words(value + WORD, call.number(value)))
        else:
            found.append(call.bytes_at(value) if kind == "bytes" else value)
        at += WORD
    return tuple(found)
