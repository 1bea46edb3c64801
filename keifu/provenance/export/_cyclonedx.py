"""CycloneDX 1.6 ML-BOM (https://cyclonedx.org/docs/1.6/json). The Python library has no `modelCard`, so the document is
written here; the tests validate it with the schemas that the library ships.

A hash in it is of a file's own bytes and can be recomputed by anyone. A folder has no such hash: its files are listed.
"""

from __future__ import annotations

import json
import uuid
from importlib.metadata import version
from typing import Any

from keifu.provenance._model import Kind, Relation
from keifu.provenance.digest import WHOLE
from keifu.provenance.export._licences import spdx_id
from keifu.provenance.export._subject import Subject, rfc3339
from keifu.provenance.registry import Entry

__all__ = ["CycloneDx"]

TYPES = {
    Kind.DATASET: "data",
    Kind.LABEL_SET: "data",
    Kind.CODE: "application",
    Kind.WEIGHTS: "machine-learning-model",
    Kind.MODEL: "machine-learning-model",
    Kind.CONTAINER: "container",
    Kind.AGENT: "application",
}
ANCESTORS = (Relation.FINE_TUNED_FROM, Relation.QUANTISED_FROM, Relation.DERIVED_FROM, Relation.SUPERSEDES)


class CycloneDx:
    """An ML-BOM: the artefact as main component, every ancestor as a component, links as dependencies."""

    name = "cyclonedx"
    filename = "bom.cdx.json"

    def render(self, subject: Subject) -> bytes:
        entries = subject.lineage.entries
        main = self._component(subject, subject.entry)
        ancestors = [self._component(subject, item, bare=True) for item in subject.parents(*ANCESTORS)]
        main["pedigree"] = {"ancestors": ancestors}
        if TYPES.get(subject.entry.record.kind) == "machine-learning-model":
            main["modelCard"] = self._card(subject)
        main["properties"] += [
            {"name": f"keifu:{fact.basis.value}:{fact.name}", "value": fact.value} for fact in subject.facts
        ]
        document = {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{uuid.UUID(bytes=subject.entry.id[:16], version=4)}",
            "version": 1,
            "metadata": {
                "timestamp": rfc3339(subject.entry.time),
                "tools": {"components": [{"type": "application", "name": "keifu", "version": version("keifu")}]},
                "component": main,
            },
            "components": [self._component(subject, item) for item in entries.values() if item.id != subject.entry.id],
            "dependencies": [
                {
                    "ref": entry.id.hex(),
                    "dependsOn": sorted({link.parent.hex() for link in entry.record.links if link.parent in entries}),
                }
                for entry in entries.values()
            ],
        }
        return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"

    def _component(self, subject: Subject, entry: Entry, *, bare: bool = False) -> dict[str, Any]:
        """`bare` names it only: its files stand in the component itself."""
        record, component = entry.record, dict[str, Any]()
        component["type"] = TYPES.get(record.kind, "data")
        component["bom-ref"] = f"pedigree:{entry.id.hex()}" if bare else entry.id.hex()
        component["supplier"] = {"name": record.author}
        component["name"] = subject.name_of(entry)
        if record.version:
            component["version"] = record.version
        manifest = None if bare else subject.manifests.get(entry.id)
        if manifest and [file.name for file in manifest.files] == [WHOLE]:
            component["hashes"] = _hashes(manifest.files[0].digest)
        elif manifest:
            component["components"] = [
                {
                    "type": "file",
                    "bom-ref": f"{entry.id.hex()}#{number}",
                    "name": file.name,
                    "hashes": _hashes(file.digest),
                }
                for number, file in enumerate(manifest.files)
            ]
        if record.licence:
            known = spdx_id(record.licence)
            component["licenses"] = [{"license": {"id": known} if known else {"name": record.licence}}]
        if record.uri:
            component["externalReferences"] = [{"type": "distribution", "url": record.uri}]
        component["properties"] = [{"name": "keifu:model-signing-digest", "value": record.digest.hex()}]
        return component

    def _card(self, subject: Subject) -> dict[str, Any]:
        data = [entry for entry in subject.lineage.entries.values() if entry.record.kind == Kind.DATASET]
        card: dict[str, Any] = {"modelParameters": {"datasets": [{"ref": entry.id.hex()} for entry in data]}}
        metrics = [{"type": name, "value": str(value)} for _, name, value in subject.metrics()]
        if metrics:
            card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
        return card


def _hashes(digest: bytes) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": digest.hex()}]
