"""The subject as in-toto statements: our own facts, or a predicate that others define and read by its protobuf.

What others define has no room for whether a field is verified: that stands in the subject's annotations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keifu.errors import InputError
from keifu.provenance._model import Kind
from keifu.provenance.export._subject import Subject, part, rfc3339, stated_time
from keifu.provenance.manifest import HASH, METHOD
from keifu.provenance.statement import PREDICATES, canonical, statement

__all__ = ["InToto", "ModelSigning", "SlsaProvenance", "TestResult"]

MODEL_SIGNING = "https://model_signing/signature/v1.0"
BUILD_TYPE = "https://keifu.dev/training/v1"
TIMES = ("startedOn", "finishedOn")


class InToto:
    """One statement about the artefact, its facts and its ancestors."""

    name = "intoto"
    filename = "statement.json"

    def render(self, subject: Subject) -> bytes:
        predicate = {"facts": [fact.to_json() for fact in subject.facts], "lineage": subject.lineage.to_json()}
        return canonical(statement(subject.name, subject.entry.record.digest, predicate)) + b"\n"


class SlsaProvenance:
    """How a run made what it made: SLSA provenance v1, from what the run's author stated and the chain's times."""

    name = "slsa"
    filename = "provenance.intoto.json"

    def render(self, subject: Subject) -> bytes:
        entry = subject.entry
        run = entry if entry.record.kind == Kind.RUN else _parent(subject, Kind.RUN)
        said = subject.predicate(run.id) if run else {}
        build, details = part(said, "buildDefinition"), part(said, "runDetails")
        inputs = [
            subject.lineage.entries[link.parent] for link in entry.record.links if link.parent != (run and run.id)
        ]
        if run and run is not entry:
            inputs = [subject.lineage.entries[link.parent] for link in run.record.links]
        predicate = {
            "buildDefinition": {
                "buildType": _text(build, "buildType") or BUILD_TYPE,
                "externalParameters": part(build, "externalParameters"),
                "internalParameters": part(build, "internalParameters"),
                "resolvedDependencies": [
                    {
                        "name": subject.name_of(item),
                        "uri": item.record.uri,
                        "digest": {"sha256": item.record.digest.hex()},
                    }
                    for item in {item.id: item for item in inputs}.values()
                ],
            },
            "runDetails": {
                "builder": {"id": _text(part(details, "builder"), "id") or f"keifu:{entry.record.author}"},
                "metadata": {
                    "invocationId": (run or entry).id.hex(),
                    **{key: time for key in TIMES if (time := stated_time(part(details, "metadata"), key))},
                },
            },
        }
        return _about(subject, PREDICATES["run"], predicate)


class TestResult:
    """What an evaluation found: in-toto's test result."""

    name = "test-result"
    filename = "test-result.intoto.json"

    def render(self, subject: Subject) -> bytes:
        found = [item for item in subject.lineage.entries.values() if item.record.kind == Kind.EVALUATION]
        if not found:
            raise InputError(f"{subject.name} has no evaluation", remedy="export the evaluation's own record")
        said = subject.predicate(found[0].id)
        predicate: dict[str, Any] = {"result": _text(said, "result"), "configuration": _tested(said)}
        predicate |= {"url": url} if (url := _text(said, "url")) else {}
        for key in ("passedTests", "warnedTests", "failedTests"):
            if isinstance(said.get(key), list):
                predicate[key] = [item for item in said[key] if isinstance(item, str)]
        return _about(subject, PREDICATES["evaluation"], predicate)


class ModelSigning:
    """What OpenSSF's tool signs about the same files: method, links, paths left out, and each file's digest."""

    name = "model-signing"
    filename = "model.intoto.json"

    def render(self, subject: Subject) -> bytes:
        manifest = subject.manifests.get(subject.entry.id)
        if manifest is None:
            raise InputError(f"the manifest of {subject.name} is not at hand", remedy="name its folder: --documents")
        predicate = {
            "serialization": {
                "method": METHOD,
                "hash_type": HASH,
                "allow_symlinks": manifest.links,
                "ignore_paths": list(manifest.ignored),
            },
            "resources": [
                {"name": file.name, "algorithm": HASH, "digest": file.digest.hex()} for file in manifest.files
            ],
        }
        return _about(subject, MODEL_SIGNING, predicate)


def _about(subject: Subject, kind: str, predicate: Mapping[str, Any]) -> bytes:
    entry = subject.entry
    document = statement(subject.name, entry.record.digest, predicate)
    document["predicateType"] = kind
    annotations = {
        "record": entry.id.hex(),
        "registered": rfc3339(entry.time),
        "facts": [fact.to_json() for fact in subject.facts],
    }
    document["subject"][0]["annotations"] = {"keifu": annotations}
    return canonical(document) + b"\n"


def _text(document: Mapping[str, Any], key: str) -> str:
    found = document.get(key)
    return found if isinstance(found, str) else ""


def _tested(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was tested, as resource descriptors: of what an author states, the members that such a one has."""
    found = said.get("configuration")
    return [_descriptor(item) for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _descriptor(item: Mapping[str, Any]) -> dict[str, Any]:
    texts = {key: _text(item, key) for key in ("name", "uri", "downloadLocation", "mediaType")}
    digests = {name: value for name, value in part(item, "digest").items() if isinstance(value, str)}
    whole = texts | {"digest": digests, "annotations": dict(part(item, "annotations"))}
    return {key: value for key, value in whole.items() if value}


def _parent(subject: Subject, kind: Kind) -> Any:
    parents = (subject.lineage.entries.get(link.parent) for link in subject.entry.record.links)
    return next((item for item in parents if item and item.record.kind == kind), None)
