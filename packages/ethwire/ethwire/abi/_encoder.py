"""ABI encoding for the hot loop: a call_encoder is made once a function, and packs a call in about a microsecond.

eth-abi checks and walks the types again at each call, which costs as much as the call itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from ethwire.errors import AbiError

__all__ = ["WORD", "CallEncoder", "call_encoder", "encoder", "word"]

WORD = 32
_MODULUS = 1 << 256

CallEncoder = Callable[[Sequence[Any]], bytes]
_Encoder = Callable[[Any], bytes]

_ADDRESSES: dict[str, bytes] = {}


def word(value: int) -> bytes:
    """32 bytes, big-endian, two's complement for a negative number."""
    return (value % _MODULUS).to_bytes(WORD, "big")


def _address(value: Any) -> bytes:
    text: str = value if isinstance(value, str) else value.address
    found = _ADDRESSES.get(text)
    if found is None:
        found = _ADDRESSES[text] = bytes.fromhex(text[2:]).rjust(WORD, b"\0")
    return found


def _fixed_bytes(value: bytes) -> bytes:
    return value.ljust(WORD, b"\0")


def _dynamic(value: Any) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return word(len(data)) + data + bytes(-len(data) % WORD)


@cache
def encoder(kind: str) -> tuple[_Encoder, bool]:
    """(encoder, is dynamic) of an ABI type, made once."""
    return _compiled(kind)


def _compiled(kind: str) -> tuple[_Encoder, bool]:
    """(encoder, is dynamic) of an ABI type."""
    if kind.endswith("]"):
        inner, _, size = kind[:-1].rpartition("[")
        return _array(_compiled(inner), int(size) if size else None)
    if kind.startswith("("):
        return _tuple([_compiled(part) for part in _split(kind[1:-1])])
    if kind.startswith(("uint", "int")) or kind == "bool":
        return word, False
    if kind == "address":
        return _address, False
    if kind in ("bytes", "string"):
        return _dynamic, True
    if kind.startswith("bytes"):
        return _fixed_bytes, False
    raise AbiError(f"cannot pack {kind}")


def _split(inside: str) -> list[str]:
    """Member types of a tuple, nested ones whole."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(inside):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(inside[start:at])
            start = at + 1
    return [*parts, inside[start:]] if inside else []


def _sequence(members: list[tuple[_Encoder, bool]]) -> Callable[[Sequence[Any]], bytes]:
    """Heads and tails, as arguments, tuples and arrays all have them. Sizes of static members are found by packing."""
    if not any(dynamic for _, dynamic in members):
        encoders = [encode for encode, _ in members]
        return lambda values: b"".join([encode(value) for encode, value in zip(encoders, values, strict=True)])

    def pack(values: Sequence[Any]) -> bytes:
        packed = [encode(value) for (encode, _), value in zip(members, values, strict=True)]
        offset = sum(WORD if dynamic else len(data) for (_, dynamic), data in zip(members, packed, strict=True))
        heads, tails = [], []
        for (_, dynamic), data in zip(members, packed, strict=True):
            if dynamic:
                heads.append(word(offset))
                tails.append(data)
                offset += len(data)
            else:
                heads.append(data)
        return b"".join(heads + tails)

    return pack


def _tuple(members: list[tuple[_Encoder, bool]]) -> tuple[_Encoder, bool]:
    return _sequence(members), any(dynamic for _, dynamic in members)


def _array(inner: tuple[_Encoder, bool], size: int | None) -> tuple[_Encoder, bool]:
    def pack(values: Sequence[Any]) -> bytes:
        count = b"" if size is not None else word(len(values))
        return count + _sequence([inner] * len(values))(values)

    return pack, inner[1] or size is None


def call_encoder(selector: bytes, types: Sequence[str]) -> CallEncoder:
    """A function from arguments to call data. Values wider than their type are cut, never refused: the contract's own
    range check is then what is tested."""
    members = [_compiled(kind) for kind in types]
    if not any(dynamic for _, dynamic in members):
        return _static(selector, [encode for encode, _ in members])
    pack = _sequence(members)
    return lambda args: selector + pack(args)


def _static(selector: bytes, encoders: list[_Encoder]) -> CallEncoder:
    match encoders:
        case []:
            return lambda args: selector
        case [one]:
            return lambda args: selector + one(args[0])
        case [one, two]:
            return lambda args: selector + one(args[0]) + two(args[1])
    return lambda args: selector + b"".join([encode(value) for encode, value in zip(encoders, args, strict=True)])
