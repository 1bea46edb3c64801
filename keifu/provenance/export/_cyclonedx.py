"""CycloneDX 1.6 ML-BOM (https://cyclonedx.org/docs/1.6/json). The Python library has no `modelCard`, so the document is
written here; the tests validate it with the schemas that the library ships."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from keifu.provenance._model import Kind, Relation
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
DATA = (Relation.TRAINED_ON, Relation.EVALUATED_ON, Relation.LABELLED_BY)
ANCESTORS = (Relation.FINE_TUNED_FROM, Relation.QUANTISED_FROM, Relation.DERIVED_FROM, Relation.SUPERSEDES)
_SPDX = re.compile(r"[A-Za-z0-9.+-]+")


class CycloneDx:
    """An ML-BOM: the artefact as main component, every ancestor as a component, links as dependencies."""

    name = "cyclonedx"
    filename = "bom.cdx.json"

    def render(self, subject: Subject) -> bytes:
        entries = subject.lineage.entries
        main = self._component(subject.entry, subject.name)
        main["pedigree"] = {"ancestors": [self._component(item, "") for item in subject.parents(*ANCESTORS)]}
        if TYPES.get(subject.entry.record.kind) == "machine-learning-model":
            main["modelCard"] = self._card(subject)
        main["properties"] = [
            {"name": f"keifu:{fact.basis.value}:{fact.name}", "value": fact.value} for fact in subject.facts
        ]
        others = [self._component(entry, "") for entry in entries.values() if entry.id != subject.entry.id]
        document = {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{uuid.UUID(bytes=subject.entry.id[:16], version=4)}",
            "version": 1,
            "metadata": {"timestamp": rfc3339(subject.entry.time), "component": main},
            "components": [self._titled(subject, item) for item in others],
            "dependencies": [
                {
                    "ref": entry.id.hex(),
                    "dependsOn": sorted({link.parent.hex() for link in entry.record.links if link.parent in entries}),
                }
                for entry in entries.values()
            ],
        }
        return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"

    def _titled(self, subject: Subject, component: dict[str, Any]) -> dict[str, Any]:
        title = subject.lineage.names.get(bytes.fromhex(component["bom-ref"]))
        return component | ({"name": title} if title else {})

    def _component(self, entry: Entry, name: str) -> dict[str, Any]:
        record = entry.record
        component: dict[str, Any] = {
            "type": TYPES.get(record.kind, "data"),
            "bom-ref": entry.id.hex() if not name else f"{entry.id.hex()}",
            "name": name or record.kind.word,
            "hashes": [{"alg": "SHA-256", "content": record.digest.hex()}],
        }
        if record.version:
            component["version"] = record.version
        if record.licence and _SPDX.fullmatch(record.licence):
            component["licenses"] = [{"license": {"name": record.licence}}]
        return component

    def _card(self, subject: Subject) -> dict[str, Any]:
        data = [entry for entry in subject.lineage.entries.values() if entry.record.kind == Kind.DATASET]
        card: dict[str, Any] = {
            "modelParameters": {
                "approach": {"type": "supervised"},
                "datasets": [{"ref": entry.id.hex()} for entry in data],
            }
        }
        metrics = [
            {"type": str(name), "value": str(value)}
            for record_id in subject.statements
            for name, value in subject.predicate(record_id).get("metrics", {}).items()
        ]
        if metrics:
            card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
        return card
