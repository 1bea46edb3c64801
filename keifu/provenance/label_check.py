"""Whether one label counts: signed, anchored, not taken back, by a key that was in use when it was anchored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from keifu._files import read_bounded
from keifu.errors import CheckFailed, InputError
from keifu.keys import checksum
from keifu.provenance._layout import Words
from keifu.provenance._model import Label, digest_bytes
from keifu.provenance.facts import anchor, closed_at, leaf_revoked_at
from keifu.provenance.label_set import Opening
from keifu.provenance.labels import LabelProof
from keifu.provenance.proved import Proved
from keifu.provenance.statement import rfc3339
from keifu.provenance.verify import Finding, check_account, check_block

__all__ = ["check", "document_of", "read_proof"]

FORMAT = "keifu-label/1"
LARGEST_FILE = 1 << 20
LARGEST_INDEX = 2**256 - 1


class _Opening(msgspec.Struct):
    label: str
    salt: str


class _File(msgspec.Struct):
    """Types are fixed, so that nothing nested without end is parsed."""

    format: str
    label: tuple[str, str, int, str, str]
    signature: str
    proof: list[str]
    root: str
    anchorer: str
    opening: _Opening | None = None


def document_of(proof: LabelProof, opening: Opening | None = None) -> dict[str, Any]:
    """What `read_proof` reads, to be written as JSON."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "label": [item.hex() if isinstance(item, bytes) else item for item in proof.label.args],
        "signature": proof.signature.hex(),
        "proof": [item.hex() for item in proof.proof],
        "root": proof.root.hex(),
        "anchorer": proof.anchorer,
    }
    if opening is not None:
        document["opening"] = {"label": opening.label, "salt": opening.salt.hex()}
    return document


def read_proof(path: Path) -> tuple[LabelProof, Opening | None]:
    """What `keifu prov prove-label` wrote. Raises InputError when the file is none."""
    try:
        data = msgspec.json.decode(read_bounded(path, LARGEST_FILE, "a proof of one label"), type=_File)
        signature = bytes.fromhex(data.signature)
        opening = Opening(data.opening.label, bytes.fromhex(data.opening.salt)) if data.opening else None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no proof of a label: {error}", remedy="keifu prov prove-label") from error
    if data.format != FORMAT:
        raise InputError(f"{path} has format {data.format!r}, this version reads {FORMAT}")
    labeller, dataset, index, sample, word = data.label
    if not 0 <= index <= LARGEST_INDEX:
        raise InputError(f"{path}: {index} is no index")
    label = Label(
        checksum(labeller).lower(),
        digest_bytes(dataset, "data set"),
        index,
        digest_bytes(sample, "sample"),
        digest_bytes(word, "label"),
    )
    siblings = tuple(digest_bytes(item, "hash of the path") for item in data.proof)
    root, anchorer = digest_bytes(data.root, "root"), checksum(data.anchorer).lower()
    return LabelProof(label, signature, siblings, root, anchorer), opening


def check(proved: Proved, proof: LabelProof, opening: Opening | None) -> list[Finding]:
    """One finding for each thing that has to hold."""
    domain, registry = proved.source.domain, proved.source.registry.address
    digest, label = domain.label_digest(proof.label), proof.label
    findings = [check_block(proved.block)]

    def facts(words: Words) -> tuple[int, int, int]:
        made = anchor(words, registry, proof.anchorer, proof.root)
        revoked = leaf_revoked_at(words, registry, proof.anchorer, proof.root, digest)
        return made.time, revoked, closed_at(words, registry, label.labeller)

    try:
        proof.verify(domain, proof.root)
        anchored, revoked, closed = facts(proved.prove(facts))
    except CheckFailed as error:
        return [*findings, Finding("label", False, error.message)]
    said = f"sample {label.index} of {label.dataset.hex()}, signed by {label.labeller}, anchored {rfc3339(anchored)}"
    findings.append(Finding("label", True, said))
    # The proof names its own anchorer, and anybody may anchor what somebody signed for anything.
    findings.append(check_account("anchorer", proof.anchorer, "the batch", proved.followed))
    words = f"taken back {rfc3339(revoked)}" if revoked else "not taken back"
    findings.append(Finding("revocation", not revoked, words))
    late = bool(closed) and anchored > closed
    state = f"closed {rfc3339(closed)}" if closed else "in use"
    findings.append(Finding("key", not late, f"the labeller's key is {state}"))
    if opening is not None:
        right = opening.word == label.label
        findings.append(Finding("opening", right, repr(opening.label) if right else "it opens another label"))
    return findings
