"""How ABI values are put together: heads, tails and lengths. What a single word may hold is the caller's rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ethwire.abi._types import WORD, AbiType

__all__ = ["Encoder", "Rules", "encoder_of", "sequence_encoder"]

Encoder = Callable[[Any], bytes]


class Rules(NamedTuple):
    """What differs between encoding fast and encoding strictly."""

    plain: Callable[[AbiType], Encoder]  # the encoder of a type that is neither array nor tuple
    items: Callable[[AbiType, Any], Sequence[Any]]  # the items of a value given for an array or a tuple


def encoder_of(kind: AbiType, rules: Rules) -> Encoder:
    """A function from a value of type `kind` to its encoding."""
    if kind.base == "tuple":
        encode_value = sequence_encoder(kind.members, rules)
        return lambda value: encode_value(rules.items(kind, value))
    if kind.base == "array":
        return _array(kind, rules)
    return rules.plain(kind)


def sequence_encoder(kinds: Sequence[AbiType], rules: Rules) -> Callable[[Sequence[Any]], bytes]:
    """For as many values as there are types: arguments, and the members of a tuple."""
    encoders = [encoder_of(kind, rules) for kind in kinds]
    if not any(kind.dynamic for kind in kinds):
        return lambda values: b"".join([encode(value) for encode, value in zip(encoders, values, strict=True)])
    members = [(encode, kind.dynamic) for encode, kind in zip(encoders, kinds, strict=True)]
    head = WORD * sum(kind.words for kind in kinds)

    def encode_value(values: Sequence[Any]) -> bytes:
        heads, tails, offset = [], [], head
        for (encode, dynamic), value in zip(members, values, strict=True):
            data = encode(value)
            if dynamic:
                heads.append(offset.to_bytes(WORD, "big"))
                tails.append(data)
                offset += len(data)
            else:
                heads.append(data)
        return b"".join(heads + tails)

    return encode_value


def _array(kind: AbiType, rules: Rules) -> Encoder:
    (item,) = kind.members
    encode, items = encoder_of(item, rules), rules.items

    def encode_value(value: Any) -> bytes:
        parts = [encode(one) for one in items(kind, value)]
        count = [] if kind.size else [len(parts).to_bytes(WORD, "big")]
        return b"".join([*count, *_offsets(parts), *parts] if item.dynamic else [*count, *parts])

    return encode_value


def _offsets(parts: Sequence[bytes]) -> list[bytes]:
    offsets, offset = [], WORD * len(parts)
    for part in parts:
        offsets.append(offset.to_bytes(WORD, "big"))
        offset += len(part)
    return offsets
