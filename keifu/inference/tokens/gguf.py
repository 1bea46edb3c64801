"""GGUF files, as their publishers make them: numbers of the metadata, and tensors in blocks or floats.

The file is somebody else's. Every count, length and offset is compared with a bound and with the file's size before
memory is taken for it, and what is wrong is named.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu._files import require_plain
from keifu.errors import InputError

__all__ = ["F32", "Q4_1", "Q8_0", "Gguf", "Stored"]

F32, F16, Q4_0, Q4_1, Q8_0 = 0, 1, 2, 3, 8
BLOCK = 32
# Type: name, values of a block, bytes of a block.
TYPES = {F32: ("F32", 1, 4), F16: ("F16", 1, 2), Q4_0: ("Q4_0", BLOCK, 18), Q4_1: ("Q4_1", BLOCK, 20),
         Q8_0: ("Q8_0", BLOCK, 34)}  # fmt: skip
_MAGIC, _VERSIONS = b"GGUF", (2, 3)
_MAX_KEYS, _MAX_TENSORS, _MAX_ITEMS, _MAX_STRING, _MAX_AXES = 1_024, 16_384, 1 << 21, 1 << 20, 4
_MAX_METADATA = 1 << 28  # bytes before the tensors
_MAX_VALUES = 1 << 33  # of one tensor
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}


@dataclass(frozen=True)
class Stored:
    """A tensor as it stands in the file: `shape` has the outermost axis first."""

    name: str
    kind: int
    shape: tuple[int, ...]
    bytes: NDArray[np.uint8]

    @property
    def rows(self) -> NDArray[np.uint8]:
        """rows × blocks × bytes of a block."""
        _, values, size = TYPES[self.kind]
        return self.bytes.reshape(self.shape[0] if len(self.shape) > 1 else 1, self.shape[-1] // values, size)

    def blocks(self) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
        """Whole weights, rows × lanes, and (d, m) of each block. Raises InputError for a tensor without blocks."""
        if self.kind not in {Q4_0, Q4_1, Q8_0}:
            raise InputError(f"{self.name} is {TYPES[self.kind][0]}, which has no blocks")
        rows = self.rows
        d = _halves(rows[..., :2])
        if self.kind == Q8_0:
            return _lanes(rows[..., 2:].view(np.int8)), _finite(self.name, np.stack([d, np.zeros_like(d)], axis=-1))
        m = _halves(rows[..., 2:4]) if self.kind == Q4_1 else -8 * d
        nibbles = rows[..., 4 if self.kind == Q4_1 else 2 :]
        both = np.concatenate([nibbles & 15, nibbles >> 4], axis=2).astype(np.int8)
        return _lanes(both), _finite(self.name, np.stack([d, m], axis=-1))

    def floats(self) -> NDArray[np.float32]:
        """Its values. Raises InputError when one is no number."""
        if self.kind in {F32, F16}:
            kind = "<f4" if self.kind == F32 else "<f2"
            return _finite(self.name, self.bytes.view(kind).astype(np.float32).reshape(self.shape))
        weights, scales = self.blocks()
        wide = np.repeat(scales.astype(np.float32), BLOCK, axis=1)
        found: NDArray[np.float32] = (weights * wide[..., 0] + wide[..., 1]).reshape(self.shape)
        return found


def _halves(pairs: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.ascontiguousarray(pairs).view("<f2")[..., 0].astype(np.float64)


def _lanes(blocks: NDArray[np.int8]) -> NDArray[np.int8]:
    return np.ascontiguousarray(blocks.reshape(len(blocks), -1))


def _finite(name: str, values: NDArray[Any]) -> NDArray[Any]:
    if not np.isfinite(values).all():
        raise InputError(f"{name} holds a value that is no finite number")
    return values


class Gguf:
    """A file's metadata and tensors. Tensors are mapped, so reading one takes what it needs."""

    def __init__(self, path: str | Path) -> None:
        """Raises InputError for a file that is no GGUF, or whose sizes are not as it says."""
        try:
            require_plain(path)
            self._bytes: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read: {error}") from error
        self._name, self._at = Path(path).name, 0
        if self._take(4) != _MAGIC:
            raise self._fault("it does not begin with GGUF")
        version = self._number("<I")
        if version not in _VERSIONS:
            raise self._fault(f"version {version} is not read, 2 and 3 are")
        tensors, keys = self._number("<Q"), self._number("<Q")
        self._within("tensors", tensors, _MAX_TENSORS)
        self._within("keys", keys, _MAX_KEYS)
        self._items = 0  # of all lists until now
        self.metadata: dict[str, Any] = {}
        for _ in range(keys):
            name = self._string()
            if name in self.metadata:
                raise self._fault(f"two keys are called {name}")
            self.metadata[name] = self._value(name, self._number("<I"))
        self.tensors = self._tensors(tensors)

    def number(self, key: str, least: int, most: int) -> int:
        """A whole number of the metadata. Raises InputError when it is missing, or outside."""
        value = self.metadata.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._fault(f"{key} is {value!r}, not a whole number")
        if not least <= value <= most:
            raise self._fault(f"{key} is {value:,}, not from {least:,} to {most:,}")
        return value

    def tensor(self, name: str, shape: tuple[int, ...]) -> Stored:
        """Raises InputError when there is no such tensor, or one of another shape."""
        found = self.tensors.get(name)
        if found is None:
            raise self._fault(f"it has no tensor {name}")
        if found.shape != shape:
            raise self._fault(f"{name} is {list(found.shape)}, not {list(shape)}")
        return found

    def _fault(self, words: str) -> InputError:
        return InputError(f"{self._name}: {words}", remedy="get the file anew, and compare its digest")

    def _within(self, what: str, count: int, most: int) -> None:
        if count > most:
            raise self._fault(f"{count:,} {what}, at most {most:,} are read")

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._bytes) or end > _MAX_METADATA:
            raise self._fault(f"it ends, or passes {_MAX_METADATA:,} bytes, before its tensors")
        found = self._bytes[self._at : end].tobytes()
        self._at = end
        return found

    def _number(self, kind: str) -> Any:
        return struct.unpack(kind, self._take(struct.calcsize(kind)))[0]

    def _string(self) -> str:
        length = self._number("<Q")
        self._within("bytes of a string", length, _MAX_STRING)
        try:
            return self._take(length).decode()
        except UnicodeDecodeError as error:
            raise self._fault("a string is no UTF-8") from error

    def _value(self, name: str, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            inner, count = self._number("<I"), self._number("<Q")
            self._items += count
            self._within(f"items of {name} and of lists before it", self._items, _MAX_ITEMS)
            if inner == _ARRAY:
                raise self._fault(f"{name} is a list of lists")
            return [self._value(name, inner) for _ in range(count)]
        if kind not in _SCALARS:
            raise self._fault(f"{name} has type {kind}, which is not known")
        return self._number(_SCALARS[kind])

    def _tensors(self, count: int) -> dict[str, Stored]:
        described: dict[str, tuple[int, tuple[int, ...], int]] = {}
        for _ in range(count):
            name, axes = self._string(), self._number("<I")
            self._within(f"axes of {name}", axes, _MAX_AXES)
            shape = tuple(self._number("<Q") for _ in range(axes))[::-1]
            if name in described:
                raise self._fault(f"two tensors are called {name}")
            described[name] = self._number("<I"), shape, self._number("<Q")
        alignment = self.metadata.get("general.alignment", BLOCK)
        if not isinstance(alignment, int) or alignment not in {1 << power for power in range(3, 17)}:
            raise self._fault(f"general.alignment is {alignment!r}, not a power of two")
        start = -(-self._at // alignment) * alignment
        found = {name: self._stored(name, *item, start, alignment) for name, item in described.items()}
        self._apart({name: (offset, len(found[name].bytes)) for name, (_, _, offset) in described.items()})
        return found

    def _apart(self, places: dict[str, tuple[int, int]]) -> None:
        """No byte is two tensors'."""
        end, before = 0, ""
        for offset, count, name in sorted((offset, count, name) for name, (offset, count) in places.items()):
            if offset < end:
                raise self._fault(f"{name} begins inside of {before}")
            end, before = offset + count, name

    def _stored(self, name: str, kind: int, shape: tuple[int, ...], offset: int, start: int, align: int) -> Stored:
        if kind not in TYPES:
            known = ", ".join(word for word, _, _ in TYPES.values())
            raise self._fault(f"{name} has type {kind}; {known} are read")
        _, values, size = TYPES[kind]
        count = 1
        for axis in shape:
            count *= axis
            self._within(f"values of {name}", count, _MAX_VALUES)
        if not shape or not count or shape[-1] % values:
            raise self._fault(f"{name} of {list(shape)} has no whole number of blocks")
        bytes_ = count // values * size
        if offset % align or start + offset + bytes_ > len(self._bytes):
            raise self._fault(f"{name} stands outside the file, or between two places")
        return Stored(name, kind, shape, self._bytes[start + offset : start + offset + bytes_])
