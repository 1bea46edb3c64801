"""What a path on the disk is as one stream, and a stream as files again.

A folder is its manifest, then the contents of its files; how long the manifest is, the file's address says.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from keifu.errors import InputError
from keifu.storage.codec import Readable
from keifu.storage.manifest import Manifest, TreeReader, manifest_of, targets

__all__ = ["LONGEST_MANIFEST", "Source", "source_of", "write_file", "write_tree"]

_PART = ".part"  # of a file that is not whole yet
LONGEST_MANIFEST = 64 << 20


@dataclass(frozen=True)
class Source:
    """A file or folder as it is now. `mark` differs when anything of it was changed since, as far as the disk says."""

    path: Path
    size: int
    manifest: int
    mark: str

    @contextmanager
    def open(self, read: Callable[[int], None] = lambda count: None) -> Iterator[Readable]:
        """From its beginning; `read(bytes)` hears of what was read."""
        if self.path.is_dir():
            manifest = manifest_of(self.path)
            yield _Counted(_Joined(manifest.to_bytes(), TreeReader(self.path, manifest)), read)
        else:
            with self.path.open("rb") as file:
                yield _Counted(file, read)


def source_of(path: Path) -> Source:
    """Raises InputError for what is no file or folder, holds links, or has names that some disks cannot hold."""
    if path.is_dir():
        manifest = manifest_of(path)
        head = manifest.to_bytes()
        if len(head) > LONGEST_MANIFEST:
            raise InputError(f"{path} has too many files", remedy="store it in parts")
        marks = [f"{entry.name} {_mark(path / entry.name)}" for entry in manifest.files]
        return Source(path, len(head) + manifest.size, len(head), _hash(marks))
    if not path.is_file():
        raise InputError(f"{path} is no file and no folder", remedy="name one that is there")
    return Source(path, path.stat().st_size, 0, _hash([_mark(path)]))


def write_file(parts: Iterator[bytes], path: Path) -> int:
    """The bytes, at `path` when they are whole: until then beside it. How many they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + _PART)
    count = 0
    with beside.open("wb") as file:
        for part in parts:
            count += file.write(part)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return count


def write_tree(manifest: Manifest, parts: Iterator[bytes], folder: Path) -> int:
    """The files of a folder, each when it is whole. Nothing is written outside of `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    stream, count = _Stream(parts), 0
    for entry, path in targets(manifest, folder):
        count += write_file(stream.take(entry.size), path)
    return count


def _mark(path: Path) -> str:
    found = path.stat()
    return f"{found.st_size} {found.st_mtime_ns}"


def _hash(marks: list[str]) -> str:
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()


class _Stream:
    """Bytes in parts of any size, taken in parts of other sizes."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._rest = parts, b""

    def take(self, size: int) -> Iterator[bytes]:
        while size:
            if not self._rest:
                self._rest = next(self._parts, b"")
                if not self._rest:
                    raise InputError("the stored folder ends before its last file", remedy="store it again")
            part, self._rest = self._rest[:size], self._rest[size:]
            size -= len(part)
            yield part


class _Joined:
    def __init__(self, head: bytes, tail: Readable) -> None:
        self._head, self._tail = head, tail

    def read(self, size: int, /) -> bytes:
        if self._head:
            found, self._head = self._head[:size], self._head[size:]
            return found
        return self._tail.read(size)


class _Counted:
    def __init__(self, source: Readable, read: Callable[[int], None]) -> None:
        self._source, self._read = source, read

    def read(self, size: int, /) -> bytes:
        data = self._source.read(size)
        self._read(len(data))
        return data
