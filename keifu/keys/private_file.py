"""Files that only their owner can read, made once: keys and secrets are never written over."""

from __future__ import annotations

import os
from pathlib import Path

from keifu.errors import InputError

__all__ = ["write_private"]

OWNER_ONLY = 0o600


def write_private(path: Path, content: bytes, *, remedy: str) -> None:
    """Make a file that nobody else can read at any time; it is on the disk then. Raises InputError with
    `remedy` when it is there already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError:
        raise InputError(f"{path} is there already", remedy=remedy) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
