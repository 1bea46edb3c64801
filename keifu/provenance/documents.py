"""Manifests and statements: content that records commit to, kept and found by its SHA-256."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from keifu._files import read_bounded
from keifu.chain.deployments import user_folder
from keifu.errors import InputError
from keifu.provenance._model import ZERO, Record
from keifu.provenance.manifest import Manifest
from keifu.provenance.statement import read_statement

__all__ = ["LARGEST_DOCUMENT", "Documents", "kept_folder"]

LARGEST_DOCUMENT = 256 << 20  # bytes: a manifest of a million files


def kept_folder() -> Path:
    """Where this user's documents are kept."""
    return user_folder().parent / "documents"


class Documents:
    """Documents by SHA-256: those given, those in files of `folders`, those kept in `kept`. Nothing that does not hash
    to what it was asked for is ever given out."""

    def __init__(self, given: Iterable[bytes] = (), *, folders: Sequence[Path] = (), kept: Path | None = None) -> None:
        self._given = {hashlib.sha256(body).digest(): body for body in given}
        self._folders, self._kept = list(folders), kept
        self._places: dict[bytes, Path] = {}  # of what lies in the folders: read only when it is asked for

    def keep(self, body: bytes) -> bytes:
        """Keep a document; its SHA-256."""
        digest = hashlib.sha256(body).digest()
        if self._kept is None:
            self._given[digest] = body
            return digest
        path = self._kept / f"{digest.hex()}.json"
        if not path.exists():
            self._kept.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.getpid()}.partial")
            partial.write_bytes(body)
            partial.replace(path)
        return digest

    def get(self, digest: bytes) -> bytes | None:
        """The document, or None when it is not at hand."""
        if digest in self._given:
            return self._given[digest]
        if self._kept is not None and (body := _read(self._kept / f"{digest.hex()}.json", digest)) is not None:
            return body
        while self._folders:
            found = ((_digest_of(path), path) for path in sorted(self._folders.pop().glob("*.json")))
            self._places |= {key: path for key, path in found if key is not None}
        return _read(self._places[digest], digest) if digest in self._places else None

    def manifest(self, record: Record) -> Manifest | None:
        """The record's manifest; None when it has none, or it is not at hand. Raises InputError or CheckFailed when
        what the record commits to is no manifest of its bytes."""
        body = None if record.manifest == ZERO else self.get(record.manifest)
        if body is None:
            return None
        manifest = Manifest.read(body)
        manifest.require(record.manifest, record.digest)
        return manifest

    def statements(self, record: Record) -> list[dict[str, Any]]:
        """Those of the record's statements that are at hand."""
        manifest = self.manifest(record)
        bodies = [self.get(digest) for digest in manifest.statements] if manifest else []
        return [read_statement(body, record.digest) for body in bodies if body is not None]

    def manifests(self, records: Mapping[bytes, Record]) -> dict[bytes, Manifest]:
        """Those that are at hand, by record id."""
        found = ((record_id, self.manifest(record)) for record_id, record in records.items())
        return {record_id: manifest for record_id, manifest in found if manifest is not None}

    def said(self, records: Mapping[bytes, Record]) -> dict[bytes, dict[str, Any]]:
        """The first statement of each record that has one at hand, by record id."""
        found = ((record_id, self.statements(record)) for record_id, record in records.items())
        return {record_id: statements[0] for record_id, statements in found if statements}

    def all_of(self, record: Record) -> list[bytes]:
        """The record's manifest and statements. Raises InputError when one is not at hand."""
        if record.manifest == ZERO:
            return []
        manifest = self.manifest(record)
        if manifest is None:
            raise InputError(
                f"the manifest {record.manifest.hex()} of a {record.kind.word} is not at hand",
                remedy="name a folder that holds it: --documents",
            )
        bodies = [manifest.body]
        for digest in manifest.statements:
            if (body := self.get(digest)) is None:
                raise InputError(f"the statement {digest.hex()} is not at hand", remedy="--documents FOLDER")
            bodies.append(body)
        return bodies


def _read(path: Path, digest: bytes) -> bytes | None:
    try:
        body = read_bounded(path, LARGEST_DOCUMENT, "a document") if path.is_file() else b""
    except InputError:
        return None
    return body if hashlib.sha256(body).digest() == digest else None


def _digest_of(path: Path) -> bytes | None:
    """Of a file of a folder that somebody handed on: no pipe is waited for, and nothing too large is read."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_DOCUMENT:
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
