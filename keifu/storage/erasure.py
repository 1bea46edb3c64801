"""Reed-Solomon over GF(2^8), polynomial 0x11d, with ISA-L's Cauchy matrix, by ISA-L itself.

Row i, column j of the parity part is the inverse of (k + i) XOR j: every k rows of the whole are invertible. The
library comes with pyeclib's wheel; the system's `libisal` serves where there is none.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes.util import find_library
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keifu.errors import EnvironmentFault, UsageError

__all__ = ["MAX_SHARDS", "TABLE_BYTES", "Code", "addresses", "library"]

MAX_SHARDS = 32  # that a deal names
TABLE_BYTES = 32  # of ISA-L's tables, for each coefficient
Bytes = NDArray[np.uint8]


@cache
def library() -> ctypes.CDLL:
    """ISA-L, loaded once."""
    found = find_spec("pyeclib")
    folder = Path(found.origin).parent if found and found.origin else None
    bundled = (
        sorted(folder.parent.glob("pyeclib.libs/libisal*")) + sorted(folder.glob(".dylibs/libisal*")) if folder else []
    )
    name = str(bundled[0]) if bundled else find_library("isal")
    if name is None:
        raise EnvironmentFault("there is no ISA-L here", remedy="install pyeclib's wheel, or the system's libisal2")
    return ctypes.CDLL(name)


class Code:
    """k data shards and m parity shards; any k of them give the others."""

    def __init__(self, k: int, m: int) -> None:
        if k < 1 or m < 0 or k + m > MAX_SHARDS:
            raise UsageError(f"no code has {k} data and {m} parity shards", remedy=f"take at most {MAX_SHARDS} in all")
        self.k, self.m, self.n = k, m, k + m
        self.matrix: Bytes = np.zeros((self.n, k), np.uint8)
        library().gf_gen_cauchy1_matrix(_pointer(self.matrix), self.n, k)
        self._tables = lru_cache(maxsize=64)(self._make_tables)

    def encode(self, data: Bytes, parity: Bytes) -> None:
        """uint8[k, size] to uint8[m, size], both with whole rows."""
        if self.m and data.shape[1]:
            tables = self._tables(tuple(range(self.k)), tuple(range(self.k, self.n)))
            library().ec_encode_data(
                data.shape[1], self.k, self.m, _pointer(tables), _row_addresses(data), _row_addresses(parity)
            )

    def rebuild(self, known: dict[int, Bytes], wanted: Sequence[int]) -> dict[int, Bytes]:
        """The shards that are wanted, from at least k known ones of one size, by index."""
        if len(known) < self.k:
            raise UsageError(f"{len(known)} shards give nothing back", remedy=f"bring {self.k} of the {self.n}")
        have = tuple(sorted(known)[: self.k])
        missing = tuple(index for index in wanted if index not in known)
        built = {index: np.empty_like(known[have[0]]) for index in missing}
        if missing:
            self._multiply(have, missing, [known[index] for index in have], list(built.values()))
        return {index: known[index] if index in known else built[index] for index in wanted}

    def _multiply(
        self, have: tuple[int, ...], give: tuple[int, ...], sources: list[Bytes], targets: list[Bytes]
    ) -> None:
        if not targets or not len(sources[0]):
            return
        rows = [np.ascontiguousarray(row) for row in sources]
        library().ec_encode_data(
            len(rows[0]),
            self.k,
            len(targets),
            _pointer(self._tables(have, give)),
            addresses(rows),
            addresses(targets),
        )

    def _make_tables(self, have: tuple[int, ...], give: tuple[int, ...]) -> Bytes:
        rows = np.ascontiguousarray(self.matrix[list(give)])
        if have != tuple(range(self.k)):
            inverse = np.empty((self.k, self.k), np.uint8)
            chosen = np.ascontiguousarray(self.matrix[list(have)])
            library().gf_invert_matrix(_pointer(chosen), _pointer(inverse), self.k)
            rows = _product(rows, inverse)
        tables = np.empty(TABLE_BYTES * self.k * len(give), np.uint8)
        library().ec_init_tables(self.k, len(give), _pointer(rows), _pointer(tables))
        return tables


def _product(left: Bytes, right: Bytes) -> Bytes:
    """Of two matrices over the field, by the bits of the left one's entries."""
    total = np.zeros((len(left), right.shape[1]), np.uint8)
    for inner in range(len(right)):
        shifted = right[inner].astype(np.uint16)
        for bit in range(8):
            chosen = (left[:, inner] >> bit & 1)[:, None]
            total ^= (chosen * shifted).astype(np.uint8)
            shifted = shifted << 1 ^ (shifted >> 7) * 0x11D
    return total


def _pointer(values: Bytes) -> ctypes.c_void_p:
    return ctypes.c_void_p(values.ctypes.data)


def addresses(rows: Sequence[Bytes]) -> ctypes.Array[ctypes.c_void_p]:
    """Pointers to rows, as ISA-L takes them."""
    return (ctypes.c_void_p * len(rows))(*(row.ctypes.data for row in rows))


def _row_addresses(rows: Bytes) -> ctypes.Array[ctypes.c_void_p]:
    """The same for rows of one array."""
    first, step = rows.ctypes.data, rows.strides[0]
    return (ctypes.c_void_p * len(rows))(*range(first, first + step * len(rows), step))
