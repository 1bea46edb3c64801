"""Files that somebody else wrote, read whole: never more of one than what it stands for can need."""

from __future__ import annotations

from pathlib import Path

from keifu.errors import InputError

__all__ = ["read_bounded", "require_plain"]


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
