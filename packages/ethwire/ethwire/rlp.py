"""RLP, the encoding of transactions, headers and state (Yellow Paper, appendix B): byte strings and lists of them.

Numbers are encoded as the shortest byte string. Decoding takes the one right encoding of a value and no other.
"""

from __future__ import annotations

from typing import Any

from ethwire.errors import AbiError, InputError

__all__ = ["decode", "encode", "list_of", "string"]

STRING, LIST = 0x80, 0xC0
SHORT = 55  # bytes: the longest payload whose length stands in the first byte
DEEPEST = 64  # lists within lists; nothing of Ethereum has more than a few


def encode(item: Any) -> bytes:
    """Of bytes, a number, or a list or tuple of such. Raises AbiError for anything else."""
    if isinstance(item, int) and item >= 0:
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if isinstance(item, (bytes, bytearray)):
        return string(bytes(item))
    if not isinstance(item, (list, tuple)):
        raise AbiError(f"RLP has no form for {item!r}", remedy="bytes, numbers from 0, and lists of them")
    return list_of(b"".join(map(encode, item)))


def string(content: bytes) -> bytes:
    """A byte string, for callers that encode many."""
    return content if len(content) == 1 and content[0] < STRING else _prefix(len(content), STRING) + content


def list_of(payload: bytes) -> bytes:
    """A list whose items, one after the other, are encoded already."""
    return _prefix(len(payload), LIST) + payload


def _prefix(size: int, kind: int) -> bytes:
    if size <= SHORT:
        return bytes((kind + size,))
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((kind + SHORT + len(digits),)) + digits


def decode(data: bytes) -> Any:
    """A byte string, or a list. Raises InputError when `data` is not the encoding of exactly one."""
    found, end = _item(data, 0, len(data), DEEPEST)
    if end != len(data):
        raise InputError(f"RLP: {len(data) - end} bytes behind its end")
    return found


def _item(data: bytes, at: int, end: int, depth: int) -> tuple[Any, int]:
    """The item at `at`, which ends at `end` or before, and where it ends."""
    if at >= end:
        raise InputError(f"RLP: ends at {at}, where an item is expected")
    first = data[at]
    if first < STRING:
        return data[at : at + 1], at + 1
    kind = LIST if first >= LIST else STRING
    size, start = _size(data, at, end, kind)
    stop = start + size
    if stop > end:
        raise InputError(f"RLP: the item at {at} is longer than what holds it")
    if kind == LIST:
        return _list(data, start, stop, depth - 1), stop
    if size == 1 and data[start] < STRING:
        raise InputError(f"RLP: the byte at {start} needs no prefix")
    return data[start:stop], stop


def _size(data: bytes, at: int, end: int, kind: int) -> tuple[int, int]:
    """Of the payload of the item at `at`: its length, and where it begins."""
    size = data[at] - kind
    if size <= SHORT:
        return size, at + 1
    digits = data[at + 1 : min(end, at + 1 + size - SHORT)]
    found = int.from_bytes(digits, "big")
    if len(digits) != size - SHORT or digits[0] == 0 or found <= SHORT:
        raise InputError(f"RLP: the length at {at} is not the shortest")
    return found, at + 1 + len(digits)


def _list(data: bytes, at: int, end: int, depth: int) -> list[Any]:
    if not depth:
        raise InputError(f"RLP: more than {DEEPEST} lists within each other")
    found = []
    while at < end:
        item, at = _item(data, at, end, depth)
        found.append(item)
    return found
