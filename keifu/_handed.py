"""Documents that people pass on to each other as JSON files: written to be read, and refused when they are no such."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

import msgspec

from keifu._files import read_bounded
from keifu.errors import InputError, KeifuError

__all__ = ["Handed"]

LARGEST = 1 << 20  # bytes: a batch of 16 calls with 4,096 bytes each takes an eighth


class Handed(msgspec.Struct):
    """A document from hand to hand: a `NOUN` that the command `WRITER` writes."""

    NOUN: ClassVar[str]
    WRITER: ClassVar[str]

    def require_readable(self) -> None:
        """Read every field that is text for something else. Raises whatever reading raises."""

    @property
    def written(self) -> bytes:
        """As it stands in its file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    def save(self, path: Path) -> None:
        path.write_bytes(self.written)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises InputError naming the file when it is something else."""
        try:
            found = msgspec.json.decode(read_bounded(path, LARGEST, "one"), type=cls)
            found.require_readable()
        except (ValueError, KeyError, TypeError, RecursionError, KeifuError) as error:
            remedy = f"take the file that `{cls.WRITER}` wrote"
            raise InputError(f"{path} is no {cls.NOUN}: {error}", remedy=remedy) from error
        return found
