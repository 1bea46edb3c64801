"""Memory that a disk takes and gives without a copy in between: it begins with a block, and has whole ones."""

from __future__ import annotations

import numpy as np

__all__ = ["BLOCK_BYTES", "has_whole_blocks", "room"]

BLOCK_BYTES = 4096  # of disks, and of the system's pages


def room(size: int) -> memoryview:
    """So many bytes, of which nothing is known."""
    whole = np.empty(size + BLOCK_BYTES, np.uint8)
    start = -whole.ctypes.data % BLOCK_BYTES
    return whole[start : start + size].data


def has_whole_blocks(part: bytes | memoryview) -> bool:
    size = len(part)
    return size > 0 and size % BLOCK_BYTES == 0 and np.frombuffer(part, np.uint8).ctypes.data % BLOCK_BYTES == 0
