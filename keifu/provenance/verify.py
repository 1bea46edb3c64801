"""Checks that a person or a pipeline runs: are these the registered bytes, and can this run have happened when it says?

Every check ends in a Finding with the name of what was looked at; `require` turns the failed ones into CheckFailed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keifu.errors import CheckFailed, InputError
from keifu.provenance._model import Heartbeat, Kind, Status, environments_domain, is_heartbeat_signed
from keifu.provenance.digest import TreeDigest, digest_path
from keifu.provenance.lineage import Lineage
from keifu.provenance.program import program_root
from keifu.provenance.registry import Entry, Provenance
from keifu.provenance.statement import instant

__all__ = ["Finding", "check_bytes", "check_lineage", "check_program", "check_run", "check_running", "require"]

CLOCK_SECONDS = 60  # by which a pipeline's clock and the chain's may differ


@dataclass(frozen=True)
class Finding:
    """The outcome of one check, in words."""

    check: str
    ok: bool
    detail: str

    def to_json(self) -> dict[str, Any]:
        return {"check": self.check, "ok": self.ok, "detail": self.detail}


def require(findings: Iterable[Finding]) -> None:
    """Raises CheckFailed naming every check that failed."""
    failed = [finding for finding in findings if not finding.ok]
    if failed:
        raise CheckFailed("; ".join(f"{finding.check}: {finding.detail}" for finding in failed))


def check_bytes(entry: Entry, path: str | Path, *, registered: TreeDigest | None = None) -> Finding:
    """Whether the bytes at `path` are the record's. `registered`, the digests by file from a manifest, lets the
    finding name the files that differ."""
    found = digest_path(path)
    if found.root == entry.record.digest:
        return Finding("bytes", True, f"{len(found.files)} files, {found.size:,} bytes: as registered")
    names = found.changed_from(registered) if registered else []
    where = f" (changed: {', '.join(names)})" if names else ""
    expected, actual = entry.record.digest.hex()[:16], found.root.hex()[:16]
    return Finding("bytes", False, f"{path} has digest {actual}…, the {entry.record.kind.word} {expected}…{where}")


def check_program(entry: Entry, path: str | Path) -> Finding:
    """Whether the files at `path` give the record's program root: operators, weights, biases and rounding."""
    try:
        found = program_root(Path(path))
    except InputError as error:
        return Finding("program", False, str(error))
    if found == entry.record.program_root:
        return Finding("program", True, "operators, weights, biases and rounding are as registered")
    expected = entry.record.program_root.hex()[:16]
    return Finding("program", False, f"{path} has program root {found.hex()[:16]}…, the record {expected}…")


def check_lineage(lineage: Lineage) -> Finding:
    """Whether every ancestor is known and none was withdrawn."""
    if lineage.missing:
        return Finding("lineage", False, f"{len(lineage.missing)} ancestors are not known here")
    if lineage.withdrawn:
        words = ", ".join(f"{lineage.title(e.id)} is {e.status.word}" for e in lineage.withdrawn)
        return Finding("lineage", False, words)
    return Finding("lineage", True, f"{len(lineage.entries)} records, {lineage.depth} links deep, none withdrawn")


def check_run(entry: Entry, statement: Mapping[str, Any], lineage: Lineage) -> Finding:
    """Whether a run's stated times fit the chain's: its inputs were registered before it started, and it had finished
    when it was registered itself. A back-dated run names inputs that were not there yet."""
    if entry.record.kind != Kind.RUN:
        raise InputError(f"record {entry.id.hex()} is not a run")
    try:
        metadata = statement["predicate"]["runDetails"]["metadata"]
        started, finished = instant(metadata["startedOn"]), instant(metadata["finishedOn"])
    except (KeyError, TypeError) as error:
        raise InputError("the run's statement lacks startedOn or finishedOn") from error
    for link in entry.record.links:
        parent = lineage.entries.get(link.parent)
        if parent is not None and parent.time > started + CLOCK_SECONDS:
            late = f"says it started {parent.time - started:,} s before its input"
            return Finding("run time", False, f"{late} {lineage.title(parent.id)} was registered")
    if finished < started:
        return Finding("run time", False, "says it finished before it started")
    if finished > entry.time + CLOCK_SECONDS:
        return Finding("run time", False, f"says it finished {finished - entry.time:,} s after it was registered")
    return Finding("run time", True, "started after its inputs were registered, finished before it was itself")


def check_running(
    source: Provenance,
    environment: bytes,
    path: str | Path | None = None,
    heartbeats: Iterable[tuple[Heartbeat, bytes]] = (),
    *,
    max_age: int = 600,
) -> list[Finding]:
    """What runs in production: the promotion on chain, the bytes at hand, and what nodes signed in the last `max_age`
    seconds. A heartbeat of an earlier promotion is stale, one with another digest under the current one contradicts."""
    artefact, seq, ok = source.current(environment)
    if seq == 0:
        return [Finding("promotion", False, "nothing was ever promoted there")]
    entry = source.entry(artefact)
    if entry is None:
        return [Finding("promotion", False, f"the promoted record {artefact.hex()} is unknown")]
    word = "policy holds" if ok else "its policy no longer holds"
    if entry.status != Status.ACTIVE:
        word = f"the record is {entry.status.word}"
    findings = [Finding("promotion", ok, f"promotion {seq}: {entry.record.kind.word} {artefact.hex()[:8]}, {word}")]
    if path is not None:
        findings.append(check_bytes(entry, path))
    findings += [_check_heartbeat(source, environment, entry, seq, *item, max_age) for item in heartbeats]
    return findings


def _check_heartbeat(
    source: Provenance, environment: bytes, entry: Entry, seq: int, heartbeat: Heartbeat, signature: bytes, max_age: int
) -> Finding:
    name = f"node {heartbeat.node[:10]}"
    assert source.environments is not None
    domain = environments_domain(source.chain.chain_id, source.environments.address)
    if not is_heartbeat_signed(domain, heartbeat, signature):
        return Finding(name, False, "the heartbeat is not signed by this node")
    if heartbeat.environment != environment:
        return Finding(name, False, "the heartbeat is about another environment")
    age = source.chain.now - heartbeat.time
    if age > max_age:
        return Finding(name, False, f"last heard of {age:,} s ago")
    if heartbeat.promotion_seq != seq:
        return Finding(name, False, f"still runs promotion {heartbeat.promotion_seq}")
    if heartbeat.digest != entry.record.digest:
        return Finding(name, False, f"signed that it runs {heartbeat.digest.hex()[:16]}…: evidence for a slash")
    return Finding(name, True, f"runs promotion {seq}")
