"""RLP of many headers at once, field by field, in half the time that it takes header by header.

Headers none of whose fields differ in length have each field in the same place. Their RLP is a table: the first one's
in every row, over which the columns of the fields that differ are written.
"""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Sequence

import numpy as np
from msgspec.structs import astuple

from keifu.chain.header import Header, header_rlp, number_digits, string_digits

__all__ = ["headers_rlp"]

FEW = 16  # headers of one shape that are quicker one by one
_LIST_PREFIX = 6  # digits
_SHORT = 4  # characters with 0x: of one byte
_HASH, _BLOOM, _NUMBER, _BYTES, _NOT_HASHED = 2, 6, 0, -1, -2  # digits of a prefix that is always the same, or a kind
_KINDS = {
    "logs_bloom": _BLOOM, "extra_data": _BYTES, "hash": _NOT_HASHED, "transactions": _NOT_HASHED,
    **dict.fromkeys(
        ("difficulty", "number", "gas_limit", "gas_used", "timestamp", "base_fee_per_gas", "blob_gas_used",
         "excess_blob_gas"),
        _NUMBER,
    ),
}  # fmt: skip
_LAYOUT = tuple(_KINDS.get(name, _HASH) for name in Header.__struct_fields__)
_LENGTHS_DIFFER = tuple(place for place, kind in enumerate(_LAYOUT) if kind in {_NUMBER, _BYTES})


def headers_rlp(headers: Sequence[Header]) -> list[bytes]:
    """What `header_rlp` gives for each. Raises ValueError when a field is malformed, and may give other bytes than a
    true header's instead: their hash tells."""
    rows = [astuple(header) for header in headers]
    encoded = [b""] * len(headers)
    for places in _by_shape(rows):
        if len(places) < FEW or (table := _table(headers[places[0]], [rows[place] for place in places])) is None:
            table = [header_rlp(headers[place]) for place in places]
        for place, row in zip(places, table, strict=True):
            encoded[place] = row
    return encoded


def _by_shape(rows: Sequence[tuple[str, ...]]) -> list[list[int]]:
    """Places of headers whose numbers are equally long. Short ones, whose prefix may be part of them, are equal."""
    shapes: dict[tuple[object, ...], list[int]] = {}
    columns = [[row[place] for row in rows] for place in _LENGTHS_DIFFER]
    differ = [column for column in columns if column.count(column[0]) < len(rows)]
    if not differ:
        return [list(range(len(rows)))]
    keys = [
        [len(text) if text and len(text) > _SHORT and text[2] != "0" else text for text in column] for column in differ
    ]
    for place, shape in enumerate(zip(*keys, strict=True)):
        shapes.setdefault(shape, []).append(place)
    return list(shapes.values())


def _table(first: Header, rows: Sequence[tuple[str, ...]]) -> list[bytes] | None:
    """Of headers of one shape; None when they are not."""
    count, digits = len(rows), header_rlp(first).hex().encode()
    table = np.empty((count, len(digits)), np.uint8)
    table[:] = np.frombuffer(digits, np.uint8)
    end = _LIST_PREFIX
    for kind, column in zip(_LAYOUT, zip(*rows, strict=True), strict=True):
        text = column[0]
        if kind == _NOT_HASHED or text is None:
            continue
        if kind in {_NUMBER, _BYTES}:
            end += len(number_digits(text) if kind == _NUMBER else string_digits(text))
        else:
            end += kind + len(text) - 2
        if column.count(text) < count:
            try:
                joined = "".join(column).encode()
            except TypeError:  # one of them is without the field
                return None
            if len(joined) != count * len(text):
                return None
            size = len(text) - 2
            table[:, end - size : end] = np.frombuffer(joined, np.uint8).reshape(count, size + 2)[:, 2:]
    content, width = unhexlify(table.data), len(digits) // 2
    return [content[start : start + width] for start in range(0, count * width, width)]
