"""Mutants of a bundle: one field, one character or one byte is other, and it is written as bundles are."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from typing import Any

from tests.conformance.forged import packed

__all__ = ["mutants"]

Path = tuple[Any, ...]


def mutants(data: bytes, draw: random.Random, number: int) -> Iterator[tuple[bytes, str]]:
    """Different from `data` in content: a byte of the file, of its JSON, or a field is other. With what was changed."""
    body = zlib.decompress(data, wbits=zlib.MAX_WBITS | 16)
    document = json.loads(body)
    leaves = list(_places(document, ()))
    for _ in range(number):
        chance = draw.random()
        if chance < 0.1:
            changed, at = _flipped(data, draw)
            if _content(changed) != body:
                yield changed, f"byte {at} of the file"
            continue
        if chance < 0.5:
            changed, at = _flipped(body, draw)
            yield packed(changed), f"byte {at}"
            continue
        path = draw.choice(leaves)
        mutant = json.loads(body)
        place = mutant
        for key in path[:-1]:
            place = place[key]
        how = _change(place, path[-1], draw)
        if mutant != document:
            yield packed(mutant), f"{how} at {path}"


def _flipped(data: bytes, draw: random.Random) -> tuple[bytes, int]:
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :], at


def _content(data: bytes) -> bytes | None:
    """What the file unpacks to. Deflate has more than one way to write the same, and bits that nothing reads."""
    try:
        return zlib.decompress(data, wbits=zlib.MAX_WBITS | 16)
    except zlib.error:
        return None


def _places(value: Any, path: Path) -> Iterator[Path]:
    if path:
        yield path
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield from _places(value[key], (*path, key))


def _change(place: Any, key: Any, draw: random.Random) -> str:
    value = place[key]
    how = draw.choice(["cut", "null", "type", "edit", "edit", "edit"])
    if how == "cut":
        del place[key]
    elif how == "null":
        place[key] = None
    elif how == "type" or isinstance(value, (dict, list)):
        place[key] = draw.choice([[], {}, 0, "", True, [value]])
    elif isinstance(value, str):
        at = draw.randrange(len(value) + 1)
        place[key] = value[:at] + draw.choice("0123456789abcdefABx ") + value[at + draw.randrange(2) :]
    else:
        place[key] = value + draw.choice([-1, 1, 2**32, 2**64])
    return how
