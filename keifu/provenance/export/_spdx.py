"""SPDX 3.0.1 with its AI and dataset profiles, as JSON-LD (https://spdx.github.io/spdx-spec/v3.0.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from keifu.provenance._model import Kind, Relation
from keifu.provenance.export._licences import spdx_id
from keifu.provenance.export._subject import Subject, rfc3339
from keifu.provenance.registry import Entry

__all__ = ["Spdx"]

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
BASE = "urn:keifu:"
CREATION = "_:creation"
AI, DATA, OTHER = "ai_AIPackage", "dataset_DatasetPackage", "software_Package"
TYPES = {Kind.WEIGHTS: AI, Kind.MODEL: AI, Kind.DATASET: DATA, Kind.LABEL_SET: DATA}
# SPDX's relationship between the artefact and its parent. Where it has none of its own, the direction is turned.
RELATIONS = {Relation.TRAINED_ON: "trainedOn", Relation.EVALUATED_ON: "testedOn"}
DESCENT = "descendantOf"
PURPOSES = {
    Kind.CODE: "source",
    Kind.CONTAINER: "container",
    Kind.AGENT: "application",
    Kind.EVALUATION: "evidence",
    Kind.WEIGHTS: "model",
    Kind.MODEL: "model",
    Kind.DATASET: "data",
    Kind.LABEL_SET: "data",
}


class Spdx:
    """A document with one package a record, their files, links and licences; what is verified stands in annotations."""

    name = "spdx"
    filename = "sbom.spdx3.json"

    def render(self, subject: Subject) -> bytes:
        elements = [element for entry in subject.lineage.entries.values() for element in _elements(subject, entry)]
        elements += [_annotation(subject, number) for number in range(len(subject.facts))]
        authors = dict.fromkeys(entry.record.author for entry in subject.lineage.entries.values())
        agents = [_element("Agent", f"author:{author}", name=author) for author in authors]
        root = subject.entry
        tool = _element("Tool", "tool", name="keifu")
        creation = {
            "type": "CreationInfo",
            "@id": CREATION,
            "specVersion": "3.0.1",
            "created": rfc3339(root.time),
            "createdBy": [_id(f"author:{root.record.author}")],
            "createdUsing": [_id("tool")],
        }
        listed = [*agents, tool, *elements]
        document = _element(
            "SpdxDocument",
            f"document:{root.id.hex()}",
            name=subject.name,
            profileConformance=["core", "software", "ai", "dataset", "simpleLicensing"],
            rootElement=[_id(root.id.hex())],
            element=[item["spdxId"] for item in listed],
        )
        whole = {"@context": CONTEXT, "@graph": [creation, document, *listed]}
        return json.dumps(whole, indent=2, ensure_ascii=False).encode() + b"\n"


def _elements(subject: Subject, entry: Entry) -> Iterator[dict[str, Any]]:
    record, key = entry.record, entry.id.hex()
    kind = TYPES.get(record.kind, OTHER)
    fields: dict[str, Any] = {"name": subject.name_of(entry), "suppliedBy": _id(f"author:{record.author}")}
    fields["releaseTime"] = rfc3339(entry.time)
    fields["comment"] = (
        f"{record.kind.word}, {entry.status.word}; digest by OpenSSF model signing {record.digest.hex()}"
    )
    if record.version:
        fields["software_packageVersion"] = record.version
    if ":" in record.uri:
        fields["software_downloadLocation"] = record.uri
    if record.kind in PURPOSES:
        fields["software_primaryPurpose"] = PURPOSES[record.kind]
    if kind == DATA:
        fields["dataset_datasetType"] = ["noAssertion"]
    if kind == AI and entry.id == subject.entry.id:
        measures = [
            {"type": "DictionaryEntry", "key": name, "value": str(value)} for _, name, value in subject.metrics()
        ]
        fields |= {"ai_metric": measures} if measures else {}
    yield _element(kind, key, **fields)
    manifest = subject.manifests.get(entry.id)
    files = [
        _element(
            "software_File",
            f"{key}#{number}",
            name=file.name,
            verifiedUsing=[{"type": "Hash", "algorithm": "sha256", "hashValue": file.digest.hex()}],
        )
        for number, file in enumerate(manifest.files if manifest else ())
    ]
    yield from files
    if files:
        yield _relation(key, "contains", [file["spdxId"] for file in files], "files")
    for number, link in enumerate(record.links):
        if link.parent in subject.lineage.entries:
            word = RELATIONS.get(link.relation, DESCENT)
            yield _relation(key, word, [_id(link.parent.hex())], f"link:{number}", comment=link.relation.word)
    if spdx_id(record.licence):
        licence = _element(
            "simplelicensing_LicenseExpression",
            f"licence:{key}",
            simplelicensing_licenseExpression=spdx_id(record.licence),
        )
        yield licence
        yield _relation(key, "hasDeclaredLicense", [licence["spdxId"]], "licence")


def _annotation(subject: Subject, number: int) -> dict[str, Any]:
    fact = subject.facts[number]
    return _element(
        "Annotation",
        f"fact:{subject.entry.id.hex()}:{number}",
        annotationType="other",
        subject=_id(subject.entry.id.hex()),
        statement=f"{fact.basis.value}: {fact.name} is {fact.value or 'empty'} ({fact.how})",
    )


def _relation(origin: str, word: str, to: list[str], what: str, **fields: Any) -> dict[str, Any]:
    key = f"{origin}:{what}"
    return _element("Relationship", key, **{"from": _id(origin)}, to=to, relationshipType=word, **fields)


def _element(kind: str, key: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "spdxId": _id(key), "creationInfo": CREATION, **fields}


def _id(key: str) -> str:
    return BASE + key
