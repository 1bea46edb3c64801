"""ABI types: a type string such as `(address,uint256[2])[]` as a tree, parsed once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ethwire.errors import AbiError

__all__ = ["WORD", "AbiType", "parse"]

WORD = 32  # bytes
_PLAIN = re.compile(r"(u?int|bytes)([1-9][0-9]*)|address|bool|string|bytes", re.ASCII)
_ARRAY = re.compile(r"(.+)\[([1-9][0-9]*)?\]", re.ASCII)
_LARGEST = {"uint": 256, "int": 256, "bytes": WORD}


@dataclass(frozen=True)
class AbiType:
    """One type. `base` is uint, int, bool, address, bytes, string, fixed (bytes1 to bytes32), array or tuple."""

    text: str
    base: str
    size: int = 0  # bits of a number, bytes of fixed bytes, items of an array of fixed length
    members: tuple[AbiType, ...] = ()  # of a tuple; the one type of an array's items
    dynamic: bool = False  # stands in the tail, with an offset in the head
    words: int = 1  # in the head


@lru_cache(maxsize=4_096)
def parse(text: str) -> AbiType:
    """Raises AbiError when `text` is no ABI type in its canonical spelling."""
    if array := _ARRAY.fullmatch(text):
        item, size = parse(array[1]), int(array[2] or 0)
        dynamic = item.dynamic or not size
        return AbiType(text, "array", size, (item,), dynamic, 1 if dynamic else size * item.words)
    if text.startswith("(") and text.endswith(")"):
        members = tuple(map(parse, _split(text)))
        dynamic = any(member.dynamic for member in members)
        return AbiType(text, "tuple", 0, members, dynamic, 1 if dynamic else sum(member.words for member in members))
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        raise _unknown(text)
    if plain[1] is None:
        return AbiType(text, text, dynamic=text in ("bytes", "string"))
    base, size = plain[1], int(plain[2])
    if size > _LARGEST[base] or (base != "bytes" and size % 8):
        raise _unknown(text)
    return AbiType(text, "fixed" if base == "bytes" else base, size)


def _unknown(text: str) -> AbiError:
    return AbiError(f"{text!r} is no ABI type", remedy="spell it as selectors do: uint256, bytes32, (address,bool)[]")


def _split(text: str) -> list[str]:
    """Member types of a tuple, nested ones whole."""
    parts, depth, start = [], 0, 1
    for at, char in enumerate(text[1:-1], 1):
        depth += (char == "(") - (char == ")")
        if depth < 0:
            raise _unknown(text)
        if char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:-1]]
