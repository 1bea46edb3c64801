"""ABI encoding for the hot loop: a call_encoder is made once a function, and packs a call in about a microsecond."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from ethwire.abi._encoders import Encoder, Rules, encoder_of, sequence_encoder
from ethwire.abi._types import WORD, AbiType, parse

__all__ = ["WORD", "CallEncoder", "call_encoder", "encoder", "word"]

_MODULUS = 1 << 256

CallEncoder = Callable[[Sequence[Any]], bytes]


class _Addresses(dict[Any, bytes]):
    """Words of addresses, made once; of what has an address each time, so that nothing is kept alive here."""

    def __missing__(self, value: Any) -> bytes:
        if not isinstance(value, str):
            return self[value.address]
        found = self[value] = bytes.fromhex(value[2:]).rjust(WORD, b"\0")
        return found


_address: Encoder = _Addresses().__getitem__


def word(value: int) -> bytes:
    """32 bytes, big-endian, two's complement for a negative number."""
    try:
        return value.to_bytes(WORD, "big")
    except OverflowError:  # negative or too wide, which is rare: the remainder of each number costs more
        return (value % _MODULUS).to_bytes(WORD, "big")


def _fixed_bytes(value: bytes) -> bytes:
    return value.ljust(WORD, b"\0")


def _dynamic(value: Any) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return word(len(data)) + data + bytes(-len(data) % WORD)


_PLAIN: dict[str, Encoder] = {
    "uint": word,
    "int": word,
    "bool": word,
    "address": _address,
    "fixed": _fixed_bytes,
    "bytes": _dynamic,
    "string": _dynamic,
}


def _items(kind: AbiType, value: Sequence[Any]) -> Sequence[Any]:
    if kind.size and len(value) != kind.size:
        raise ValueError(f"{kind.text} has {kind.size} items, {len(value)} given")
    return value


_CUT = Rules(plain=lambda kind: _PLAIN[kind.base], items=_items)


@cache
def encoder(text: str) -> tuple[Encoder, bool]:
    """(encoder, is dynamic) of an ABI type, made once."""
    kind = parse(text)
    return encoder_of(kind, _CUT), kind.dynamic


def call_encoder(selector: bytes, types: Sequence[str]) -> CallEncoder:
    """A function from arguments to call data. Values wider than their type are cut, never refused: the contract's own
    range check is then what is tested."""
    kinds = [parse(text) for text in types]
    if not any(kind.dynamic for kind in kinds):
        return _static(selector, [encoder_of(kind, _CUT) for kind in kinds])
    encode_value = sequence_encoder(kinds, _CUT)
    return lambda args: selector + encode_value(args)


def _static(selector: bytes, encoders: list[Encoder]) -> CallEncoder:
    match encoders:
        case []:
            return lambda args: selector
        case [one]:
            return lambda args: selector + one(args[0])
        case [one, two]:
            return lambda args: selector + one(args[0]) + two(args[1])
    return lambda args: selector + b"".join([encode(value) for encode, value in zip(encoders, args, strict=True)])
