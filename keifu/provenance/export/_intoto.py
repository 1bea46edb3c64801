"""The subject as in-toto statements: our own facts, or a predicate that others define and read by its protobuf.

What others define has no room for whether a field is verified: that stands in the subject's annotations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keifu.errors import InputError
from keifu.provenance._model import Kind
from keifu.provenance.export._subject import Subject, rfc3339
from keifu.provenance.manifest import HASH, METHOD
from keifu.provenance.statement import PREDICATES, canonical, statement

__all__ = ["InToto", "ModelSigning", "SlsaProvenance", "TestResult"]

MODEL_SIGNING = "https://model_signing/signature/v1.0"
BUILD_TYPE = "https://keifu.dev/training/v1"


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
        build, details = _part(said, "buildDefinition"), _part(said, "runDetails")
        inputs = [
            subject.lineage.entries[link.parent] for link in entry.record.links if link.parent != (run and run.id)
        ]
        if run and run is not entry:
            inputs = [subject.lineage.entries[link.parent] for link in run.record.links]
        predicate = {
            "buildDefinition": {
                "buildType": build.get("buildType", BUILD_TYPE),
                "externalParameters": build.get("externalParameters", {}),
                "internalParameters": build.get("internalParameters", {}),
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
                "builder": {"id": _part(details, "builder").get("id", f"keifu:{entry.record.author}")},
                "metadata": {
                    "invocationId": (run or entry).id.hex(),
                    **{key: value for key, value in _part(details, "metadata").items() if key in TIMES},
                },
            },
        }
        return _about(subject, PREDICATES["run"], predicate)


TIMES = ("startedOn", "finishedOn")


class TestResult:
    """What an evaluation found: in-toto's test result."""

    name = "test-result"
    filename = "test-result.intoto.json"

    def render(self, subject: Subject) -> bytes:
        found = [item for item in subject.lineage.entries.values() if item.record.kind == Kind.EVALUATION]
        if not found:
            raise InputError(f"{subject.name} has no evaluation", remedy="export the evaluation's own record")
        said = subject.predicate(found[0].id)
        known = ("result", "configuration", "url", "passedTests", "warnedTests", "failedTests")
        predicate = {key: said[key] for key in known if key in said}
        return _about(subject, PREDICATES["evaluation"], {"result": "", "configuration": [], **predicate})


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


def _parent(subject: Subject, kind: Kind) -> Any:
    parents = (subject.lineage.entries.get(link.parent) for link in subject.entry.record.links)
    return next((item for item in parents if item and item.record.kind == kind), None)


def _part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, Mapping) else {}
