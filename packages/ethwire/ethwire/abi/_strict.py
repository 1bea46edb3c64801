"""Strict ABI encoding: a value that does not fit its type is refused by name; nothing is cut or guessed.

It takes what eth-abi takes, the reference of Python's ecosystem. Besides, whatever has an `address` stands for it, and
a struct may be given as a dict in field order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ethwire.abi._encoders import Encoder, Rules, encoder_of, sequence_encoder
from ethwire.abi._types import WORD, AbiType, parse
from ethwire.errors import AbiError

__all__ = ["encode_args"]

_ADDRESS = re.compile(r"(?:0[xX])?([0-9a-fA-F]{40})", re.ASCII)
_ADDRESS_BYTES = 20
_LONGEST_SHOWN = 60  # characters of a refused value


def encode_args(types: Sequence[str], args: Sequence[Any], what: str = "call") -> bytes:
    """ABI-encode `args`; raises AbiError naming `what` and the argument when a value does not fit its type."""
    if len(types) != len(args):
        raise AbiError(f"{what} takes {len(types)} arguments, {len(args)} given", remedy=f"types: {', '.join(types)}")
    try:
        return _arguments(tuple(types))(args)
    except AbiError as error:
        place = _place(types, args)
        raise AbiError(f"{what}: {place}{error.message}", remedy=f"types: {', '.join(types)}") from error


def _place(types: Sequence[str], args: Sequence[Any]) -> str:
    """Which argument is refused. Looked for only when one is."""
    for number, (text, value) in enumerate(zip(types, args, strict=True), 1):
        try:
            encoder_of(parse(text), _STRICT)(value)
        except AbiError:
            return f"argument {number}: " if len(types) > 1 else ""
    return ""


@lru_cache(maxsize=1_024)
def _arguments(types: tuple[str, ...]) -> Callable[[Sequence[Any]], bytes]:
    return sequence_encoder([parse(text) for text in types], _STRICT)


def _unfit(kind: AbiType, takes: str, value: Any) -> AbiError:
    shown = repr(value)
    if len(shown) > _LONGEST_SHOWN:
        shown = f"{shown[:_LONGEST_SHOWN]}…"
    return AbiError(f"{kind.text} takes {takes}, not {shown}")


def _number(kind: AbiType) -> Encoder:
    signed = kind.base == "int"
    low, high = (-(1 << kind.size - 1), (1 << kind.size - 1) - 1) if signed else (0, (1 << kind.size) - 1)

    def encode_value(value: Any) -> bytes:
        if not isinstance(value, int) or value is True or value is False:
            raise _unfit(kind, "an integer", value)
        if not low <= value <= high:
            raise _unfit(kind, f"{low} to {high}", value)
        return value.to_bytes(WORD, "big", signed=signed)

    return encode_value


def _bool(kind: AbiType) -> Encoder:
    words = {True: (1).to_bytes(WORD, "big"), False: bytes(WORD)}

    def encode_value(value: Any) -> bytes:
        if not isinstance(value, bool):
            raise _unfit(kind, "True or False", value)
        return words[value]

    return encode_value


@lru_cache(maxsize=4_096)
def _address_word(text: str) -> bytes | None:
    found = _ADDRESS.fullmatch(text)
    return found and bytes.fromhex(found[1]).rjust(WORD, b"\0")


def _address(kind: AbiType) -> Encoder:
    def encode_value(value: Any) -> bytes:
        plain = value if isinstance(value, (str, bytes, bytearray)) else getattr(value, "address", None)
        if isinstance(plain, str):
            packed = _address_word(plain)
            if packed is not None:
                return packed
        elif isinstance(plain, (bytes, bytearray)) and len(plain) == _ADDRESS_BYTES:
            return bytes(plain).rjust(WORD, b"\0")
        raise _unfit(kind, "0x and 40 hex digits", value)

    return encode_value


def _fixed_bytes(kind: AbiType) -> Encoder:
    def encode_value(value: Any) -> bytes:
        if not isinstance(value, (bytes, bytearray)):
            raise _unfit(kind, "bytes", value)
        if len(value) > kind.size:
            raise _unfit(kind, f"{kind.size} bytes at most", value)
        return bytes(value).ljust(WORD, b"\0")

    return encode_value


def _counted(data: bytes | bytearray) -> bytes:
    return b"".join((len(data).to_bytes(WORD, "big"), data, bytes(-len(data) % WORD)))


def _bytes(kind: AbiType) -> Encoder:
    def encode_value(value: Any) -> bytes:
        if not isinstance(value, (bytes, bytearray)):
            raise _unfit(kind, "bytes", value)
        return _counted(value)

    return encode_value


def _string(kind: AbiType) -> Encoder:
    def encode_value(value: Any) -> bytes:
        if not isinstance(value, str):
            raise _unfit(kind, "text", value)
        try:
            return _counted(value.encode())
        except UnicodeEncodeError as error:
            raise _unfit(kind, "text that UTF-8 can write", value) from error

    return encode_value


def _items(kind: AbiType, value: Any) -> Sequence[Any]:
    """The items of an array or tuple, as many as there must be."""
    if isinstance(value, Mapping) and kind.base == "tuple":
        value = tuple(value.values())
    if isinstance(value, (str, bytes, bytearray)) or not isinstance(value, Sequence):
        raise _unfit(kind, "a list or tuple", value)
    size = len(kind.members) if kind.base == "tuple" else kind.size
    if size and len(value) != size:
        raise AbiError(f"{kind.text} takes {size} items, not {len(value)}")
    return value


_PLAIN: dict[str, Callable[[AbiType], Encoder]] = {
    "uint": _number,
    "int": _number,
    "bool": _bool,
    "address": _address,
    "fixed": _fixed_bytes,
    "bytes": _bytes,
    "string": _string,
}
_STRICT = Rules(plain=lambda kind: _PLAIN[kind.base](kind), items=_items)
