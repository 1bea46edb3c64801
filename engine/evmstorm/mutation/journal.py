"""What a run of mutants found so far, so that one that was stopped goes on where it was.

A line of JSON for each mutant that was dealt with. The first line names what the verdicts are of: contract, sources and
seed, and each system by the hash of its description. A file of other sources or another seed is begun anew, and a last
line that was cut off is left out. When descriptions changed, what a system noticed that is as it was still stands, for
no other one can take it back; what nobody noticed is looked at by the systems that are new or changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from evmstorm.mutation.trial import Verdict, in_vain, looks_of

__all__ = ["Journal", "Subject"]


OPEN = "open"  # not decided: `by` says who has looked in vain


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
        self.spared: dict[str, dict[str, str]] = {}  # mutant -> systems as they were that did not notice it
        entries: dict[str, Entry] = {}  # the last one of each mutant
        for entry, stands, spared in _read(path, subject) if path.exists() else ():
            if stands:
                entries[entry.mutant] = entry
            elif spared:
                self.spared[entry.mutant] = spared
                entries[entry.mutant] = msgspec.structs.replace(entry, fate=OPEN, by=in_vain(spared))
        self._earlier = max((entry.seconds for entry in entries.values()), default=0.0)
        self._since = time.monotonic()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(subject) + b"\n")
        for entry in entries.values():
            if entry.fate != OPEN:
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


def _read(path: Path, subject: Subject) -> Iterator[tuple[Entry, bool, dict[str, str]]]:
    """What was written down of the same sources: whether it still holds, and who need not look again."""
    with suppress(msgspec.DecodeError):
        first, *lines = path.read_bytes().splitlines() or [b""]
        before = msgspec.json.decode(first, type=Subject)
        if before.sources != subject.sources:
            return
        as_before = {name for name, key in subject.systems.items() if before.systems.get(name) == key}
        same = before.systems == subject.systems
        for line in lines:
            entry = msgspec.json.decode(line, type=Entry)
            looks = looks_of(entry.by) if entry.fate in ("alive", OPEN) else {}
            spared = {system: seen for system, seen in looks.items() if system in as_before}
            yield entry, entry.fate != OPEN and (same or _stands(entry, before, as_before)), spared


def _stands(entry: Entry, before: Subject, as_before: set[str]) -> bool:
    if entry.fate in ("broken", "same"):
        return True
    system = entry.by.partition(": ")[0]
    # What no system killed was too large to be deployed.
    return entry.fate == "killed" and (system in as_before or system not in before.systems)
