"""The manifest that a record commits to: which files under which names, and how they were read.

A record's `manifest` is the SHA-256 of these bytes. They hold what OpenSSF model signing signs in its predicate (the
method, links, paths left out; name and digest of each file) with the sizes, and the SHA-256 of each statement that the
author makes about the artefact. The record's digest follows from the files' digests alone; names stand here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from keifu.errors import CheckFailed, InputError
from keifu.provenance._model import digest_bytes
from keifu.provenance.digest import WHOLE, FileDigest, TreeDigest, digest_path
from keifu.provenance.statement import canonical

__all__ = ["FORMAT", "Difference", "Manifest"]

FORMAT = "keifu-manifest/1"
METHOD, HASH = "files", "sha256"
SHOWN = 5


class _Serialization(msgspec.Struct, forbid_unknown_fields=True):
    method: str
    hash_type: str
    allow_symlinks: bool
    ignore_paths: list[str]


class _Resource(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    algorithm: str
    digest: str
    size: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    serialization: _Serialization
    resources: list[_Resource]
    statements: list[str]


def _is_below(name: str) -> bool:
    """Whoever writes the files of a manifest somewhere must not be led out of the folder by a name."""
    return "\0" not in name and not any(part in ("", ".", "..") for part in name.split("/"))


@dataclass(frozen=True)
class Difference:
    """Names of files that changed, that are no longer there, and that were not there."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.changed or self.missing or self.added)

    def __str__(self) -> str:
        parts = [
            f"{word}: {', '.join(names[:SHOWN])}{f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''}"
            for word, names in (("changed", self.changed), ("missing", self.missing), ("added", self.added))
            if names
        ]
        return "; ".join(parts) or "equal"


@dataclass(frozen=True)
class Manifest:
    """Files in order, paths that were left out, whether links to files were followed, and hashes of statements."""

    files: tuple[FileDigest, ...]
    ignored: tuple[str, ...] = ()
    links: bool = False
    statements: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, tree: TreeDigest, statements: Sequence[bytes] = ()) -> Manifest:
        """`statements` are the bytes of each."""
        hashes = tuple(hashlib.sha256(body).digest() for body in statements)
        return cls(tree.files, tree.ignored, tree.links, hashes)

    @classmethod
    def read(cls, body: bytes) -> Manifest:
        """Raises InputError when the bytes are no manifest, or not in the one form that a manifest has."""
        try:
            found = msgspec.json.decode(body, type=_Document)
            said = found.serialization
            if (found.format, said.method, said.hash_type) != (FORMAT, METHOD, HASH):
                raise InputError(f"a manifest of format {found.format}, {said.method}, {said.hash_type}")
            files = tuple(
                FileDigest(item.name, digest_bytes(item.digest, item.name), item.size) for item in found.resources
            )
            statements = tuple(digest_bytes(item, "statement") for item in found.statements)
            manifest = cls(files, tuple(said.ignore_paths), said.allow_symlinks, statements)
            whole = manifest.body
        except (msgspec.DecodeError, RecursionError, UnicodeError, ValueError) as error:
            raise InputError(f"not a manifest: {error}") from error
        if whole != body:
            raise InputError("a manifest that is not in canonical form")
        names = [file.name for file in files]
        if not names or names != sorted(set(names), key=lambda name: name.split("/")):
            raise InputError("a manifest whose files are not in order, or named twice")
        if names != [WHOLE] and not all(map(_is_below, names)):
            raise InputError("a manifest with a name that no file below a folder has")
        return manifest

    @property
    def body(self) -> bytes:
        """The bytes that are hashed."""
        return canonical(
            {
                "format": FORMAT,
                "serialization": {
                    "method": METHOD,
                    "hash_type": HASH,
                    "allow_symlinks": self.links,
                    "ignore_paths": list(self.ignored),
                },
                "resources": [
                    {"name": file.name, "algorithm": HASH, "digest": file.digest.hex(), "size": file.size}
                    for file in self.files
                ],
                "statements": [item.hex() for item in self.statements],
            }
        )

    @property
    def hash(self) -> bytes:
        """What a record's `manifest` field keeps."""
        return hashlib.sha256(self.body).digest()

    @property
    def digest(self) -> bytes:
        """The digest that follows from the files: what a record's `digest` keeps."""
        return hashlib.sha256(b"".join(file.digest for file in self.files)).digest()

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def require(self, manifest: bytes, digest: bytes) -> None:
        """Raises CheckFailed unless a record with these two fields commits to this."""
        if self.hash != manifest:
            raise CheckFailed(f"the manifest hashes to {self.hash.hex()}, the record has {manifest.hex()}")
        if self.digest != digest:
            raise CheckFailed(f"the manifest's files have digest {self.digest.hex()}, the record {digest.hex()}")

    def tree(self, path: str | Path, **options: Any) -> TreeDigest:
        """The files at `path`, read as the author read them: nothing else is left out."""
        return digest_path(path, ignore=self.ignored, links=self.links, exact=True, **options)

    def difference(self, tree: TreeDigest) -> Difference:
        """What is other in `tree`, by name."""
        mine = {file.name: file for file in self.files}
        theirs = {file.name: file for file in tree.files}
        both = mine.keys() & theirs.keys()
        return Difference(
            tuple(sorted(name for name in both if mine[name].digest != theirs[name].digest)),
            tuple(sorted(mine.keys() - theirs.keys())),
            tuple(sorted(theirs.keys() - mine.keys())),
        )
