"""Files as `keifu prov verify` checks them: the question that goes with it, and what it shows as findings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keifu.cli._prov_options import Registry
from keifu.errors import UsageError

if TYPE_CHECKING:
    from keifu.provenance.bundle import Verified
    from keifu.provenance.documents import Documents
    from keifu.provenance.lineage import Lineage
    from keifu.provenance.trust import Trust
    from keifu.provenance.verify import Finding

__all__ = ["Asked", "checked_file", "record_line"]

TRUSTED = "you trust this block"


@dataclass(frozen=True)
class Asked:
    """What a bundle has to show, beside its record: an environment, heartbeats of nodes, labels of samples."""

    environment: bytes | None
    nodes: tuple[str, ...] = ()
    samples: tuple[int, ...] = ()
    max_age: int | None = None

    def require_none_of_a_bundle(self) -> None:
        """Raises UsageError for what only a bundle shows."""
        if self.nodes or self.samples or self.max_age is not None:
            raise UsageError(
                "--node, --sample and --max-age ask a bundle",
                remedy="of a chain, ask `keifu prov verify-running` and `keifu prov check-label`",
            )


def checked_file(
    registry: Registry, path: str, asked: Asked, held: Documents
) -> tuple[list[Finding], Lineage, Documents, Trust]:
    """Findings, lineage and documents of a bundle or of a record's proof, and what is trusted as of its block. No
    network. Raises UsageError when no block or nothing is trusted, CheckFailed when the file is not believed."""
    from keifu.provenance.foreign import is_record_proof

    of_one_record = is_record_proof(Path(path))
    what = "a record's proof" if of_one_record else "a bundle"
    trust = registry.pinned
    by_notaries = of_one_record and trust is not None and trust.notaries
    if registry.block_hash is None and not by_notaries and (trust is None or not trust.block):
        raise UsageError(f"{what} proves nothing without a block hash", remedy="--block-hash, from a node you trust")
    if trust is None:
        raise UsageError(
            f"{what} proves nothing without a registry and a chain that you trust",
            remedy="make a trust file: keifu trust init, or name one with --trust",
        )
    if of_one_record:
        asked.require_none_of_a_bundle()
        return _proof_of_one(Path(path), trust, held)
    return _bundle(path, trust, asked)


def _proof_of_one(path: Path, trust: Trust, held: Documents) -> tuple[list[Finding], Lineage, Documents, Trust]:
    from msgspec.structs import replace

    from keifu.keys import keccak256
    from keifu.provenance.foreign import RecordProof
    from keifu.provenance.lineage import Lineage

    proof = RecordProof.read(path)
    entry, header = proof.verify(trust)
    signed = not trust.block
    trust = replace(trust, block="0x" + keccak256(proof.header).hex()) if signed else trust
    graph = Lineage(entry.id)
    graph.entries[entry.id] = entry
    graph.cut = bool(entry.record.links)
    why = "notaries whom you trust signed it" if signed else TRUSTED
    return [_block_line(header.number, header.timestamp, trust, why), record_line(graph)], graph, held, trust


def _bundle(path: str, trust: Trust, asked: Asked) -> tuple[list[Finding], Lineage, Documents, Trust]:
    from keifu.provenance.bundle import MAX_AGE, Bundle
    from keifu.provenance.documents import Documents
    from keifu.provenance.lineage import walk

    made = Bundle.read(path)
    verified = made.verify(
        trust,
        environment=asked.environment,
        nodes=asked.nodes,
        samples=asked.samples,
        max_age=MAX_AGE if asked.max_age is None else asked.max_age,
    )
    block = _block_line(verified.number, verified.time, trust)
    graph = walk(verified, verified.root, names=verified.names)
    findings = [block, record_line(graph), *_production(verified, trust), *_labels(verified)]
    return findings, graph, Documents(made.parts.documents), verified.followed(trust)


def _block_line(number: int, time: int, trust: Trust, why: str = TRUSTED) -> Finding:
    from keifu.provenance.statement import rfc3339
    from keifu.provenance.verify import Finding

    return Finding("block", True, f"{number} {trust.block} of {rfc3339(time)}: {why}")


def record_line(graph: Lineage) -> Finding:
    """What the record is, in one line."""
    from keifu.provenance.statement import rfc3339
    from keifu.provenance.verify import Finding

    entry = graph.entries[graph.root]
    words = [entry.record.kind.word, *([entry.record.version] if entry.record.version else []), entry.id.hex()]
    held = "hashes to its id, proved in the block's state"
    return Finding("record", True, f"{' '.join(words)} of {rfc3339(entry.time)}, {entry.status.word}: {held}")


def _production(verified: Verified, trust: Trust) -> list[Finding]:
    from keifu.provenance.verify import Finding, check_attesters, check_promotion

    made = verified.production
    if made is None:
        return []
    said = [Finding(f"node {item.node}", True, f"runs promotion {made.seq}") for item in verified.heartbeats]
    other = "signed that it runs something else: evidence for a slash"
    said += [Finding(f"node {item.node}", False, other) for item in verified.contradictions]
    return [check_promotion(made, verified.entries[made.artefact]), check_attesters(made, trust), *said]


def _labels(verified: Verified) -> list[Finding]:
    from keifu.provenance.verify import Finding

    return [
        Finding(
            "label",
            True,
            f"sample {item.label.index} of {item.label.dataset.hex()}, signed by {item.label.labeller}, "
            f"anchored by {item.anchorer}, not taken back",
        )
        for item in verified.labels
    ]
