"""The address of a file in storage: one line that a record of provenance can hold, in 128 bytes.

It names the deal, whose events name the shards, and what else the content root commits to. The address of public data
holds the file's key; that of private data holds what its key was committed to.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from keifu.errors import InputError
from keifu.storage.ciphers import FileKeys
from keifu.storage.layout import HASH_BYTES, PREFIX_BYTES, Descriptor, Header, key_commitment

__all__ = ["FileAddress"]

_SCHEME = "keifu:"
_SIZE_BYTES, _MANIFEST_BYTES = 8, 4
_MASKED, _PUBLIC = 1, 2
_BYTES = HASH_BYTES + 3 + PREFIX_BYTES + _SIZE_BYTES + _MANIFEST_BYTES + HASH_BYTES


@dataclass(frozen=True)
class FileAddress:
    """`manifest` bytes at the file's beginning say what a folder holds; 0 for a single file."""

    deal: bytes
    header: Header
    size: int
    manifest: int = 0
    key: bytes = b""  # of public data

    @property
    def keys(self) -> FileKeys | None:
        """Of public data, whose shards are never masked."""
        return FileKeys(self.key) if self.key else None

    def descriptor(self, roots: Sequence[bytes]) -> Descriptor:
        return Descriptor(self.header, self.size, tuple(roots))

    def __str__(self) -> str:
        header = self.header
        flags = header.masked * _MASKED | bool(self.key) * _PUBLIC
        data = (
            self.deal
            + bytes([flags, header.k, header.m])
            + header.prefix
            + self.size.to_bytes(_SIZE_BYTES, "big")
            + self.manifest.to_bytes(_MANIFEST_BYTES, "big")
            + (self.key or header.commitment)
        )
        return _SCHEME + base64.urlsafe_b64encode(data).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> FileAddress:
        """Raises InputError for anything else."""
        try:
            if not text.startswith(_SCHEME):
                raise ValueError(f"it does not begin with {_SCHEME}")
            plain = text.removeprefix(_SCHEME).encode("ascii")
            data = base64.b64decode(plain + b"=" * (-len(plain) % 4), b"-_", validate=True)
            if len(data) != _BYTES:
                raise ValueError(f"it has {len(data)} bytes, not {_BYTES}")
            found = cls._of(data)
            if str(found) != text:
                raise ValueError("it is not written as addresses are")
        except (ValueError, binascii.Error) as error:
            raise InputError(
                f"{text[:40]!r} is no address of a file: {error}", remedy="as `keifu store put` prints it"
            ) from error
        return found

    @classmethod
    def _of(cls, data: bytes) -> FileAddress:
        deal, rest = data[:HASH_BYTES], data[HASH_BYTES:]
        (flags, k, m), rest = rest[:3], rest[3:]
        prefix, rest = rest[:PREFIX_BYTES], rest[PREFIX_BYTES:]
        size, rest = int.from_bytes(rest[:_SIZE_BYTES], "big"), rest[_SIZE_BYTES:]
        manifest, last = int.from_bytes(rest[:_MANIFEST_BYTES], "big"), rest[_MANIFEST_BYTES:]
        masked, public = bool(flags & _MASKED), bool(flags & _PUBLIC)
        if flags > _MASKED | _PUBLIC or (masked and public) or k == 0 or manifest > size:
            raise ValueError("it contradicts itself")
        commitment = key_commitment(last, b"") if public else last
        return cls(deal, Header(k, m, masked, prefix, commitment), size, manifest, last if public else b"")
