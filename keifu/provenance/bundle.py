"""The offline bundle: one file that shows where an artefact came from to whoever trusts one block hash.

It holds records, the header of a block, and the nodes of that block's state trie that prove each record's word in the
registry's storage. A record counts when its content hashes to its id and the state holds the id, so neither the node
that the bundle was made with nor its maker has to be trusted, and a withdrawal cannot be left out: the word says it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keifu.errors import CheckFailed, InputError, RpcError
from keifu.keys import keccak256
from keifu.provenance._model import (
    Heartbeat,
    Record,
    RegistryDomain,
    Status,
    digest_bytes,
    environments_domain,
    is_heartbeat_signed,
)
from keifu.provenance._trie import by_hash, header_rlp, read_header, storage_values
from keifu.provenance.lineage import Lineage
from keifu.provenance.registry import Entry, Provenance
from keifu.provenance.statement import manifest_hash, read_statement

__all__ = ["Bundle", "Production", "Verified", "make_bundle"]

FORMAT = "keifu-bundle/1"
PROOFS_A_REQUEST = 200
# Storage slots of the mappings (a test compares them with the compiler's layout) and fields of their words.
ANCHORS_SLOT, RECORDS_SLOT = 1, 2
ENVIRONMENTS_SLOT, PROMOTIONS_SLOT = 0, 1
_ADDRESS, _TIME, _STATUS = (1 << 160) - 1, 160, 208
_U40 = (1 << 40) - 1
_BLOCK = (1 << 48) - 1


def _key(slot: int | bytes, *keys: bytes) -> bytes:
    """Slot of a mapping's value: Vyper hashes the mapping's slot, then the key."""
    at = slot if isinstance(slot, bytes) else slot.to_bytes(32, "big")
    for key in keys:
        at = keccak256(at + key.rjust(32, b"\0"))
    return at


@dataclass(frozen=True)
class Production:
    """What an environment ran at the bundle's block."""

    environment: bytes
    seq: int
    artefact: bytes
    block: int


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

    def verify(self, trusted_hash: str | bytes) -> Verified:
        """Check everything against the one hash; no network. Raises CheckFailed naming the first thing that is wrong,
        InputError when a part of the bundle is malformed."""
        try:
            return _verify(self.document, digest_bytes(trusted_hash, "block hash"))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"the bundle is malformed: {type(error).__name__} {error}") from error


def make_bundle(
    source: Provenance,
    lineage: Lineage,
    *,
    environment: bytes | None = None,
    statements: Mapping[bytes, bytes] | None = None,
    heartbeats: Sequence[tuple[Heartbeat, bytes]] = (),
) -> Bundle:
    """A bundle of `lineage` at the newest block. `statements` are bytes by their manifest hash; `environment` adds
    what it runs. Raises RpcError when the node gives no proofs, CheckFailed when it gives wrong ones."""
    if lineage.missing:
        raise InputError(f"{len(lineage.missing)} ancestors are not known here", remedy="bundle from a full source")
    rpc = source.chain.rpc
    block = rpc.call("eth_getBlockByNumber", "latest", False)
    header = header_rlp(block)
    nodes: set[str] = set()
    record_slots = [_key(RECORDS_SLOT, record_id) for record_id in lineage.entries]
    _collect(rpc, source.registry.address, record_slots, block["number"], nodes)
    document: dict[str, Any] = {
        "format": FORMAT,
        "chainId": source.chain.chain_id,
        "registry": source.registry.address,
        "header": header.hex(),
        "root": lineage.root.hex(),
        "records": [entry.record.to_json() for entry in lineage.entries.values()],
        "names": {record_id.hex(): name for record_id, name in lineage.names.items()},
        "statements": [body.decode() for body in (statements or {}).values()],
        "heartbeats": [_heartbeat_json(heartbeat, signature) for heartbeat, signature in heartbeats],
    }
    if environment is not None and source.environments is not None:
        _, seq, _ = source.current(environment)
        slots = [_key(ENVIRONMENTS_SLOT, environment), _key(PROMOTIONS_SLOT, environment, seq.to_bytes(32, "big"))]
        _collect(rpc, source.environments.address, slots, block["number"], nodes)
        document["environments"] = source.environments.address
        document["environment"] = {"id": environment.hex(), "seq": seq}
    document["nodes"] = sorted(nodes)
    bundle = Bundle(document)
    bundle.verify(block["hash"])  # a node that lies is found here, not by whoever gets the file
    return bundle


def _collect(rpc: Any, address: str, slots: Sequence[bytes], number: str, nodes: set[str]) -> None:
    for start in range(0, len(slots), PROOFS_A_REQUEST):
        keys = ["0x" + slot.hex() for slot in slots[start : start + PROOFS_A_REQUEST]]
        proof = rpc.call("eth_getProof", address, keys, number)
        if not isinstance(proof, dict) or "accountProof" not in proof:
            raise RpcError(f"{rpc.url} gives no state proofs", remedy="use a node that serves eth_getProof")
        nodes.update(node[2:] for node in proof["accountProof"])
        nodes.update(node[2:] for item in proof["storageProof"] for node in item["proof"])


def _verify(document: Mapping[str, Any], trusted: bytes) -> Verified:
    header = read_header(bytes.fromhex(document["header"]), trusted)
    nodes = by_hash(bytes.fromhex(node) for node in document["nodes"])
    domain = RegistryDomain(int(document["chainId"]), document["registry"])
    records = {domain.record_id(record): record for record in map(Record.from_json, document["records"])}
    slots = [_key(RECORDS_SLOT, record_id) for record_id in records]
    words = storage_values(header.state_root, document["registry"], slots, nodes)
    entries = {
        record_id: _entry(record_id, record, word)
        for (record_id, record), word in zip(records.items(), words, strict=True)
    }
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
        verified.production = _production(document, header.state_root, nodes)
    _check_heartbeats(document, verified)
    return verified


def _entry(record_id: bytes, record: Record, word: int) -> Entry:
    status = Status(word >> _STATUS)
    if status == Status.UNKNOWN:
        raise CheckFailed(f"record {record_id.hex()} ({record.kind.word}) is not registered in that state")
    if word & _ADDRESS != int(record.author, 16):
        raise CheckFailed(f"record {record_id.hex()} was registered by another author")
    return Entry(record_id, record, status, (word >> _TIME) & _U40)


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


def _production(document: Mapping[str, Any], state_root: bytes, nodes: Mapping[bytes, bytes]) -> Production:
    environment = digest_bytes(document["environment"]["id"], "environment")
    seq = int(document["environment"]["seq"])
    contract = document["environments"]
    (state,) = storage_values(state_root, contract, [_key(ENVIRONMENTS_SLOT, environment)], nodes)
    latest = (state >> _TIME) & _U40
    if seq != latest:
        raise CheckFailed(f"the bundle shows promotion {seq}, the environment's newest is {latest}")
    slot = _key(PROMOTIONS_SLOT, environment, seq.to_bytes(32, "big"))
    (promotion,) = storage_values(state_root, contract, [slot], nodes)
    return Production(environment, seq, (promotion - (promotion & _BLOCK)).to_bytes(32, "big"), promotion & _BLOCK)


def _check_heartbeats(document: Mapping[str, Any], verified: Verified) -> None:
    """Signatures have to be right; a heartbeat that contradicts the promotion is kept apart, as evidence."""
    for item in document["heartbeats"]:
        heartbeat = Heartbeat(
            item["node"], bytes.fromhex(item["environment"]), item["seq"], bytes.fromhex(item["digest"]), item["time"]
        )
        domain = environments_domain(int(document["chainId"]), document["environments"])
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
