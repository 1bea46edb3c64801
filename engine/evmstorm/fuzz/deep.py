"""The deep campaign: many slices, each a search of one process that follows from its seed alone, and a report of them.

Because a slice repeats exactly, a part of the report can be checked without doing all of it again.
"""

from __future__ import annotations

import hashlib
import multiprocessing as mp
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from ethwire.errors import CheckFailed
from evmstorm.evm import artifacts
from evmstorm.fuzz.engine import Engine
from evmstorm.fuzz.search import Search
from evmstorm.project import is_description, load, names
from evmstorm.reports import commit, read_report

__all__ = ["Report", "Slice", "campaign", "check", "key_of", "read", "run_slice"]

SLICE_CALLS = 250_000


class Slice(msgspec.Struct, frozen=True):
    """One search: what it was, what it did, and what it found ("" for nothing). All but `seconds` repeats.

    `key` is a hash over the run-time code under test and the text of its description.
    """

    system: str
    seed: int
    key: str
    calls: int
    waits: int
    sequences: int
    paths: int
    actions: dict[str, tuple[int, int]]  # done, refused
    finding: str = ""
    seconds: float = 0.0

    @property
    def fingerprint(self) -> str:
        """Equal for equal outcomes."""
        plain = msgspec.json.encode(msgspec.structs.replace(self, seconds=0.0))
        return hashlib.sha256(plain).hexdigest()


class Report(msgspec.Struct, frozen=True):
    """What is committed. `sources_sha256` is over every contract source."""

    command: str
    commit: str
    sources_sha256: str
    slice_calls: int
    calls: int
    findings: list[str]
    slices: list[Slice]


def key_of(system: str) -> str:
    """SHA-256 over the code under test and the description of a system."""
    described = load(system)
    digest = hashlib.sha256(described.code_hash().encode())
    for base in described.__mro__:
        if is_description(base.__module__):
            digest.update(Path(str(sys.modules[base.__module__].__file__)).read_bytes())
    return digest.hexdigest()


def run_slice(job: tuple[str, int, int]) -> Slice:
    """Search one system with one seed for so many calls and waits."""
    system, seed, calls = job
    engine = Engine(load(system))
    search = Search(engine, seed)
    found = ""
    started = time.monotonic()
    while engine.calls + engine.waits < calls:
        if (finding := search.step()) is not None:
            found = f"{finding.id}: {finding.message}: {search.data.hex()}"
            break
    return Slice(
        system=system,
        seed=seed,
        key=key_of(system),
        calls=engine.calls,
        waits=engine.waits,
        sequences=engine.sequences,
        paths=len(engine.seen or ()),
        actions={
            item.name: (count.ok, count.refused) for item, count in zip(engine.actions, engine.counts, strict=True)
        },
        finding=found,
        seconds=round(time.monotonic() - started, 1),
    )


def campaign(
    jobs: Sequence[tuple[str, int]],
    *,
    command: str,
    processes: int = 2,
    calls: int = SLICE_CALLS,
    before: Iterable[Slice] = (),
    on_slice: Callable[[Slice], None] = lambda part: None,
) -> Report:
    """Run a slice for each (system, seed); what `before` holds of them already, with the same code, is kept."""
    wanted = set(jobs)
    keys = {system: key_of(system) for system, _ in wanted}
    parts = [part for part in before if (part.system, part.seed) in wanted and part.key == keys[part.system]]
    known = {(part.system, part.seed) for part in parts}
    left = [job for job in jobs if job not in known]
    with mp.get_context("spawn").Pool(processes) as pool:
        for part in pool.imap_unordered(run_slice, [(system, seed, calls) for system, seed in left]):
            parts.append(part)
            on_slice(part)
    parts.sort(key=lambda part: (part.system, part.seed))
    return Report(
        command=command,
        commit=commit(),
        sources_sha256=artifacts.sources_sha256(),
        slice_calls=calls,
        calls=sum(part.calls + part.waits for part in parts),
        findings=[f"{part.system}: {part.finding}" for part in parts if part.finding],
        slices=parts,
    )


def read(path: Path) -> Report:
    """Raises InputError for a file that is no report."""
    return read_report(path, Report, "a campaign")


def check(report: Report, *, parts: int, seed: int) -> list[Slice]:
    """Run `parts` random slices of the report again; CheckFailed when one is not what it was."""
    described = names()
    current = [part for part in report.slices if part.system in described and part.key == key_of(part.system)]
    if not current:
        raise CheckFailed("the report is of other code", remedy="run the deep campaign again")
    chosen = random.Random(seed).sample(current, min(parts, len(current)))  # noqa: S311 - must repeat
    for part in chosen:
        again = run_slice((part.system, part.seed, report.slice_calls))
        if again.fingerprint != part.fingerprint:
            raise CheckFailed(f"{part.system} with seed {part.seed} did not repeat: {part} and then {again}")
    return chosen
