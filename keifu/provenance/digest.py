"""The digest of a file or a directory, as OpenSSF model signing defines it.

SHA-256 over the SHA-256 digests of all files, in the order of their paths part by part. `model_signing` signs exactly
this digest as its subject (method `files`), so that anyone recomputes it without this package. Git's own files and
the tool's `model.sig` are left out, as it leaves them out. The digest says nothing of names: the manifest does.
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import NamedTuple, TypeVar

from keifu.errors import InputError

__all__ = ["WHOLE", "FileDigest", "TreeDigest", "digest_path", "kept_files"]

T = TypeVar("T")
WHOLE = "."  # the name of an artefact that is one file
READ_BYTES = 1 << 20  # large enough that hashing, not the calls, takes the time
TINY_BYTES = 1 << 14  # files up to here take longer to open than to hash: threads would wait for each other
SMALL_BYTES = 1 << 16  # files up to here are hashed many to a task
SMALL_A_TASK = 64
REPORT_BYTES = 16 << 20  # between two reports of progress
LEFT_OUT = (".git", ".gitattributes", ".github", ".gitignore", "model.sig")  # when they are there, and nobody says else


@dataclass(frozen=True)
class FileDigest:
    """One file: its path below the root with forward slashes, its SHA-256 and its length in bytes."""

    name: str
    digest: bytes
    size: int


@dataclass(frozen=True)
class TreeDigest:
    """What was hashed: the digest of everything, and of each file in order; which paths were left out, and whether
    links to files were followed."""

    root: bytes
    files: tuple[FileDigest, ...]
    ignored: tuple[str, ...] = ()
    links: bool = False

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


class _FoundFile(NamedTuple):
    parts: tuple[str, ...]
    path: str
    size: int

    @property
    def name(self) -> str:
        return "/".join(self.parts) or WHOLE


def digest_path(
    path: str | Path,
    *,
    ignore: Sequence[str] = (),
    links: bool = False,
    exact: bool = False,
    workers: int = 0,
    on_progress: Callable[[int], None] = lambda done: None,
) -> TreeDigest:
    """Digest of the file or directory at `path`, without what lies below the relative paths in `ignore`. Git's files
    and `model.sig` are left out, too, unless `exact`. `links` takes a link to a file for that file.

    `workers` threads (default: one a core) hash different files at once, and tell `on_progress` the bytes done so far.
    Raises InputError for other links, devices, unreadable files, names that are not UTF-8 or look the same, files that
    change while they are read, and a tree without files. A digest that skips a file would say nothing about it.
    """
    root = Path(path)
    ignored = [*dict.fromkeys(map(_relative, ignore))]
    if not exact and root.is_dir():
        ignored += [name for name in LEFT_OUT if name not in ignored and os.path.lexists(root / name)]
    found = sorted(_walk(root, frozenset(Path(name).parts for name in ignored), links), key=lambda item: item.parts)
    if not found:
        raise InputError(f"{root} holds no file", remedy="name the folder that holds the artefact")
    _require_distinct(item.name for item in found)
    digests: dict[str, bytes] = {}  # by place: what many links lead to is read once
    done = _Done(on_progress)
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        tasks = _tasks({item.path: item for item in found}.values())
        for part in pool.map(lambda items: _hash_many(items, done), tasks):
            digests.update((item.path, value) for item, value in part)
    done.end()
    whole = hashlib.sha256()
    for item in found:
        whole.update(digests[item.path])
    files = tuple(FileDigest(item.name, digests[item.path], item.size) for item in found)
    return TreeDigest(whole.digest(), files, tuple(sorted(ignored)), links)


def _relative(name: str) -> str:
    path = Path(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise InputError(f"cannot leave out {name!r}", remedy="name a path inside the folder, as in logs/today")
    return path.as_posix()


def kept_files(
    files: Mapping[str, T], ignore: Sequence[str] = (), *, always: Sequence[str] = ()
) -> tuple[dict[str, T], list[str]]:
    """Of files that are in no folder (in a commit, for one), those that `digest_path` would hash in their checkout, and
    the paths that are left out: `ignore`, and of Git's files those that are there or in `always`."""
    top = {name.partition("/")[0] for name in files} | set(always)
    ignored = [*dict.fromkeys(map(_relative, ignore))]
    ignored += [name for name in LEFT_OUT if name in top and name not in ignored]
    _require_distinct(files)
    below = tuple(f"{name}/" for name in ignored)
    kept = {name: file for name, file in files.items() if name not in ignored and not name.startswith(below)}
    return kept, ignored


def _require_distinct(names: Iterable[str]) -> None:
    """One name in two ways of writing it (é as one character or as two) is one file on some disks, two on others."""
    seen: dict[str, str] = {}
    for name in names:
        if not name.isascii():
            other = seen.setdefault(unicodedata.normalize("NFC", name), name)
            if other != name:
                raise InputError(f"two names look the same: {other!a}, {name!a}", remedy="rename one")


def _walk(root: Path, ignored: frozenset[tuple[str, ...]], links: bool) -> Iterator[_FoundFile]:
    """Every file, folders on a stack so that no depth of nesting is too deep."""
    try:
        mode = root.stat() if links else root.lstat()
    except OSError as error:
        raise InputError(f"cannot read {root}: {error.strerror}") from error
    if stat.S_ISREG(mode.st_mode):
        yield _FoundFile((), str(root), mode.st_size)
        return
    _require(stat.S_ISDIR(mode.st_mode), root, mode.st_mode)
    pending: list[tuple[str, tuple[str, ...]]] = [(str(root), ())]
    while pending:
        folder, parts = pending.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            raise InputError(f"cannot read {folder}: {error.strerror}") from error
        for entry in entries:
            where = (*parts, _utf8(entry.name, folder))
            if where in ignored:
                continue
            info, place = entry.stat(follow_symlinks=False), entry.path
            if links and stat.S_ISLNK(info.st_mode):
                info, place = _followed(entry), os.path.realpath(entry.path)
            if stat.S_ISDIR(info.st_mode):
                pending.append((entry.path, where))
            else:
                _require(stat.S_ISREG(info.st_mode), entry.path, info.st_mode)
                yield _FoundFile(where, place, info.st_size)


def _followed(entry: os.DirEntry[str]) -> os.stat_result:
    """What a link leads to. A folder is refused: it may be any other tree, or this one again."""
    try:
        info = entry.stat()
    except OSError as error:
        raise InputError(f"cannot follow {entry.path}: {error.strerror}") from error
    if stat.S_ISDIR(info.st_mode):
        raise InputError(f"{entry.path} is a link to a folder", remedy="only links to files are followed")
    return info


def _utf8(name: str, folder: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raw = os.fsencode(name)
        raise InputError(f"a name in {folder} is not UTF-8: {raw!r}", remedy="rename the file") from error
    return name


def _require(plain: bool, path: str | Path, mode: int) -> None:
    if plain:
        return
    if stat.S_ISLNK(mode):
        raise InputError(
            f"{path} is a symbolic link", remedy="follow links to files with --links, or leave it out: --ignore"
        )
    raise InputError(f"{path} is neither a file nor a folder", remedy="leave it out: --ignore")


def _tasks(found: Iterable[_FoundFile]) -> list[list[_FoundFile]]:
    """All tiny files for one thread, large ones alone and before the rest, so that no thread is left with one at the
    end; small ones in handfuls."""
    every = list(found)
    tiny = [item for item in every if item.size <= TINY_BYTES]
    large = sorted((item for item in every if item.size > SMALL_BYTES), key=lambda item: -item.size)
    small = [item for item in every if TINY_BYTES < item.size <= SMALL_BYTES]
    handfuls = [small[start : start + SMALL_A_TASK] for start in range(0, len(small), SMALL_A_TASK)]
    return [*([tiny] if tiny else []), *([item] for item in large), *handfuls]


class _Done:
    """Bytes that all threads have read, told in steps: within a large file, too, and not for each small one."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell, self._lock = tell, Lock()
        self._read = self._reported = 0

    def add(self, count: int) -> None:
        with self._lock:
            self._read += count
            if self._read - self._reported >= REPORT_BYTES:
                self.end()

    def end(self) -> None:
        self._reported = self._read
        self._tell(self._read)


def _hash_many(items: Sequence[_FoundFile], done: _Done) -> list[tuple[_FoundFile, bytes]]:
    buffer = memoryview(bytearray(min(READ_BYTES, max(item.size for item in items) + 1)))
    return [(item, _hash_file(item, buffer, done)) for item in items]


def _hash_file(item: _FoundFile, buffer: memoryview, done: _Done) -> bytes:
    hasher = hashlib.sha256()
    read = 0
    try:
        with open(item.path, "rb", buffering=0) as file:
            while count := file.readinto(buffer):
                hasher.update(buffer[:count])
                read += count
                done.add(count)
    except OSError as error:
        raise InputError(f"cannot read {item.path}: {error.strerror}") from error
    if read != item.size:
        raise InputError(f"{item.path} changed while it was read", remedy="stop what writes to it")
    return hasher.digest()
