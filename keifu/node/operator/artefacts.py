"""The folders that an operator has, and which of them holds the bytes of a record."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from keifu.errors import InputError
from keifu.provenance.documents import Documents
from keifu.provenance.registry import Entry
from keifu.provenance.verify import check_bytes

__all__ = ["Artefacts"]


class Artefacts:
    """Finds artefacts by their bytes, read anew each time: a folder's name says nothing."""

    def __init__(self, patterns: Sequence[str], documents: Sequence[Path], base: Path) -> None:
        self._patterns = [str(base / pattern) for pattern in patterns]
        self._folders = [base / folder for folder in documents]
        self._last: dict[bytes, Path] = {}  # where each digest was found: looked at first

    def find(self, entry: Entry) -> tuple[Path | None, str]:
        """Where the record's bytes are, and why in no other place."""
        known = self._last.get(entry.record.digest)
        why: list[str] = []
        for path in dict.fromkeys([*([known] if known else []), *self.paths()]):
            if not (fault := self.fault(entry, path)):
                self._last[entry.record.digest] = path
                return path, ""
            why.append(f"{path.name}: {fault}")
        return None, "; ".join(why) or f"nothing is at {', '.join(self._patterns)}"

    def fault(self, entry: Entry, path: Path) -> str:
        """Why the bytes at `path` are not the record's; "" when they are."""
        try:
            found = check_bytes(entry, path, Documents(folders=self._folders).manifest(entry.record))
        except InputError as error:
            return str(error)
        return "" if found.ok else found.detail

    def paths(self) -> list[Path]:
        """What stands where the settings say."""
        return [Path(found) for pattern in self._patterns for found in sorted(glob.glob(pattern))]
