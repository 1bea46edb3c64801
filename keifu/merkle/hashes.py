"""Keccak-256 of many messages: a few one by one, many at once.

`_keccak`, which hashes many at once, needs numba, and numba takes a second to import, more the first time on a machine.
That pays from some thousands of messages on, or when it is imported already.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from keifu.errors import UsageError
from keifu.keys import keccak256

__all__ = ["HASH_BYTES", "expect_many", "hash_pairs", "hash_rows", "root_at_once", "tree_at_once"]

HASH_BYTES = 32
FEW = 4_096  # messages that take less time one by one than the import: some milliseconds

_AT_ONCE = "keifu.merkle._keccak"
_BATCHES = "keifu.merkle._batches"
_TABLE = 2  # dimensions
_expected: list[ModuleType] = []  # what works on batches, once it is compiled


def hash_pairs(nodes: NDArray[np.uint8], out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Hash neighbours: uint8[2n, 32], contiguous, to uint8[n, 32] with each pair in ascending order."""
    count = len(nodes) // 2
    if out is None:
        out = np.empty((count, HASH_BYTES), np.uint8)
    if (at_once := _for_many(count)) is not None:
        at_once.hash_pairs(nodes, out)
        return out
    parts = [nodes[place].tobytes() for place in range(2 * count)]
    for place in range(count):
        left, right = parts[2 * place : 2 * place + 2]
        out[place] = np.frombuffer(keccak256(left + right if left < right else right + left), np.uint8)
    return out


def hash_rows(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Keccak-256 of each row: uint8[n, size] to uint8[n, 32]. Raises UsageError for anything else."""
    if rows.ndim != _TABLE or rows.dtype != np.uint8:
        raise UsageError(f"rows of bytes are wanted, not {rows.dtype}{list(rows.shape)}")
    if (at_once := _for_many(len(rows))) is not None:
        out = np.empty((len(rows), HASH_BYTES), np.uint8)
        at_once.hash_rows(rows, out)
        return out
    size, joined = rows.shape[1], rows.tobytes()
    hashes = b"".join([keccak256(joined[place * size : (place + 1) * size]) for place in range(len(rows))])
    return np.frombuffer(hashes, np.uint8).reshape(len(rows), HASH_BYTES)


def root_at_once(rows: NDArray[np.uint8]) -> bytes | None:
    """The root over rows in one compiled call, where what hashes many at once is here or worth its import."""
    at_once = _for_many(len(rows))
    return at_once.root_of_rows(rows) if at_once is not None else None


def tree_at_once(leaves: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]] | None:
    """Nodes and positions of a small sorted tree in one compiled call, where very many are expected."""
    if not _expected or len(leaves) > FEW:
        return None
    found: tuple[NDArray[np.uint8], NDArray[np.int64]] = _expected[0].tree_of(leaves)
    return found


def expect_many() -> None:
    """Get ready for very many messages that come a few at a time."""
    import_module(_AT_ONCE)
    if not _expected:
        batches = import_module(_BATCHES)
        batches.tree_of(np.frombuffer(bytes(2 * HASH_BYTES), np.uint8).reshape(-1, HASH_BYTES))  # compiled
        _expected.append(batches)


def _for_many(count: int) -> ModuleType | None:
    """What hashes many at once, when that is worth its import."""
    if count > FEW:
        expect_many()
    return sys.modules.get(_AT_ONCE) if count else None
