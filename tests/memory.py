"""Folders in memory. A database that is written through to the disk, as what pays must be, waits for it thousands of
times, and no test cuts the power."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["in_memory"]

SHARED = Path("/dev/shm")  # noqa: S108 - a folder of one's own is made there
NEEDED = 2**30  # bytes that must be free there: a container may have very few


@contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """A new folder in memory; `otherwise` where there is none."""
    if not os.access(SHARED, os.W_OK) or shutil.disk_usage(SHARED).free < NEEDED:
        yield otherwise
        return
    with tempfile.TemporaryDirectory(dir=SHARED) as folder:
        yield Path(folder)
