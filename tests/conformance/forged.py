"""Forged bundles: a good one, what was changed in its document, and the check that has to refuse it."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.keys import Account, keccak256
from keifu.provenance import Heartbeat, environments_domain, heartbeat_digest
from keifu.provenance.bundle import Bundle, Verified
from keifu.provenance.bundle_file import HEADER, Refused, decode_parts
from keifu.provenance.statement import canonical
from keifu.provenance.trust import Trust
from tests.conformance.good import Good
from tests.conformance.world import CHAIN, ENVIRONMENTS, NOW, address

__all__ = ["Forged", "Question", "apply", "forged_bundles", "packed", "refusal"]

OTHER = address("somebody else")
ZERO = "00" * 32
Step = Mapping[str, Any]  # {"at": [names and numbers], "set" | "insert": value} or {"at": …, "delete": true}


@dataclass(frozen=True)
class Forged:
    """`check` is the name of the check that refuses it; `ask` what the verifier asks instead of the good question."""

    name: str
    base: str
    steps: Sequence[Step]
    check: str
    ask: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """What a verifier trusts and asks."""

    trust: Trust
    environment: str = ""
    nodes: Sequence[str] = ()
    samples: Sequence[int] = ()
    max_age: int = 600

    @classmethod
    def read(cls, case: Mapping[str, Any], ask: Mapping[str, Any] | None = None) -> Question:
        """That of a good bundle in the suite; `ask` is what a forged one's case asks instead."""
        said = {**case, **(ask or {})}
        domain = {key: said.get(key, value) for key, value in case["trust"].items()}
        known = {key: said[key] for key in ("environment", "nodes", "samples", "max_age") if key in said}
        return cls(Trust(**domain), **known)

    def of(self, bundle: Bundle) -> Verified:
        asked = bytes.fromhex(self.environment) or None
        return bundle.verify(
            self.trust, environment=asked, nodes=self.nodes, samples=self.samples, max_age=self.max_age
        )


def apply(document: Any, steps: Sequence[Step]) -> Any:
    """The document with the changes made, one after the other."""
    changed = copy.deepcopy(document)
    for step in steps:
        *path, last = step["at"]
        place = changed
        for key in path:
            place = place[key]
        if "set" in step:
            place[last] = step["set"]
        elif "insert" in step:
            place.insert(last, step["insert"])
        else:
            del place[last]
    return changed


def packed(document: Any) -> bytes:
    """Any JSON in the file format of bundles, packed fast rather than small."""
    body = document if isinstance(document, bytes) else canonical(document)
    deflate = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    return (
        HEADER
        + deflate.compress(body)
        + deflate.flush()
        + zlib.crc32(body).to_bytes(4, "little")
        + len(body).to_bytes(4, "little")
    )


def refusal(data: bytes, question: Question) -> str:
    """The check that refuses these bytes, or "" when they are believed."""
    try:
        question.of(Bundle(decode_parts(data)))
    except Refused as error:
        return error.check
    return ""


def forged_bundles(good: Mapping[str, Good]) -> Iterator[Forged]:
    documents = {name: item.bundle.parts.to_json() for name, item in good.items()}
    for base in (
        "one-model",
        "chain-3",
        "layers-3x5",
        "files-40-statements-3",
        "environment-two-of-three",
        "heartbeats-3",
        "labels-5",
    ):
        yield from _anywhere(base, documents[base])
    for base in ("chain-3", "chain-10", "layers-3x5", "environment-one-attester", "labels-5"):
        yield from _records(base, documents[base])
    for base in (
        "files-1-statements-1",
        "files-40-statements-3",
        "one-manifest-of-two-records",
        "environment-two-of-three",
    ):
        yield from _documents(base, documents[base])
    for base in ("environment-one-attester", "environment-two-of-three", "environment-sound", "heartbeat", "label"):
        yield from _environment(base, documents[base])
    yield from _heartbeats(documents["heartbeats-3"])
    yield from _labels(documents["labels-5"])
    for base in ("author-replaced-once", "author-replaced-twice", "authors-replaced-2", "label-anchored-by-a-new-key"):
        yield from _accounts(base, documents[base])


def _put(*at: Any, value: Any) -> Step:
    return {"at": list(at), "set": value}


def _cut(*at: Any) -> Step:
    return {"at": list(at), "delete": True}


def _add(*at: Any, value: Any) -> Step:
    return {"at": list(at), "insert": value}


def _flipped(text: str, at: int = -1) -> str:
    at %= len(text)
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def _anywhere(base: str, document: Mapping[str, Any]) -> Iterator[Forged]:
    """What can be done to any bundle."""
    for name in document:
        yield Forged(f"{base}: without {name}", base, [_cut(name)], "file")
    nodes = document["nodes"]
    changes: list[tuple[str, list[Step], str]] = [
        ("a member more", [_put("more", value=1)], "file"),
        ("another format", [_put("format", value="keifu-bundle/1")], "file"),
        ("another chain", [_put("chain", value=CHAIN + 1)], "trust"),
        ("chain as a text", [_put("chain", value=str(CHAIN))], "file"),
        ("another registry", [_put("registry", value=OTHER)], "trust"),
        ("registry in capitals", [_put("registry", value="0x" + document["registry"][2:].upper())], "file"),
        ("registry without 0x", [_put("registry", value=document["registry"][2:])], "file"),
        ("another header", [_put("header", value=_flipped(document["header"]))], "block"),
        ("header in capitals", [_put("header", value=document["header"].upper())], "file"),
        ("another root", [_put("root", value=ZERO)], "root"),
        ("root in capitals", [_put("root", value=document["root"].upper())], "file"),
        ("a node more", [_put("nodes", value=sorted([*nodes, "c0"]))], "belongs"),
        ("a node twice", [_put("nodes", value=sorted([*nodes, nodes[0]]))], "order"),
        ("nodes in another order", [_put("nodes", value=nodes[::-1])], "order"),
        ("without proof", [_put("nodes", value=[])], "record"),
        ("records as an object", [_put("records", value={})], "file"),
        ("a record as a text", [_put("records", 0, value="record")], "file"),
    ]
    for name, steps, check in changes:
        yield Forged(f"{base}: {name}", base, steps, check)
    yield Forged(f"{base}: of another block", base, [], "block", {"block": "0x" + "12" * 32})
    yield Forged(f"{base}: trusted is another registry", base, [], "trust", {"registry": OTHER})
    yield Forged(f"{base}: asked about another environment", base, [], "environment", {"environment": "09" * 32})


def _records(base: str, document: Mapping[str, Any]) -> Iterator[Forged]:
    records = document["records"]
    last = len(records) - 1
    fields = {"author": OTHER, "digest": "13" * 32, "manifest": "14" * 32, "version": "9", "uri": "x", "licence": "y",
              "contentRoot": "15" * 32, "programRoot": "16" * 32, "kind": "receipt-batch", "links": []}  # fmt: skip
    for name, value in fields.items():
        if name == "links" and not records[0]["links"]:
            continue
        yield Forged(f"{base}: root with another {name}", base, [_put("records", 0, name, value=value)], "root")
        if name != "links":
            yield Forged(
                f"{base}: ancestor with another {name}", base, [_put("records", last, name, value=value)], "parents"
            )
    yield Forged(f"{base}: without its root", base, [_cut("records", 0)], "root")
    yield Forged(f"{base}: without an ancestor", base, [_cut("records", last)], "parents")
    yield Forged(f"{base}: a record twice", base, [_add("records", last + 1, value=records[last])], "order")
    foreign = {**records[last], "version": "foreign", "links": []}
    yield Forged(f"{base}: a record more", base, [_add("records", last + 1, value=foreign)], "order")
    yield Forged(f"{base}: records in another order", base, [_put("records", value=records[::-1])], "order")
    yield Forged(f"{base}: unknown kind", base, [_put("records", 0, "kind", value="sculpture")], "file")
    yield Forged(f"{base}: kind as a number", base, [_put("records", 0, "kind", value=1)], "file")
    yield Forged(
        f"{base}: author in capitals", base, [_put("records", 0, "author", value=records[0]["author"].upper())], "file"
    )
    yield Forged(f"{base}: a field more", base, [_put("records", 0, "more", value="")], "file")


def _documents(base: str, document: Mapping[str, Any]) -> Iterator[Forged]:
    texts = document["documents"]
    is_manifest = [text.startswith('{"format":"keifu-manifest') for text in texts]
    for at, text in enumerate(texts):
        kind = "manifest" if is_manifest[at] else "statement"
        yield Forged(f"{base}: without document {at}", base, [_cut("documents", at)], kind)
        yield Forged(
            f"{base}: document {at} changed", base, [_put("documents", at, value=text.replace("1", "2", 1) + " ")], kind
        )
    end = len(texts)
    yield Forged(f"{base}: a document more", base, [_add("documents", end, value="{}")], "documents")
    yield Forged(f"{base}: a document twice", base, [_add("documents", end, value=texts[0])], "documents")
    if end > 1:
        yield Forged(f"{base}: documents in another order", base, [_put("documents", value=texts[::-1])], "documents")


def _environment(base: str, document: Mapping[str, Any]) -> Iterator[Forged]:
    silent = [_put("environment", value=""), _put("environments", value="")]
    bare = [_put("heartbeats", value=[]), _put("labels", value=[])]
    yield Forged(f"{base}: silent about the environment", base, [*silent, *bare], "environment")
    nobody = {"environment": "", "nodes": [], "samples": []}
    yield Forged(f"{base}: silent, and nobody asked", base, [*silent, *bare], "belongs", nobody)
    yield Forged(f"{base}: without the environment's id", base, [silent[0]], "environment")
    yield Forged(f"{base}: without the contract", base, [silent[1]], "environment")
    yield Forged(f"{base}: another contract", base, [_put("environments", value=OTHER)], "trust")
    other = [_put("environment", value="09" * 32)]
    yield Forged(f"{base}: an environment never declared", base, other, "production", nobody)
    capitals = [_put("environments", value=document["environments"].upper().replace("X", "x"))]
    yield Forged(f"{base}: the contract in capitals", base, capitals, "file")
    yield Forged(f"{base}: trusted is another contract", base, [], "trust", {"environments": OTHER})
    if len(document["records"]) == 2:
        ancestor = [_put("root", value=document["records"][0]["links"][0]["parent"]), _cut("records", 0)]
        yield Forged(f"{base}: about an ancestor", base, [*ancestor, _cut("documents", 0), *bare], "artefact")


def _accounts(base: str, document: Mapping[str, Any]) -> Iterator[Forged]:
    listed = document["replaced"]
    last = len(listed) - 1
    check = "label" if document["labels"] else "belongs"
    yield Forged(f"{base}: without the accounts that were replaced", base, [_cut("replaced")], check)
    yield Forged(f"{base}: with an empty list of them", base, [_put("replaced", value=[])], "file")
    yield Forged(f"{base}: one never replaced", base, [_put("replaced", value=sorted([*listed, OTHER]))], "identity")
    yield Forged(f"{base}: another one", base, [_put("replaced", value=sorted([*listed[:-1], OTHER]))], "identity")
    yield Forged(f"{base}: one twice", base, [_add("replaced", 0, value=listed[0])], "order")
    yield Forged(f"{base}: one in capitals", base, [_put("replaced", 0, value=listed[0].upper())], "file")
    yield Forged(f"{base}: as a text", base, [_put("replaced", value=listed[0])], "file")
    if last:
        yield Forged(f"{base}: one cut out", base, [_cut("replaced", 0)], "belongs")
        yield Forged(f"{base}: in another order", base, [_put("replaced", value=listed[::-1])], "order")


def _heartbeats(document: Mapping[str, Any]) -> Iterator[Forged]:
    base, beats = "heartbeats-3", document["heartbeats"]
    changes = {"time": beats[0]["time"] + 1, "digest": "17" * 32, "signature": _flipped(beats[0]["signature"], 10)}
    for name, value in changes.items():
        yield Forged(f"{base}: another {name}", base, [_put("heartbeats", 0, name, value=value)], "heartbeat")
    moved = {"environment": "09" * 32, "seq": 2}
    for name, value in moved.items():
        yield Forged(f"{base}: another {name}", base, [_put("heartbeats", 0, name, value=value)], "heartbeat")
    yield Forged(f"{base}: another node", base, [_put("heartbeats", 0, "node", value=ZERO_ADDRESS)], "heartbeat")
    yield Forged(f"{base}: one twice", base, [_add("heartbeats", 1, value=beats[0])], "order")
    yield Forged(f"{base}: in another order", base, [_put("heartbeats", value=beats[::-1])], "order")
    yield Forged(f"{base}: one cut out", base, [_cut("heartbeats", 1)], "heartbeat")
    yield Forged(f"{base}: all cut out", base, [_put("heartbeats", value=[])], "heartbeat")
    yield Forged(f"{base}: asked about another node", base, [], "heartbeat", {"nodes": [OTHER]})
    yield Forged(f"{base}: older than asked for", base, [], "heartbeat", {"max_age": 10})
    short = beats[0]["signature"][:-2] + ("00" if beats[0]["signature"].endswith("1b") else "01")
    yield Forged(
        f"{base}: a signature in another form", base, [_put("heartbeats", 0, "signature", value=short)], "file"
    )
    signature = beats[0]["signature"]
    high = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 - int(signature[64:128], 16)
    malleated = f"{signature[:64]}{high:064x}{'1c' if signature.endswith('1b') else '1b'}"
    yield Forged(
        f"{base}: a signature with a high s", base, [_put("heartbeats", 0, "signature", value=malleated)], "heartbeat"
    )
    for name, time in (
        ("of 1970", 0),
        ("of the future", NOW + 10**9),
        ("before the bound", NOW - 601),
        ("after it", NOW + 61),
    ):
        yield Forged(f"{base}: {name}", base, _signed_again(beats, time), "heartbeat")
    yield Forged(f"{base}: a field more", base, [_put("heartbeats", 0, "more", value=1)], "file")
    yield Forged(f"{base}: seq as a text", base, [_put("heartbeats", 0, "seq", value="1")], "file")


def _signed_again(beats: Sequence[Mapping[str, Any]], time: int) -> list[Step]:
    """A node of the set signs another time."""
    node = next(
        a for a in map(Account.from_role, ("node 0", "node 1", "node 2")) if a.address.lower() == beats[0]["node"]
    )
    said = Heartbeat(
        beats[0]["node"], bytes.fromhex(beats[0]["environment"]), 1, bytes.fromhex(beats[0]["digest"]), time
    )
    signature = node.sign(heartbeat_digest(environments_domain(CHAIN, ENVIRONMENTS), said)).hex()
    return [_put("heartbeats", 0, "time", value=time), _put("heartbeats", 0, "signature", value=signature)]


def _labels(document: Mapping[str, Any]) -> Iterator[Forged]:
    base, labels = "labels-5", document["labels"]
    last = len(labels) - 1
    changes = {
        "index": 99,
        "sample": "18" * 32,
        "label": "19" * 32,
        "dataset": "ff" * 32,
        "root": "1a" * 32,
        "anchorer": OTHER,
        "labeller": "0x" + "ff" * 20,
        "proof": labels[last]["proof"][:-1],
        "signature": _flipped(labels[last]["signature"], 10),
    }
    for name, value in changes.items():
        yield Forged(f"{base}: another {name}", base, [_put("labels", last, name, value=value)], "label")
    yield Forged(f"{base}: one twice", base, [_add("labels", 1, value=labels[0])], "order")
    yield Forged(f"{base}: in another order", base, [_put("labels", value=labels[::-1])], "order")
    yield Forged(f"{base}: one cut out", base, [_cut("labels", 1)], "label")
    yield Forged(f"{base}: asked about another sample", base, [], "label", {"samples": [99]})
    yield Forged(f"{base}: all cut out", base, [_put("labels", value=[])], "label")
    yield Forged(f"{base}: all cut out, and nobody asked", base, [_put("labels", value=[])], "belongs", {"samples": []})
    path = [*labels[0]["proof"], keccak256(b"one more").hex()]
    yield Forged(f"{base}: a longer path", base, [_put("labels", 0, "proof", value=path)], "label")
    yield Forged(f"{base}: a field more", base, [_put("labels", 0, "more", value=1)], "file")
    yield Forged(f"{base}: index as a text", base, [_put("labels", 0, "index", value="0")], "file")
