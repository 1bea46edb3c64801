"""A tree of files as one file to store: their contents one after another, and where each begins.

A name comes from whoever made the manifest, and becomes a path on the reader's disk. So it is refused unless it is
plain: relative, in NFC, without control, format or private characters, and short enough for any file system.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from keifu.errors import InputError

__all__ = ["Entry", "Manifest", "TreeReader", "manifest_of", "require_name", "targets"]

VERSION = 1
MAX_PART_BYTES, MAX_NAME_BYTES, MAX_FILES = 255, 4_000, 1_000_000
_REMEDY = "rename it"
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}


class Entry(msgspec.Struct, frozen=True):
    name: str
    size: int


class Manifest(msgspec.Struct, frozen=True):
    """Entries in ascending order of their names; each file begins where the one before it ends."""

    version: int
    files: tuple[Entry, ...]

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.files)

    def place(self, name: str) -> tuple[int, int]:
        """(start, size) of a file among all bytes."""
        start = 0
        for entry in self.files:
            if entry.name == name:
                return start, entry.size
            start += entry.size
        raise InputError(f"there is no file {name!r} in it", remedy="list its files")

    def to_bytes(self) -> bytes:
        return msgspec.json.encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Raises InputError for a manifest that `manifest_of` never makes."""
        try:
            found = msgspec.json.decode(data, type=cls, strict=True)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(f"this is no manifest: {error}", remedy="fetch it again, whole") from error
        if found.version != VERSION:
            raise InputError(f"manifest of version {found.version}, not {VERSION}", remedy="install a newer keifu")
        found.require()
        return found

    def require(self) -> None:
        if len(self.files) > MAX_FILES:
            raise InputError(f"{len(self.files)} files are too many", remedy=f"split them below {MAX_FILES}")
        names = [entry.name for entry in self.files]
        if names != sorted(set(names)):
            raise InputError("the names in a manifest are not in order, each once", remedy="make it again")
        seen: dict[str, str] = {}
        for entry in self.files:
            require_name(entry.name)
            if entry.size < 0:
                raise InputError(f"{entry.name!r} has {entry.size} bytes", remedy="make the manifest again")
            folded = entry.name.casefold()
            if folded in seen:
                raise InputError(f"{entry.name!r} and {seen[folded]!r} are one file on some disks", remedy=_REMEDY)
            seen[folded] = entry.name
        for folded, name in seen.items():
            parents = [parent.as_posix() for parent in Path(folded).parents]
            if clash := next((parent for parent in parents if parent in seen), None):
                raise InputError(f"{seen[clash]!r} is a file, and a folder of {name!r}", remedy=_REMEDY)


def require_name(name: str) -> None:
    """Raises InputError for a name that could leave its folder, or look like another."""
    if not name or len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        raise InputError(f"a name of {len(name)} characters: {name[:40]!r}", remedy=_REMEDY)
    if name != unicodedata.normalize("NFC", name):
        raise InputError(f"name that is not in Unicode's form NFC: {name!r}", remedy=_REMEDY)
    if odd := next(
        (sign for sign in name if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}), ""
    ):
        raise InputError(f"name with the character U+{ord(odd):04X}: {name!r}", remedy=_REMEDY)
    for part in name.split("/"):
        _require_part(part, name)


def _require_part(part: str, name: str) -> None:
    if part in {"", ".", ".."} or "\\" in part or ":" in part:
        raise InputError(f"name that leaves its folder: {name!r}", remedy=_REMEDY)
    if len(part.encode()) > MAX_PART_BYTES:
        raise InputError(f"a part of a name has more than {MAX_PART_BYTES} bytes: {part[:40]!r}", remedy=_REMEDY)
    if part != part.strip() or part.endswith(".") or part.split(".", maxsplit=1)[0].casefold() in _DEVICES:
        raise InputError(f"name that some disks cannot hold: {name!r}", remedy=_REMEDY)


def manifest_of(folder: Path) -> Manifest:
    """Of all files below a folder. A symbolic link is refused, whatever it leads to."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise InputError(f"{path} is a link, or no plain file", remedy="replace it by the file itself")
        if path.is_file():
            found.append(Entry(path.relative_to(folder).as_posix(), path.stat().st_size))
    manifest = Manifest(VERSION, tuple(sorted(found, key=lambda entry: entry.name)))
    manifest.require()
    return manifest


def targets(manifest: Manifest, folder: Path) -> Iterator[tuple[Entry, Path]]:
    """Where each file of a manifest goes below a folder. A link that stands there already leads nowhere else."""
    top = folder.resolve()
    for entry in manifest.files:
        path = top / entry.name
        if not path.resolve().is_relative_to(top):
            raise InputError(f"a link in {folder} leads {entry.name!r} out of it", remedy="take an empty folder")
        yield entry, path


class TreeReader:
    """The contents of a manifest's files as one stream, for the encoder. A file that changed its length is refused."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._parts = self._read(folder, manifest.files)
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = part
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    @staticmethod
    def _read(folder: Path, files: Iterable[Entry]) -> Iterator[bytes]:
        for entry in files:
            left = entry.size
            with (folder / entry.name).open("rb") as file:
                while part := file.read(1 << 20):
                    left -= len(part)
                    yield part
            if left:
                raise InputError(f"{entry.name!r} changed while it was read", remedy="store the folder again")
