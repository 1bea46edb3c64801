"""The offline bundle: one file that answers a question about an artefact to whoever trusts a registry and a block hash.

The question: where did this record come from, and, when an environment is named, is it what runs there, with its policy
met? The file holds the records of the whole lineage, with their manifests and statements; the header of a block, and
the nodes of its state trie that prove every word that the answer needs; heartbeats and label proofs. A bundle is
refused when a part is missing or is not needed: there is one order, one way to write each part, and each node of the
trie must be used. Only the verifier says what is trusted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from keifu.errors import InputError
from keifu.keys import keccak256
from keifu.provenance._layout import Words
from keifu.provenance._model import (
    ZERO,
    Heartbeat,
    Kind,
    Record,
    RegistryDomain,
    environments_domain,
    is_heartbeat_signed,
)
from keifu.provenance.bundle_file import Parts, Refused, decode_parts, encode_parts, read_file, refused_by
from keifu.provenance.documents import Documents
from keifu.provenance.facts import (
    Production,
    accounts_of,
    anchor,
    closed_at,
    followed_by,
    leaf_revoked_at,
    production,
    record_words,
)
from keifu.provenance.labels import LabelProof
from keifu.provenance.lineage import Lineage
from keifu.provenance.manifest import Manifest
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Entry
from keifu.provenance.statement import read_statement
from keifu.provenance.trie import State, by_hash, read_header
from keifu.provenance.trust import Trust

__all__ = ["Bundle", "Refused", "Verified", "make_bundle"]

MAX_AGE = 600  # seconds before the block, for a heartbeat
CLOCK_SECONDS = 60  # by which a node's clock and the chain's may differ


@dataclass
class Verified:
    """What a bundle shows. `time` and `number` are the trusted block's; `accounts` are those whose keys were replaced,
    each with those that followed it."""

    root: bytes
    number: int
    time: int
    entries: dict[bytes, Entry]
    manifests: dict[bytes, Manifest]
    statements: dict[bytes, dict[str, Any]]
    production: Production | None = None
    heartbeats: list[Heartbeat] = field(default_factory=list)
    contradictions: list[Heartbeat] = field(default_factory=list)
    labels: list[LabelProof] = field(default_factory=list)
    accounts: tuple[tuple[str, ...], ...] = ()

    def followed(self, trust: Trust) -> Trust:
        """What is trusted, with the accounts that replaced the keys of trusted authors as of the block."""
        later = (
            account
            for author in trust.authors
            for chain in self.accounts
            if author in chain
            for account in chain[chain.index(author) :]
        )
        return replace(trust, authors=tuple(dict.fromkeys((*trust.authors, *later))))

    def entry(self, record_id: bytes) -> Entry | None:
        """So that lineage is walked from here as from a chain."""
        return self.entries.get(record_id)

    @property
    def names(self) -> dict[bytes, str]:
        """What authors call their artefacts, in the statements that their records commit to."""
        return {record_id: str(said["subject"][0].get("name", "")) for record_id, said in self.statements.items()}


@dataclass(frozen=True)
class Bundle:
    """A bundle as it is written. Nothing in it is believed before `verify`."""

    parts: Parts

    @classmethod
    def read(cls, path: str | Path) -> Bundle:
        """Raises Refused when the file is not a bundle."""
        return cls(decode_parts(read_file(path)))

    def write(self, path: str | Path) -> None:
        Path(path).write_bytes(encode_parts(self.parts))

    @property
    def block_hash(self) -> str:
        """Hash of the block that the bundle claims to be about: compare it with one that you trust."""
        return "0x" + keccak256(self.parts.header).hex()

    def verify(
        self,
        trust: Trust,
        *,
        environment: bytes | None = None,
        nodes: Sequence[str] = (),
        samples: Sequence[int] = (),
        max_age: int = MAX_AGE,
    ) -> Verified:
        """Check everything against what is trusted, which has to name a block; no network.

        The bundle must answer about `environment`. It must hold heartbeats of `nodes`, beside those that `trust` names,
        and the labels of `samples`; no state commits to these, so a caller who does not ask does not miss them. Raises
        Refused with the check that failed first.
        """
        parts = self.parts
        if not trust.block:
            raise InputError("a bundle proves nothing without a block that is trusted", remedy="name its hash")
        _check_domain(parts, trust, environment)
        with refused_by("block"):
            header = read_header(parts.header, bytes.fromhex(trust.block[2:]))
        if list(parts.nodes) != sorted(set(parts.nodes)):
            raise Refused("order", "the nodes of the proof are not in order")
        state = State(header, by_hash(parts.nodes))
        entries = _entries(parts, trust, state)
        verified = Verified(parts.root, header.number, header.timestamp, entries, {}, {})
        if list(parts.replaced) != sorted(set(parts.replaced)):
            raise Refused("order", "accounts that were replaced are not in order")
        with refused_by("identity"):
            named = _named(parts.records, parts.labels)
            verified.accounts = tuple(followed_by(state, trust.registry, item, named) for item in parts.replaced)
        _check_documents(parts, verified)
        if parts.environment:
            _check_production(parts, trust, state, verified)
        with refused_by("heartbeat"):
            _check_heartbeats(parts, trust, verified, max_age)
        with refused_by("label"):
            _check_labels(parts, trust, state, verified)
        _check_asked(verified, (*nodes, *trust.runners_of(parts.environment)), samples)
        if state.unused:
            raise Refused("belongs", f"{state.unused} nodes of the proof are needed by nothing in the bundle")
        return verified


def make_bundle(
    proved: Proved,
    lineage: Lineage,
    documents: Documents,
    *,
    environment: bytes | None = None,
    heartbeats: Sequence[tuple[Heartbeat, bytes]] = (),
    labels: Sequence[LabelProof] = (),
    max_age: int = MAX_AGE,
) -> Bundle:
    """A bundle of `lineage` at the block of `proved`; with `environment`, that it runs the lineage's root.

    Raises InputError when a document that a record commits to is not at hand, RpcError when the node gives no proofs,
    Refused when it gives wrong ones or a part does not belong."""
    if lineage.missing or lineage.cut:
        raise InputError("the lineage is not whole", remedy="bundle from a full source, without a depth")
    trust, records = proved.trust, lineage.records
    order = _order(lineage.root, records)
    replaced = sorted(proved.replaced(_named(records.values(), labels)))
    state = proved.prove(lambda words: _look(words, trust, environment, labels, replaced), records=order)
    needed: dict[bytes, None] = {}
    for record_id in order:
        needed |= dict.fromkeys(documents.all_of(records[record_id]))
    parts = Parts(
        trust.chain,
        trust.registry,
        trust.environments if environment else "",
        proved.block.encoded,
        tuple(sorted(state.nodes)),
        lineage.root,
        environment or b"",
        tuple(records[record_id] for record_id in order),
        tuple(needed),
        tuple(sorted(heartbeats, key=lambda item: item[0].node.lower())),
        tuple(sorted(labels, key=_label_order)),
        tuple(replaced),
    )
    bundle = Bundle(decode_parts(encode_parts(parts)))
    # A node that lies is found here, not by whoever gets the file.
    bundle.verify(proved.pinned, environment=environment, max_age=max_age)
    return bundle


def _named(records: Iterable[Record], labels: Iterable[LabelProof]) -> set[str]:
    """Accounts that a reader of the bundle may have to trust: authors, and who anchored a label."""
    return {record.author for record in records} | {item.anchorer.lower() for item in labels}


def _look(
    words: Words, trust: Trust, environment: bytes | None, labels: Iterable[LabelProof], replaced: Sequence[str]
) -> None:
    """Look at every word that `verify` will look at, those of the records apart."""
    for account in replaced:
        accounts_of(words, trust.registry, account)
    if environment:
        production(words, trust.registry, trust.environments, environment)
    for item in labels:
        _against(words, trust, item)


def _against(words: Words, trust: Trust, item: LabelProof) -> str:
    """What speaks against an anchored label, or nothing. Raises CheckFailed when its anchor is none, or was taken back.
    The leaf's own word is looked at only where the anchor's says that some of its leaves were taken back."""
    found = anchor(words, trust.registry, item.anchorer.lower(), item.root)
    closed = closed_at(words, trust.registry, item.label.labeller)
    if found.leaves_revoked:
        digest = RegistryDomain(trust.chain, trust.registry).label_digest(item.label)
        if leaf_revoked_at(words, trust.registry, item.anchorer.lower(), item.root, digest):
            return "was taken back"
    return f"was anchored after {item.label.labeller} closed its key" if closed and found.time > closed else ""


def _check_domain(parts: Parts, trust: Trust, environment: bytes | None) -> None:
    with refused_by("trust"):
        trust.accept(
            "the bundle",
            chain=parts.chain,
            registry=parts.registry,
            environments=parts.environments or None,
            environment=parts.environment or None,
        )
    if bool(parts.environments) != bool(parts.environment):
        raise Refused("environment", "the bundle names a contract of environments, or an environment, but not both")
    if environment is not None and parts.environment != environment:
        said = parts.environment.hex() or "none"
        raise Refused("environment", f"asked about environment {environment.hex()}, the bundle answers about {said}")


def _entries(parts: Parts, trust: Trust, state: State) -> dict[bytes, Entry]:
    domain = RegistryDomain(trust.chain, trust.registry)
    records = {domain.record_id(record): record for record in parts.records}
    if parts.root not in records:
        raise Refused("root", "the bundle lacks the record that it is about")
    order = _order(parts.root, records)
    for record_id in order:
        if record_id not in records:
            raise Refused("parents", f"the bundle lacks {record_id.hex()}, an ancestor of what it is about")
    if len(records) != len(parts.records) or order != list(records):
        raise Refused("order", "records that are no ancestors, named twice, or not in order")
    with refused_by("record"):
        words = record_words(state, trust.registry, records)
    return {key: Entry(key, record, words[key].status, words[key].time) for key, record in records.items()}


def _order(root: bytes, records: Mapping[bytes, Record]) -> list[bytes]:
    """The root and its ancestors, nearest first; those that are not in `records`, too."""
    found, pending = {root: None}, deque([root])
    while pending:
        record = records.get(pending.popleft())
        for link in record.links if record else ():
            if link.parent not in found:
                found[link.parent] = None
                pending.append(link.parent)
    return list(found)


def _check_documents(parts: Parts, verified: Verified) -> None:
    """Every manifest and statement that a record commits to, in the order of the records, and nothing else."""
    held = Documents(parts.documents)
    expected: dict[bytes, None] = {}
    for record_id, entry in verified.entries.items():
        if entry.record.manifest == ZERO:
            continue
        with refused_by("manifest"):
            manifest = held.manifest(entry.record)
        if manifest is None:
            raise Refused("manifest", f"the bundle lacks the manifest of {record_id.hex()}")
        verified.manifests[record_id] = manifest
        expected[manifest.body] = None
        for digest in manifest.statements:
            body = held.get(digest)
            if body is None:
                raise Refused("statement", f"the bundle lacks statement {digest.hex()} of {record_id.hex()}")
            with refused_by("statement"):
                verified.statements.setdefault(record_id, read_statement(body, entry.record.digest))
            expected[body] = None
    if list(parts.documents) != list(expected):
        raise Refused("documents", "documents that no record commits to, or that are not in order")


def _check_production(parts: Parts, trust: Trust, state: State, verified: Verified) -> None:
    with refused_by("production"):
        made = production(state, trust.registry, trust.environments, parts.environment)
    if made.artefact != parts.root:
        raise Refused("artefact", f"the environment runs {made.artefact.hex()}, the bundle is about {parts.root.hex()}")
    verified.production = made


def _check_heartbeats(parts: Parts, trust: Trust, verified: Verified, max_age: int) -> None:
    """Each has to be about the promotion that is shown, and recent. One that names another digest is kept apart: it is
    evidence against its node."""
    nodes = [item.node.lower() for item, _ in parts.heartbeats]
    if nodes != sorted(set(nodes)):
        raise Refused("order", "heartbeats that are not in order, or two of one node")
    for heartbeat, signature in parts.heartbeats:
        made, name = verified.production, f"the heartbeat of {heartbeat.node}"
        if made is None or heartbeat.environment != made.environment or heartbeat.promotion_seq != made.seq:
            raise Refused("heartbeat", f"{name} is not about the promotion that the bundle shows")
        if not -CLOCK_SECONDS <= verified.time - heartbeat.time <= max_age:
            raise Refused("heartbeat", f"{name} is of second {heartbeat.time}, the block of {verified.time}")
        if not is_heartbeat_signed(environments_domain(trust.chain, trust.environments), heartbeat, signature):
            raise Refused("heartbeat", f"{name} is not signed by it")
        matches = verified.entries[made.artefact].record.digest == heartbeat.digest
        (verified.heartbeats if matches else verified.contradictions).append(heartbeat)


def _check_labels(parts: Parts, trust: Trust, state: State, verified: Verified) -> None:
    """Each is of a data set in the bundle, in a tree that an author of that data set or of a label set anchored, or
    whoever replaced the author's key."""
    if [_label_order(item) for item in parts.labels] != sorted({_label_order(item) for item in parts.labels}):
        raise Refused("order", "labels that are not in order, or one of them twice")
    domain = RegistryDomain(trust.chain, trust.registry)
    for item in parts.labels:
        dataset = verified.entries.get(item.label.dataset)
        if dataset is None:
            raise Refused("label", f"a label of {item.label.dataset.hex()}, which is not in the bundle")
        sets = (entry for entry in verified.entries.values() if entry.record.kind == Kind.LABEL_SET)
        authors = {dataset.record.author} | {entry.record.author for entry in sets}
        authors.update(verified.followed(replace(trust, authors=tuple(authors))).authors)
        if item.anchorer.lower() not in authors:
            raise Refused("label", f"{item.anchorer} anchored the label, but is no author of its data set or labels")
        item.verify(domain, item.root)
        if against := _against(state, trust, item):
            raise Refused("label", f"the label of sample {item.label.index} {against}")
        verified.labels.append(item)


def _check_asked(verified: Verified, nodes: Sequence[str], samples: Sequence[int]) -> None:
    said = {item.node.lower() for item in (*verified.heartbeats, *verified.contradictions)}
    for node in nodes:
        if node.lower() not in said:
            raise Refused("heartbeat", f"asked about node {node}, which says nothing in the bundle")
    shown = {item.label.index for item in verified.labels}
    for sample in samples:
        if sample not in shown:
            raise Refused("label", f"asked about the label of sample {sample}, which the bundle does not show")


def _label_order(item: LabelProof) -> tuple[bytes, int, str, bytes]:
    return item.label.dataset, item.label.index, item.label.labeller.lower(), item.root
