"""Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html): a data set and its files, JSON-LD."""

from __future__ import annotations

import json
from mimetypes import guess_type
from typing import Any

from keifu.errors import InputError
from keifu.provenance._model import Kind
from keifu.provenance.export._subject import Subject, rfc3339

__all__ = ["Croissant"]

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
KINDS = (Kind.DATASET, Kind.LABEL_SET)


class Croissant:
    """A data set's description: its files with their SHA-256, and in words what is verified."""

    name = "croissant"
    filename = "croissant.json"

    def render(self, subject: Subject) -> bytes:
        record = subject.entry.record
        if record.kind not in KINDS:
            raise InputError(f"{subject.name} is a {record.kind.word}", remedy="Croissant describes data sets")
        facts = "\n".join(
            f"- {fact.name}: {fact.value or 'empty'} ({fact.basis.value}: {fact.how})" for fact in subject.facts
        )
        document: dict[str, Any] = {
            "@context": CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": "http://mlcommons.org/croissant/1.0",
            "name": subject.name,
            "description": f"Provenance of {subject.name}:\n{facts}",
            "creator": {"@type": "Organization", "name": record.author},
            "datePublished": rfc3339(subject.entry.time),
            "url": record.uri or f"urn:keifu:{subject.entry.id.hex()}",
            "distribution": self._files(subject),
        }
        if record.licence:
            document["license"] = record.licence
        if record.version:
            document["version"] = record.version
        return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"

    def _files(self, subject: Subject) -> list[dict[str, Any]]:
        manifest = subject.manifests.get(subject.entry.id)
        base = subject.entry.record.uri.rstrip("/")
        return [
            {
                "@type": "cr:FileObject",
                "@id": f"file-{number}",
                "name": file.name,
                "contentUrl": f"{base}/{file.name}" if base else file.name,
                "contentSize": f"{file.size} B",
                "encodingFormat": guess_type(file.name)[0] or "application/octet-stream",
                "sha256": file.digest.hex(),
            }
            for number, file in enumerate(manifest.files if manifest else ())
        ]
