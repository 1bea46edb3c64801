"""Whether one label counts: signed, anchored, not taken back, by a key that was in use when it was anchored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from keifu.errors import CheckFailed, InputError
from keifu.provenance._layout import Words
from keifu.provenance._model import Label, digest_bytes
from keifu.provenance.facts import anchor, closed_at, leaf_revoked_at
from keifu.provenance.label_set import Opening
from keifu.provenance.labels import LabelProof
from keifu.provenance.proved import Proved
from keifu.provenance.verify import Finding, check_block

__all__ = ["check", "read_proof"]

FORMAT = "keifu-label/1"
LARGEST_FILE = 1 << 20
LARGEST_INDEX = 2**256 - 1


def read_proof(path: Path) -> tuple[LabelProof, Opening | None]:
    """What `keifu prov prove-label` wrote. Raises InputError when the file is none."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path} is too large for a proof of one label")
        data: Any = json.loads(path.read_bytes())
        if data["format"] != FORMAT:
            raise InputError(f"{path} has format {data['format']!r}, this version reads {FORMAT}")
        labeller, dataset, index, sample, word = data["label"]
        if not isinstance(index, int) or not 0 <= index <= LARGEST_INDEX:
            raise InputError(f"{path}: {index!r} is no index")
        label = Label(
            str(labeller),
            digest_bytes(dataset, "data set"),
            index,
            digest_bytes(sample, "sample"),
            digest_bytes(word, "label"),
        )
        siblings = tuple(digest_bytes(item, "hash of the path") for item in data["proof"])
        root, signature = digest_bytes(data["root"], "root"), bytes.fromhex(data["signature"])
        proof = LabelProof(label, signature, siblings, root, str(data["anchorer"]))
        opened = data.get("opening")
        opening = None if opened is None else Opening(str(opened["label"]), bytes.fromhex(opened["salt"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} is no proof of a label: {error}", remedy="keifu prov prove-label") from error
    return proof, opening


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
    said = f"sample {label.index} of {label.dataset.hex()}, signed by {label.labeller}, anchored in second {anchored}"
    findings.append(Finding("label", True, said))
    words = f"taken back in second {revoked}" if revoked else "not taken back"
    findings.append(Finding("revocation", not revoked, words))
    late = bool(closed) and anchored > closed
    state = f"closed in second {closed}" if closed else "in use"
    findings.append(Finding("key", not late, f"the labeller's key is {state}"))
    if opening is not None:
        right = opening.word == label.label
        findings.append(Finding("opening", right, repr(opening.label) if right else "it opens another label"))
    return findings
