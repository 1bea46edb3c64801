"""What a run of mutants found so far, so that one that was stopped goes on where it was.

A line of JSON for each mutant that was dealt with. The first line names what the verdicts are of: contract, sources,
descriptions, seed. A file of anything else is begun anew, and so is a last line that was cut off left out.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import msgspec

from evmstorm.mutation.trial import Verdict

__all__ = ["Journal"]


class Entry(msgspec.Struct, frozen=True):
    """One mutant's name and verdict, without the code, and how long the run had taken by then."""

    mutant: str
    fate: str
    by: str
    code_id: str
    seconds: float


class Journal:
    """Verdicts by the name of their mutant, kept in the file at `path` as long as they are of `key`."""

    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        self.known: dict[str, Verdict] = {}
        entries: list[Entry] = []
        lines = path.read_bytes().splitlines() if path.exists() else []
        if lines and lines[0] == key.encode():
            with suppress(msgspec.DecodeError):
                for line in lines[1:]:
                    entries.append(msgspec.json.decode(line, type=Entry))
        self._earlier, self._since = entries[-1].seconds if entries else 0.0, time.monotonic()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(key.encode() + b"\n")
        for entry in entries:
            self.known[entry.mutant] = Verdict(entry.fate, entry.by, entry.code_id)
            self._write(entry)

    @property
    def seconds(self) -> float:
        """Of this run and of those before that it goes on with."""
        return self._earlier + time.monotonic() - self._since

    def add(self, mutant: str, verdict: Verdict) -> None:
        self.known[mutant] = verdict
        self._write(Entry(mutant, verdict.fate, verdict.by, verdict.code_id, round(self.seconds, 1)))

    def _write(self, entry: Entry) -> None:
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(entry) + b"\n")
