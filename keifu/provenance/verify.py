"""Checks that a person or a pipeline runs: are these the registered bytes, and can this run have happened when it says?

Every check ends in a Finding with the name of what was looked at; `require` turns the failed ones into CheckFailed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keifu.errors import CheckFailed, InputError
from keifu.provenance._model import ZERO, Heartbeat, Kind, Status, environments_domain, is_heartbeat_signed
from keifu.provenance.digest import TreeDigest, digest_path
from keifu.provenance.documents import Documents
from keifu.provenance.facts import Production
from keifu.provenance.lineage import Lineage
from keifu.provenance.manifest import Manifest
from keifu.provenance.proved import Block, Proved
from keifu.provenance.registry import Entry
from keifu.provenance.statement import instant, rfc3339
from keifu.provenance.trust import Trust
from keifu.texts import one_line
from keifu.units import counted

__all__ = [
    "Finding",
    "check_account",
    "check_attesters",
    "check_author",
    "check_block",
    "check_bytes",
    "check_lineage",
    "check_program",
    "check_promotion",
    "check_run",
    "check_running",
    "check_tree",
    "require",
]

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
        raise CheckFailed("; ".join(f"{finding.check}: {one_line(finding.detail)}" for finding in failed))


def check_bytes(entry: Entry, path: str | Path, manifest: Manifest | None = None) -> Finding:
    """Whether the files at `path` are the record's, names included. `manifest` is what the record commits to, when it
    is at hand: then the files are read as it says, and those that differ are named."""
    if manifest is not None:
        manifest.require(entry.record.manifest, entry.record.digest)
        return check_tree(entry, manifest.tree(path), manifest)
    return check_tree(entry, digest_path(path))


def check_tree(entry: Entry, found: TreeDigest, manifest: Manifest | None = None) -> Finding:
    """The same for files that were read already."""
    record, good = entry.record, f"{counted(len(found.files), 'file')}, {counted(found.size, 'byte')}: as registered"
    if manifest is not None:
        differs = manifest.difference(found)
        left_out = f"; left out: {', '.join(manifest.ignored)}" if manifest.ignored else ""
        return Finding("bytes", not differs, f"{differs}{left_out}" if differs else f"{good}, names too{left_out}")
    if found.root != record.digest:
        said = f"the files have digest {found.root.hex()}, the {record.kind.word} {record.digest.hex()}"
        return Finding("bytes", False, f"{said}; which file differs stands in its manifest, which is not at hand")
    if record.manifest == ZERO:
        return Finding("bytes", True, f"{good}; the record commits to no names")
    if Manifest.of(found).hash != record.manifest:
        return Finding("bytes", False, "the digest is as registered, but names cannot be checked without the manifest")
    return Finding("bytes", True, f"{good}, names too")


def check_program(entry: Entry, path: str | Path) -> Finding:
    """Whether the files at `path` give the record's program root: operators, weights, biases and rounding."""
    from keifu.inference.programs import roots_of_folder  # noqa: PLC0415 - numpy, which checking bytes does not need

    try:
        found = roots_of_folder(Path(path))
    except InputError as error:
        return Finding("program", False, str(error))
    if entry.record.program_root in found:
        return Finding("program", True, "operators, weights, biases and rounding are as registered")
    expected = entry.record.program_root.hex()[:16]
    return Finding("program", False, f"{path} has program root {found[0].hex()[:16]}…, the record {expected}…")


def check_lineage(lineage: Lineage) -> Finding:
    """Whether every ancestor that was asked for is known, and none was withdrawn."""
    if lineage.missing:
        return Finding("lineage", False, f"{counted(len(lineage.missing), 'ancestor')} missing here")
    if lineage.withdrawn:
        words = ", ".join(f"{lineage.title(e.id)} is {e.status.word}" for e in lineage.withdrawn)
        return Finding("lineage", False, words)
    size = f"{counted(len(lineage.entries), 'record')}, {counted(lineage.depth, 'link')} deep"
    rest = "; what it was made from is not shown here" if lineage.cut else ""
    return Finding("lineage", True, f"{size}, none withdrawn{rest}")


def check_run(entry: Entry, statement: Mapping[str, Any], lineage: Lineage) -> Finding:
    """Whether a run's stated times fit the chain's: its inputs were registered before it started, and it had finished
    when it was registered itself. A back-dated run names inputs that were not there yet."""
    if entry.record.kind != Kind.RUN:
        raise InputError(f"record {entry.id.hex()} is not a run")
    try:
        metadata = statement["predicate"]["runDetails"]["metadata"]
        started, finished = instant(metadata["startedOn"]), instant(metadata["finishedOn"])
    except (KeyError, TypeError):  # SLSA asks for neither
        return Finding("run time", True, "its statement does not say when it started and finished: nothing to compare")
    except InputError as error:
        return Finding("run time", False, f"in its statement {error.message}")
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


def check_block(block: Block) -> Finding:
    """Which block everything else is proved against, and who vouches for it."""
    return Finding(
        "block", True, f"{block.header.number} {block.hash} of {rfc3339(block.header.timestamp)}: {block.believed}"
    )


def check_author(entry: Entry, trust: Trust) -> Finding:
    """Whether the author is one whom the verifier trusts."""
    return check_account("author", entry.record.author, f"the {entry.record.kind.word} {entry.id.hex()}", trust)


def check_account(role: str, account: str, what: str, trust: Trust) -> Finding:
    """Whether whoever made `what` is one of the authors whom the verifier trusts."""
    try:
        trust.accept(what, author=account)
    except CheckFailed as error:
        return Finding(role, False, error.message)
    said = "whom you trust" if trust.authors else "not compared: you named no author whom you trust"
    return Finding(role, True, f"{account}, {said}")


def check_running(
    proved: Proved,
    environment: bytes,
    path: str | Path | None = None,
    heartbeats: Iterable[tuple[Heartbeat, bytes]] = (),
    *,
    artefact: bytes | None = None,
    documents: Documents | None = None,
    max_age: int = 600,
) -> list[Finding]:
    """What runs in production: the promotion as proved (of `artefact`, when one is asked about), the bytes at hand, and
    what nodes signed in the last `max_age` seconds.

    A heartbeat of an earlier promotion is stale, one with another digest under the current one contradicts.
    """
    try:
        proved.trust.accept("the question", environment=environment)
    except CheckFailed as error:
        return [Finding("environment", False, error.message)]
    made, entry = proved.production(environment)
    if entry is None:
        return [Finding("promotion", False, "nothing was ever promoted there")]
    if artefact is not None and entry.id != artefact:
        return [Finding("promotion", False, f"it runs {entry.id.hex()}, asked was {artefact.hex()}")]
    findings = [check_promotion(made, entry), check_attesters(made, proved.trust), check_author(entry, proved.followed)]
    if path is not None:
        findings.append(check_bytes(entry, path, documents.manifest(entry.record) if documents else None))
    said = list(heartbeats)
    findings += [_check_heartbeat(proved, made, entry, *item, max_age) for item in said]
    silent = set(proved.trust.runners_of(environment)) - {item.node.lower() for item, _ in said}
    return findings + [
        Finding(f"node {node}", False, "your trust file names it, it says nothing") for node in sorted(silent)
    ]


def check_promotion(made: Production, entry: Entry) -> Finding:
    """Whether what is promoted is in order: active, its policy's attestations standing at the block."""
    what = f"promotion {made.seq} of block {made.block}: {entry.record.kind.word} {entry.id.hex()}"
    if made.status != Status.ACTIVE:
        return Finding("promotion", False, f"{what}, the record is {made.status.word}")
    if made.unmet:
        schemas = ", ".join(item.schema.hex()[:8] for item in made.unmet)
        return Finding("promotion", False, f"{what}, its policy no longer holds (schema {schemas})")
    if made.unsound is not None:
        withdrawn, status = made.unsound
        state = "has a lineage that the registry cannot show" if status == Status.UNKNOWN else f"is {status.word}"
        said = f"{what}, its policy asks for a sound lineage: {withdrawn.hex()} {state}"
        return Finding("promotion", False, said)
    return Finding("promotion", True, f"{what}, policy holds")


def check_attesters(made: Production, trust: Trust) -> Finding:
    """Whether the policy rests on nobody but attesters whom the verifier trusts."""
    named = dict.fromkeys(attester for entry in made.policy for attester in entry.attesters)
    if not named:
        return Finding("policy", not trust.attesters, "asks for no attestation")
    try:
        for attester in named:
            trust.accept("the policy", attester=attester)
    except CheckFailed as error:
        return Finding("policy", False, error.message)
    said = "whom you trust" if trust.attesters else "not compared: you named no attester whom you trust"
    return Finding("policy", True, f"rests on {', '.join(named)}, {said}")


def _check_heartbeat(
    proved: Proved, made: Production, entry: Entry, heartbeat: Heartbeat, signature: bytes, max_age: int
) -> Finding:
    name = f"node {heartbeat.node}"
    domain = environments_domain(proved.trust.chain, proved.trust.environments)
    if heartbeat.environment != made.environment:
        said, asked = heartbeat.environment.hex(), made.environment.hex()
        return Finding(name, False, f"the heartbeat is about environment {said}, asked was {asked}")
    if not is_heartbeat_signed(domain, heartbeat, signature):
        return Finding(name, False, "the heartbeat is not signed by this node for these environments")
    age = proved.time - heartbeat.time
    if age < -CLOCK_SECONDS:
        return Finding(name, False, f"says a time {-age:,} s after the block")
    if age > max_age:
        return Finding(name, False, f"last heard of {age:,} s ago")
    if heartbeat.promotion_seq != made.seq:
        return Finding(name, False, f"still runs promotion {heartbeat.promotion_seq}")
    if heartbeat.digest != entry.record.digest:
        return Finding(name, False, f"signed that it runs {heartbeat.digest.hex()[:16]}…: evidence for a slash")
    return Finding(name, True, f"runs promotion {made.seq}")
