"""What a run of mutants found so far, so that one that was stopped goes on where it was.

A line of JSON for each mutant that was dealt with. The first line names what the verdicts are of: contract, sources and
seed, and each system by the hash of its description. A file of other sources or another seed is begun anew, and a last
line that was cut off is left out. When descriptions changed, what a system noticed that is as it was still stands, for
no other one can take it back; what nobody noticed is looked at again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from evmstorm.mutation.trial import Verdict

__all__ = ["Journal", "Subject"]


class Subject(msgspec.Struct, frozen=True):
    """What verdicts are of: the `sources` and seed, and the key of each system that was asked."""

    sources: str
    systems: dict[str, str]


class Entry(msgspec.Struct, frozen=True):
    """One mutant's name and verdict, without the code, and how long the run had taken by then."""

    mutant: str
    fate: str
    by: str
    code_id: str
    seconds: float


class Journal:
    """Verdicts by the name of their mutant, kept in the file at `path` as long as they are of `subject`."""

    def __init__(self, path: Path, subject: Subject) -> None:
        self.path = path
        self.known: dict[str, Verdict] = {}
        entries = list(_standing(path, subject)) if path.exists() else []
        self._earlier, self._since = entries[-1].seconds if entries else 0.0, time.monotonic()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(subject) + b"\n")
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


def _standing(path: Path, subject: Subject) -> Iterator[Entry]:
    """What was written down and still holds."""
    with suppress(msgspec.DecodeError):
        first, *lines = path.read_bytes().splitlines() or [b""]
        before = msgspec.json.decode(first, type=Subject)
        if before.sources != subject.sources:
            return
        for line in lines:
            entry = msgspec.json.decode(line, type=Entry)
            if _stands(entry, before.systems, subject.systems):
                yield entry


def _stands(entry: Entry, before: dict[str, str], now: dict[str, str]) -> bool:
    if before == now or entry.fate in ("broken", "same"):
        return True
    system = entry.by.partition(": ")[0]
    if system not in before:  # the compiler's verdict, or nobody's
        return entry.fate == "killed"
    return entry.fate == "killed" and before[system] == now.get(system)
