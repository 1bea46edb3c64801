"""Items of a token a piece at a time: read from a file or from memory, and written down before it is known whether they
are to be kept. A piece is small enough for a processor's cache, so no item has to be whole in memory.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Protocol, Self

from keifu.errors import InputError

__all__ = ["PIECE_BYTES", "Draft", "FileSource", "MemorySource", "Source"]

PIECE_BYTES = 256 << 10


class Source(Protocol):
    """Bytes in their order, within a `with`."""

    size: int

    def __enter__(self) -> Self: ...

    def __exit__(self, *fault: object) -> None: ...

    def read_into(self, room: memoryview) -> None:
        """Fill `room` with the next ones. Raises InputError when there are not so many."""


class MemorySource:
    """Of bytes that are here."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self.size = memoryview(data), 0, len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        """Nothing is open."""

    def read_into(self, room: memoryview) -> None:
        end = self._at + len(room)
        if end > self.size:
            raise InputError(f"{self.size} bytes are fewer than {end}")
        room[:] = self._data[self._at : end]
        self._at = end


class FileSource:
    """Of a file with at most `most` bytes, open from the `with` on. A pipe or a device is none: it is not waited for.

    Raises InputError when it cannot be read, and when somebody cuts it meanwhile.
    """

    def __init__(self, path: Path, most: int, what: str) -> None:
        self._path, self._most, self._what = path, most, what

    def __enter__(self) -> Self:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise InputError(f"cannot read {self._path}: {error.strerror}") from error
        try:
            found = os.fstat(descriptor)
            self.size = found.st_size
            self._require(stat.S_ISREG(found.st_mode), f"{self._path} is no file")
            self._require(self.size <= self._most, f"{self._path} is too large for {self._what}")
        except BaseException:
            os.close(descriptor)
            raise
        self._file = os.fdopen(descriptor, "rb", buffering=0)
        return self

    def __exit__(self, *fault: object) -> None:
        self._file.close()

    def read_into(self, room: memoryview) -> None:
        filled = 0
        while filled < len(room):
            try:
                count = self._file.readinto(room[filled:])
            except OSError as error:
                raise InputError(f"cannot read {self._path}: {error.strerror}") from error
            self._require(bool(count), f"{self._path} was cut while it was read")
            filled += count or 0

    def _require(self, is_so: bool, why: str) -> None:
        if not is_so:
            raise InputError(why, remedy=f"at most {self._most:,} bytes of a file are read")


class Draft:
    """A file that is being written: a store makes it one of its own, or it is gone.

    It is always a new one: others may know its name, and have put a link or a pipe there.
    """

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._path, self._file = path, path.open("xb")

    def write(self, piece: memoryview) -> None:
        self._file.write(piece)

    def finish(self) -> None:
        """All of it is written, and on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def become(self, path: Path) -> None:
        """What was finished is at `path` from now on; its folder says so on the disk once that is written, too."""
        self._path.replace(path)

    def drop(self) -> None:
        """Unless it has become something, there is nothing."""
        with suppress(OSError):  # a full disk does not take its last bytes, and it is thrown away
            self._file.close()
        self._path.unlink(missing_ok=True)
