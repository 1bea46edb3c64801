"""ABI encoding for the hot loop: a packer is made once a function, and packs a call in about a microsecond.

eth-abi checks and walks the types again at each call, which costs as much as the call itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keifu.abi import encode_args

__all__ = ["Packer", "packer", "word"]

WORD = 32
_MODULUS = 1 << 256

Packer = Callable[[Sequence[Any]], bytes]
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


def _head(kind: str) -> tuple[_Encoder, bool] | None:
    """(encoder, is dynamic) of a type that is packed here, or None."""
    if kind.startswith(("uint", "int")) and kind[-1] != "]":
        return word, False
    if kind == "bool":
        return word, False
    if kind == "address":
        return _address, False
    if kind in ("bytes", "string"):
        return _dynamic, True
    if kind.startswith("bytes") and kind[-1] != "]":
        return _fixed_bytes, False
    if kind.endswith("[]"):
        inner = _head(kind[:-2])
        if inner is not None and not inner[1]:
            return (lambda items, one=inner[0]: word(len(items)) + b"".join(map(one, items))), True
    return None


def packer(selector: bytes, types: Sequence[str]) -> Packer:
    """A function from arguments to call data. Values wider than their type are cut, never refused: the contract's own
    range check is then what is tested."""
    heads = [_head(kind) for kind in types]
    if any(head is None for head in heads):
        return lambda args: selector + encode_args(types, args)
    encoders = [head[0] for head in heads if head is not None]
    if not any(head[1] for head in heads if head is not None):
        return _static(selector, encoders)
    dynamic = [head[1] for head in heads if head is not None]

    def pack(args: Sequence[Any]) -> bytes:
        parts, tail, offset = [selector], [], WORD * len(encoders)
        for encode, is_dynamic, value in zip(encoders, dynamic, args, strict=True):
            data = encode(value)
            if is_dynamic:
                parts.append(word(offset))
                tail.append(data)
                offset += len(data)
            else:
                parts.append(data)
        return b"".join(parts + tail)

    return pack


def _static(selector: bytes, encoders: list[_Encoder]) -> Packer:
    match encoders:
        case []:
            return lambda args: selector
        case [one]:
            return lambda args: selector + one(args[0])
        case [one, two]:
            return lambda args: selector + one(args[0]) + two(args[1])
    return lambda args: selector + b"".join([encode(value) for encode, value in zip(encoders, args, strict=True)])
