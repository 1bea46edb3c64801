"""Segments in append-only files on a local disk.

A frame is a header and the segment. Frames are appended, made durable by one fdatasync for a whole batch, and then
entered in the index, which also knows how far each pack is indexed. So at start only the bytes behind that are read:
whole frames are indexed, and the pack is cut at the first one that is not whole. The header names the segment's root,
which is its checksum. Header and segment begin with a block of the disk. What is deleted becomes a hole in the file.
Segments go past the disk's cache: a copy into fresh pages of it took a third of a node's time, and few are read soon.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from keifu._blocks import BLOCK_BYTES, has_whole_blocks, room
from keifu.errors import EnvironmentFault
from keifu.storage.layout import LEAF_BYTES, SEGMENT_BYTES
from keifu.storage.trees import segment_root

__all__ = ["HEADER_BYTES", "PACK_BYTES", "Blobs", "File", "Frame", "Packs", "Place", "StoreFull"]

PACK_BYTES = 1 << 30
LEAST_FREE = 256 << 20  # of the disk, that segments leave to the index and to everybody else
_MAGIC = b"KFP1"
_HEADER = struct.Struct(">4s32s32sII")  # magic, upload, root of the segment, number, bytes
_CRC = struct.Struct(">I")  # of the header
HEADER_BYTES = BLOCK_BYTES  # a segment that begins with a block is sent in half the time
_PAST_CACHE = getattr(os, "O_DIRECT", 0)
_MAX_PARTS = 1_000  # that one call writes
_KEEP_SIZE, _PUNCH_HOLE = 1, 2


class StoreFull(EnvironmentFault):
    """There is no room for what should be stored, and nothing of it was."""


@dataclass(frozen=True)
class Frame:
    """Segment `number` of what is uploaded under an id; `root` is the root over its leaves."""

    upload: bytes
    number: int
    root: bytes
    data: bytes | memoryview


class Place(msgspec.Struct, frozen=True):
    """Where the bytes of a segment stand."""

    pack: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Where the next frame of a pack begins."""
        return self.offset + _blocks(self.size)


class File:
    """An open pack. Whoever sends from it keeps it open, also when it was dropped meanwhile."""

    def __init__(self, path: Path, flags: int = os.O_RDWR) -> None:
        self._number = os.open(path, flags | os.O_CLOEXEC, 0o600)

    def fileno(self) -> int:
        return self._number

    def __del__(self) -> None:
        if hasattr(self, "_number"):
            os.close(self._number)


class Blobs(Protocol):
    """Where the bytes of segments are kept. One thread writes at a time, any number read."""

    def write(self, frames: Sequence[Frame], new_pack: Callable[[], int], /) -> list[Place]:
        """Durable when it returns. `new_pack` gives a number that was never used, and is noted before it is."""

    def recover(self, pack: int, indexed: int, /) -> Iterator[tuple[Frame, Place]]:
        """Whole frames of a pack behind what is indexed, in order; anything else there is removed."""

    def read(self, place: Place, /) -> bytes: ...

    def file(self, place: Place, /) -> File | None:
        """The file from which the bytes can be sent; None where there is none."""

    def read_past_cache(self, places: Sequence[Place], /) -> memoryview | None:
        """The bytes of all places, one after another; None where they can only be read with the disk's cache."""

    def erase(self, places: Sequence[Place], /) -> None:
        """Give back the room of places that nobody reads any more, where that is possible."""

    def drop(self, pack: int, /) -> bool:
        """Remove a pack of which nothing is used; False while frames still go to it."""

    def close(self) -> None: ...


class Packs:
    """Blobs in files of a folder."""

    def __init__(self, folder: Path, pack_bytes: int = PACK_BYTES, least_free: int = LEAST_FREE) -> None:
        self.folder, self.pack_bytes, self.least_free = folder, pack_bytes, least_free
        folder.mkdir(parents=True, exist_ok=True)
        self._files: dict[int, File] = {}
        self._direct: File | None = None  # the current one once more, past the cache
        self._current, self._end = 0, pack_bytes
        self._fault = ""

    def write(self, frames: Sequence[Frame], new_pack: Callable[[], int]) -> list[Place]:
        """Raises StoreFull, or EnvironmentFault for a broken disk; nothing of `frames` is there then."""
        if self._fault:
            raise EnvironmentFault(f"the packs are not written any more: {self._fault}", remedy="restart the node")
        self._require_room(sum(HEADER_BYTES + _blocks(len(frame.data)) for frame in frames))
        try:
            if self._end >= self.pack_bytes:
                number = new_pack()
                self._create(number)
                self._turn_to(number, 0)
            return self._append(self._opened(self._current), frames)
        except OSError as error:
            fault = StoreFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else EnvironmentFault
            raise fault(
                f"segments cannot be written in {self.folder}: {error.strerror}", remedy="make room, or mend the disk"
            ) from error

    def _require_room(self, size: int) -> None:
        disk = os.statvfs(self.folder)
        if disk.f_bavail * disk.f_frsize - size < self.least_free:
            raise StoreFull(
                f"the disk of {self.folder} has less than {self.least_free >> 20} MiB left", remedy="make room on it"
            )

    def _append(self, file: File, frames: Sequence[Frame]) -> list[Place]:
        parts: list[bytes | memoryview] = []
        places, end, headers = [], self._end, room(HEADER_BYTES * len(frames))
        for number, frame in enumerate(frames):
            header = headers[HEADER_BYTES * number : HEADER_BYTES * (number + 1)]
            header[:] = _header_of(frame)
            parts += (header, frame.data)
            if rest := _blocks(len(frame.data)) - len(frame.data):
                parts.append(bytes(rest))
            places.append(Place(self._current, end + HEADER_BYTES, len(frame.data)))
            end += HEADER_BYTES + _blocks(len(frame.data))
        try:
            if self._direct is None or not self._is_past_cache(self._direct, parts):
                _write_all(file, parts, self._end)
            os.fdatasync(file.fileno())
        except OSError as error:
            # A full disk leaves what stood before. After another fault nobody knows what the disk holds.
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                self._fault = error.strerror or str(error)
            os.ftruncate(file.fileno(), self._end)
            raise
        self._end = end
        return places

    def _is_past_cache(self, direct: File, parts: Sequence[bytes | memoryview]) -> bool:
        """Whether they were written so; what a disk does not take it has not begun."""
        if not all(map(has_whole_blocks, parts)):
            return False
        try:
            _write_all(direct, parts, self._end)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self._direct = None  # its blocks are larger
        return self._direct is not None

    def recover(self, pack: int, indexed: int) -> Iterator[tuple[Frame, Place]]:
        """New frames go behind those of the pack that is recovered last."""
        if not self._path(pack).exists():  # a crash came between its number and the file, or while it was dropped
            return
        file, end = self._opened(pack), indexed
        while frame := _frame_at(file, end):
            yield frame, Place(pack, end + HEADER_BYTES, len(frame.data))
            end += HEADER_BYTES + _blocks(len(frame.data))
        os.ftruncate(file.fileno(), end)
        os.fdatasync(file.fileno())
        self._turn_to(pack, end)

    def _turn_to(self, pack: int, end: int) -> None:
        """Frames go there now."""
        self._current, self._end, self._direct = pack, end, None
        if _PAST_CACHE:
            with suppress(OSError):  # not every file system takes it
                self._direct = File(self._path(pack), os.O_RDWR | _PAST_CACHE)

    def read(self, place: Place) -> bytes:
        return os.pread(self._opened(place.pack).fileno(), place.size, place.offset)

    def file(self, place: Place) -> File:
        return self._opened(place.pack)

    def read_past_cache(self, places: Sequence[Place]) -> memoryview | None:
        """By one call, for neighbours."""
        whole = sum(place.size for place in places)
        body, gap = room(_blocks(whole)), room(HEADER_BYTES)
        parts, at = [gap], 0
        for place in places:
            if place.pack != places[0].pack or place.offset != places[0].offset + at + HEADER_BYTES * (len(parts) // 2):
                return None
            parts += (body[at : at + _blocks(place.size)], gap)
            at += place.size
        try:
            file = File(self._path(places[0].pack), os.O_RDONLY | _PAST_CACHE)
            count = os.preadv(file.fileno(), parts[1:-1], places[0].offset)
        except OSError:
            return None
        return body[:whole] if count >= whole + HEADER_BYTES * (len(places) - 1) else None

    def erase(self, places: Sequence[Place]) -> None:
        """Neighbours become one hole: only whole blocks of the disk are given back."""
        holes: list[tuple[int, int, int]] = []
        for place in sorted(places, key=lambda place: (place.pack, place.offset)):
            start, end = place.offset - HEADER_BYTES, place.end
            if holes and holes[-1][0] == place.pack and holes[-1][2] == start:
                holes[-1] = (place.pack, holes[-1][1], end)
            else:
                holes.append((place.pack, start, end))
        for pack, start, end in holes:
            if self._path(pack).exists():
                _punch(self._opened(pack), start, end - start)

    def drop(self, pack: int) -> bool:
        if pack == self._current:
            return False
        self._files.pop(pack, None)
        self._path(pack).unlink(missing_ok=True)
        return True

    def close(self) -> None:
        self._files.clear()
        self._direct = None

    def _path(self, pack: int) -> Path:
        return self.folder / f"{pack:08}.pack"

    def _create(self, pack: int) -> None:
        """The name is durable before anything is said to be in it."""
        self._files[pack] = File(self._path(pack), os.O_RDWR | os.O_CREAT | os.O_EXCL)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _opened(self, pack: int) -> File:
        file = self._files.get(pack)
        if file is None:
            file = self._files[pack] = File(self._path(pack))
        return file


def _blocks(size: int) -> int:
    """Bytes of the whole blocks that hold so many."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def _header_of(frame: Frame) -> bytes:
    header = _HEADER.pack(_MAGIC, frame.upload, frame.root, frame.number, len(frame.data))
    return (header + _CRC.pack(zlib.crc32(header))).ljust(HEADER_BYTES, b"\0")


def _frame_at(file: File, offset: int) -> Frame | None:
    """The frame that begins there; None where none does, or only the beginning of one."""
    head = os.pread(file.fileno(), HEADER_BYTES, offset)
    if (
        len(head) != HEADER_BYTES
        or any(head[_HEADER.size + _CRC.size :])
        or _CRC.unpack_from(head, _HEADER.size)[0] != zlib.crc32(head[: _HEADER.size])
    ):
        return None
    magic, upload, root, number, size = _HEADER.unpack_from(head)
    if magic != _MAGIC or not 0 < size <= SEGMENT_BYTES or size % LEAF_BYTES:
        return None
    data = os.pread(file.fileno(), size, offset + HEADER_BYTES)
    tail = os.pread(file.fileno(), _blocks(size) - size, offset + HEADER_BYTES + size)
    if len(data) != size or len(tail) != _blocks(size) - size or segment_root(data, number) != root:
        return None
    return Frame(upload, number, root, data)


def _write_all(file: File, parts: Sequence[bytes | memoryview], offset: int) -> None:
    views = [memoryview(part) for part in parts]
    while views:
        done = os.pwritev(file.fileno(), views[:_MAX_PARTS], offset)
        offset += done
        while views and done >= len(views[0]):
            done -= len(views.pop(0))
        if done:
            views[0] = views[0][done:]


def _punch(file: File, offset: int, size: int) -> None:
    """Where the system or its disk knows no holes, the room comes back when the whole pack is dropped."""
    call = getattr(ctypes.CDLL(None), "fallocate", None)
    if call is not None:
        call(file.fileno(), _PUNCH_HOLE | _KEEP_SIZE, ctypes.c_int64(offset), ctypes.c_int64(size))
