"""OpenLineage run events (https://openlineage.io/spec/2-0-2/OpenLineage.json), one JSON object a line.

For each run among the records: the start and the end that its author stated, its inputs, and what was registered as
made by it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from keifu.errors import InputError
from keifu.provenance._model import Kind
from keifu.provenance.export._subject import Subject, part, rfc3339, stated_time
from keifu.provenance.registry import Entry

__all__ = ["OpenLineage"]

PRODUCER = "https://keifu.dev"
SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACET = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/"
STATES = (("START", "startedOn"), ("COMPLETE", "finishedOn"))


class OpenLineage:
    """Two events a run. Artefacts are named by their author's account and their record's id."""

    name = "openlineage"
    filename = "events.jsonl"

    def render(self, subject: Subject) -> bytes:
        runs = [entry for entry in subject.lineage.entries.values() if entry.record.kind == Kind.RUN]
        if not runs:
            raise InputError(f"{subject.name} has no run among its ancestors", remedy="register the run as its parent")
        events = sorted((event for run in runs for event in _events(subject, run)), key=lambda item: item["eventTime"])
        return b"".join(json.dumps(event, sort_keys=True, ensure_ascii=False).encode() + b"\n" for event in events)


def _events(subject: Subject, run: Entry) -> Iterator[dict[str, Any]]:
    entries = subject.lineage.entries
    said = part(part(subject.predicate(run.id), "runDetails"), "metadata")
    inputs = [entries[link.parent] for link in run.record.links if link.parent in entries]
    made = [item for item in entries.values() if any(link.parent == run.id for link in item.record.links)]
    for state, key in STATES:
        stated = stated_time(said, key)
        yield {
            "eventTime": stated or rfc3339(run.time),
            "eventType": state,
            "producer": PRODUCER,
            "schemaURL": SCHEMA,
            "run": {
                "runId": str(uuid.UUID(bytes=run.id[:16], version=4)),
                "facets": {"keifu": _facet(subject, run, "RunFacet", time="asserted" if stated else "verified")},
            },
            "job": {"namespace": f"keifu:{run.record.author}", "name": subject.name_of(run), "facets": {}},
            "inputs": [_dataset(subject, item) for item in {item.id: item for item in inputs}.values()],
            "outputs": [_dataset(subject, item) for item in made] if state == "COMPLETE" else [],
        }


def _dataset(subject: Subject, entry: Entry) -> dict[str, Any]:
    facets: dict[str, Any] = {"keifu": _facet(subject, entry, "DatasetFacet")}
    if entry.record.version:
        facets["version"] = {
            "_producer": PRODUCER,
            "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json",
            "datasetVersion": entry.record.version,
        }
    return {"namespace": f"keifu:{entry.record.author}", "name": entry.id.hex(), "facets": facets}


def _facet(subject: Subject, entry: Entry, kind: str, **more: str) -> dict[str, Any]:
    record = entry.record
    return {
        "_producer": PRODUCER,
        "_schemaURL": FACET + kind,
        "record": entry.id.hex(),
        "name": subject.name_of(entry),
        "digest": record.digest.hex(),
        "licence": record.licence,
        "verified": "record, author, status, registered",
        "asserted": "name, version, licence, digest",
        "status": entry.status.word,
        "registered": rfc3339(entry.time),
        **more,
    }
