"""Safetensors files, as publishers make them: a JSON head, then numbers. The file is somebody else's: each count and
offset is compared with a bound and with the file's size, and what is wrong is named."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from keifu._files import require_plain
from keifu.errors import InputError

__all__ = ["Safetensors"]

_MAX_HEAD, _MAX_TENSORS, _MAX_AXES, _LENGTH = 16 << 20, 16_384, 4, 8
_KINDS = {"F32": ("<f4", 4), "F16": ("<f2", 2)}
_Size = Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]


class _Tensor(msgspec.Struct):
    dtype: str
    shape: Annotated[list[_Size], msgspec.Meta(max_length=_MAX_AXES)]
    data_offsets: tuple[_Size, _Size]


class Safetensors:
    """One file, mapped."""

    def __init__(self, path: Path) -> None:
        """Raises InputError."""
        self.path, self._read = path, set[str]()
        try:
            require_plain(path)
            data: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
            (length,) = struct.unpack("<Q", data[:_LENGTH].tobytes())
            if length > min(_MAX_HEAD, len(data) - _LENGTH):
                raise InputError(f"{path} says that its head has {length:,} bytes")
            head = msgspec.json.decode(data[_LENGTH : _LENGTH + length].tobytes(), type=dict[str, msgspec.Raw])
            head.pop("__metadata__", None)
            if len(head) > _MAX_TENSORS:
                raise InputError(f"{path} has {len(head):,} tensors, at most {_MAX_TENSORS:,} are read")
            self._tensors = {name: msgspec.json.decode(item, type=_Tensor) for name, item in head.items()}
        except (OSError, ValueError, RecursionError, struct.error) as error:
            raise InputError(f"{path} is no safetensors file: {error}") from error
        self._data = data[_LENGTH + length :]

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def shape(self, name: str, axes: int) -> tuple[int, ...]:
        """Raises InputError for a tensor that is not there, or has other axes."""
        found = self._tensors.get(name)
        if found is None or len(found.shape) != axes:
            raise InputError(f"{self.path}: {name} is missing, or has not {axes} axes")
        return tuple(found.shape)

    def floats(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Raises InputError naming a tensor that is missing, of another shape or kind, or has what is no number."""
        if self.shape(name, len(shape)) != shape:
            raise InputError(f"{self.path}: {name} is {self._tensors[name].shape}, not {list(shape)}")
        self._read.add(name)
        tensor = self._tensors[name]
        if tensor.dtype not in _KINDS:
            raise InputError(f"{self.path}: {name} is {tensor.dtype}, {' and '.join(_KINDS)} are read")
        kind, size = _KINDS[tensor.dtype]
        first, last = tensor.data_offsets
        if not first <= last <= len(self._data) or last - first != size * int(np.prod(shape, dtype=object)):
            raise InputError(f"{self.path}: {name} stands at {first:,} to {last:,}, where it does not fit")
        found = np.frombuffer(self._data[first:last].tobytes(), kind).astype(np.float32).reshape(shape)
        if not np.isfinite(found).all():
            raise InputError(f"{self.path}: {name} has what is no finite number")
        return found

    def expect_all_read(self, passed_over: tuple[str, ...]) -> None:
        """Raises InputError naming a tensor that nobody read, and whose name does not begin so: it would be another
        model's answers. So would one that shares bytes with another."""
        others = sorted(name for name in set(self._tensors) - self._read if not name.startswith(passed_over))
        if others:
            raise InputError(f"{self.path}: {others[0]} is a tensor that is not computed")
        end, before = 0, ""
        for (first, last), name in sorted((tensor.data_offsets, name) for name, tensor in self._tensors.items()):
            if first < end:
                raise InputError(f"{self.path}: {name} begins inside of {before}")
            end, before = last, name
