"""Files, read whole, never more of one than what it stands for can need; and written whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from keifu.errors import InputError

__all__ = ["read_bounded", "require_plain", "synced", "write_whole"]


def read_bounded(path: str | Path, most: int, what: str, *, remedy: str = "") -> bytes:
    """Raises InputError when the file cannot be read, or holds more than `most` bytes: a device or a pipe, too, is left
    after so many."""
    try:
        with open(path, "rb") as file:
            body = file.read(most + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", remedy=remedy) from error
    if len(body) > most:
        raise InputError(f"{path} is too large for {what}", remedy=remedy or f"at most {most:,} bytes are read")
    return body


def require_plain(path: str | Path) -> None:
    """Raises ValueError for a pipe or a device, which would be waited for, or read for ever. What is not there is for
    whoever opens it to say."""
    if Path(path).exists() and not Path(path).is_file():
        raise ValueError("it is no file")


def write_whole(path: Path, data: bytes) -> None:
    """At `path` there is all of it, on the disk, or nothing."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    synced(path.parent)


def synced(folder: Path) -> None:
    """What the folder's files are called is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
