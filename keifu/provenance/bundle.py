"""The offline bundle: one file that shows where an artefact came from to whoever trusts one block hash.

It holds records, the header of a block, and the nodes of that block's state trie that prove each record's word in the
registry's storage. A record counts when its content hashes to its id and the state holds the id, so neither the node
that the bundle was made with nor its maker has to be trusted, and a withdrawal cannot be left out: the word says it.
"""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keifu.errors import CheckFailed, InputError
from keifu.keys import keccak256
from keifu.provenance._model import (
    Heartbeat,
    Record,
    RegistryDomain,
    digest_bytes,
    environments_domain,
    is_heartbeat_signed,
)
from keifu.provenance._trie import State, by_hash, read_header
from keifu.provenance.facts import Production, production, record_words
from keifu.provenance.lineage import Lineage
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Entry
from keifu.provenance.statement import manifest_hash, read_statement
from keifu.provenance.trust import Trust

__all__ = ["Bundle", "Verified", "make_bundle"]

FORMAT = "keifu-bundle/1"


@dataclass
class Verified:
    """What a bundle shows. `time` and `number` are the trusted block's."""

    root: bytes
    number: int
    time: int
    entries: dict[bytes, Entry]
    statements: dict[bytes, dict[str, Any]]
    production: Production | None = None
    heartbeats: list[Heartbeat] = field(default_factory=list)
    contradictions: list[Heartbeat] = field(default_factory=list)
    names: dict[bytes, str] = field(default_factory=dict)  # for people; nothing vouches for them

    def entry(self, record_id: bytes) -> Entry | None:
        """So that lineage is walked from here as from a chain."""
        return self.entries.get(record_id)


@dataclass(frozen=True)
class Bundle:
    """A bundle as it is written. Nothing in it is believed before `verify`."""

    document: Mapping[str, Any]

    @classmethod
    def read(cls, path: str | Path) -> Bundle:
        """Raises InputError when the file is not a bundle."""
        try:
            document = json.loads(gzip.decompress(Path(path).read_bytes()))
        except (OSError, EOFError, ValueError) as error:
            raise InputError(f"{path} is not a bundle: {error}") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise InputError(f"{path} is not a bundle of format {FORMAT}")
        return cls(document)

    def write(self, path: str | Path) -> None:
        Path(path).write_bytes(gzip.compress(json.dumps(self.document, sort_keys=True).encode(), mtime=0))

    @property
    def block_hash(self) -> str:
        """Hash of the block that the bundle claims to be about: compare it with one that you trust."""
        return "0x" + keccak256(bytes.fromhex(self.document["header"])).hex()

    def verify(self, trust: Trust) -> Verified:
        """Check everything against what is trusted, which has to name a block; no network. Raises CheckFailed naming
        the first thing that is wrong, InputError when a part of the bundle is malformed."""
        try:
            return _verify(self.document, trust, digest_bytes(trust.block, "block hash"))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"the bundle is malformed: {type(error).__name__} {error}") from error


def make_bundle(
    proved: Proved,
    lineage: Lineage,
    *,
    environment: bytes | None = None,
    statements: Mapping[bytes, bytes] | None = None,
    heartbeats: Sequence[tuple[Heartbeat, bytes]] = (),
) -> Bundle:
    """A bundle of `lineage` at the block of `proved`. `statements` are bytes by their manifest hash; `environment` adds
    what it runs. Raises RpcError when the node gives no proofs, CheckFailed when it gives wrong ones."""
    if lineage.missing:
        raise InputError(f"{len(lineage.missing)} ancestors are not known here", remedy="bundle from a full source")
    trust = proved.trust
    document: dict[str, Any] = {
        "format": FORMAT,
        "chainId": trust.chain,
        "registry": trust.registry,
        "header": proved.block.encoded.hex(),
        "root": lineage.root.hex(),
        "records": [entry.record.to_json() for entry in lineage.entries.values()],
        "names": {record_id.hex(): name for record_id, name in lineage.names.items()},
        "statements": [body.decode() for body in (statements or {}).values()],
        "heartbeats": [_heartbeat_json(heartbeat, signature) for heartbeat, signature in heartbeats],
    }
    question = None
    if environment is not None:
        question = functools.partial(proved.running, environment=environment)
        document["environments"] = trust.environments
        document["environment"] = {"id": environment.hex()}
    state = proved.prove(question, records=lineage.entries)
    document["nodes"] = sorted(node.hex() for node in state.nodes)
    bundle = Bundle(document)
    # A node that lies is found here, not by whoever gets the file.
    bundle.verify(proved.pinned)
    return bundle


def _verify(document: Mapping[str, Any], trust: Trust, trusted: bytes) -> Verified:
    trust.accept(
        "the bundle",
        chain=document["chainId"],
        registry=document["registry"],
        environments=document.get("environments"),
    )
    header = read_header(bytes.fromhex(document["header"]), trusted)
    state = State(header, by_hash(bytes.fromhex(node) for node in document["nodes"]))
    domain = RegistryDomain(trust.chain, trust.registry)
    records = {domain.record_id(record): record for record in map(Record.from_json, document["records"])}
    words = record_words(state, trust.registry, records)
    entries = {key: Entry(key, record, words[key].status, words[key].time) for key, record in records.items()}
    root = digest_bytes(document["root"], "root")
    if root not in entries:
        raise CheckFailed("the bundle lacks the record that it is about")
    for entry in entries.values():
        for link in entry.record.links:
            if link.parent not in entries:
                raise CheckFailed(f"the bundle lacks {link.parent.hex()}, a parent of {entry.id.hex()}")
    verified = Verified(root, header.number, header.timestamp, entries, _statements(document, entries))
    verified.names = {bytes.fromhex(record_id): str(name) for record_id, name in document["names"].items()}
    if "environment" in document:
        environment = digest_bytes(document["environment"]["id"], "environment")
        trust.accept("the bundle", environment=environment)
        verified.production = production(state, trust.registry, trust.environments, environment)
        if verified.production.artefact != root:
            raise CheckFailed(
                f"the environment runs {verified.production.artefact.hex()}, the bundle is about {root.hex()}"
            )
    _check_heartbeats(document, trust, verified)
    return verified


def _statements(document: Mapping[str, Any], entries: Mapping[bytes, Entry]) -> dict[bytes, dict[str, Any]]:
    """By record id; each has to be the one that some record keeps the hash of."""
    by_manifest = {entry.record.manifest: entry for entry in entries.values()}
    found: dict[bytes, dict[str, Any]] = {}
    for text in document["statements"]:
        body = text.encode()
        matching = by_manifest.get(manifest_hash(body))
        if matching is None:
            raise CheckFailed("a statement in the bundle belongs to none of its records: it was changed or added")
        found[matching.id] = read_statement(body, matching.record.manifest, matching.record.digest)
    return found


def _check_heartbeats(document: Mapping[str, Any], trust: Trust, verified: Verified) -> None:
    """Signatures have to be right; a heartbeat that contradicts the promotion is kept apart, as evidence."""
    for item in document["heartbeats"]:
        heartbeat = Heartbeat(
            item["node"], bytes.fromhex(item["environment"]), item["seq"], bytes.fromhex(item["digest"]), item["time"]
        )
        domain = environments_domain(trust.chain, trust.environments)
        if not is_heartbeat_signed(domain, heartbeat, bytes.fromhex(item["signature"])):
            raise CheckFailed(f"a heartbeat was not signed by {heartbeat.node}")
        production = verified.production
        if production is None or production.seq != heartbeat.promotion_seq:
            continue
        artefact = verified.entries.get(production.artefact)
        matches = artefact is not None and artefact.record.digest == heartbeat.digest
        (verified.heartbeats if matches else verified.contradictions).append(heartbeat)


def _heartbeat_json(heartbeat: Heartbeat, signature: bytes) -> dict[str, Any]:
    return {
        "node": heartbeat.node,
        "environment": heartbeat.environment.hex(),
        "seq": heartbeat.promotion_seq,
        "digest": heartbeat.digest.hex(),
        "time": heartbeat.time,
        "signature": signature.hex(),
    }
