"""Exports: valid by the formats' own schemas, and honest about what is verified."""

from __future__ import annotations

import json

import pytest

from keifu.errors import InputError
from keifu.provenance.digest import digest_path
from keifu.provenance.export import EXPORTERS, Basis, describe, export
from keifu.provenance.lineage import walk


@pytest.fixture(scope="module")
def cyclonedx():
    """What is wrong with a document, by the format's own schema; None when nothing is."""
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415 - seconds, which every worker would spend
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str


@pytest.fixture
def subject(project, source):
    weights = project["weights-int8"]
    graph = walk(source, weights.id, names=project.names)
    return describe(
        "digits-int8",
        graph,
        recomputed=digest_path(weights.path),
        statements=project.statements,
        manifests=project.documents.manifests(graph.records),
    )


def test_cyclonedx_is_valid_by_the_bundled_schema(subject, cyclonedx):
    body = export("cyclonedx", subject).decode()
    assert cyclonedx(body) is None
    document = json.loads(body)
    component = document["metadata"]["component"]
    assert "hashes" not in component  # a folder has no hash that anyone could recompute; its files have
    by_name = {file["name"]: file["hashes"][0]["content"] for file in component["components"]}
    for file in subject.manifests[subject.entry.id].files:
        assert by_name[file.name] == file.digest.hex()
    assert component["modelCard"]["quantitativeAnalysis"]["performanceMetrics"][0]["type"] == "accuracy"
    assert {"name": "keifu:verified:digest", "value": subject.entry.record.digest.hex()} in component["properties"]
    assert len(document["components"]) == len(subject.lineage.entries) - 1


def test_every_kind_exports_validly(project, source, cyclonedx):
    for name, artefact in project.artefacts.items():
        subject = describe(name, walk(source, artefact.id, names=project.names), statements=project.statements)
        body = export("cyclonedx", subject).decode()
        assert cyclonedx(body) is None, name


def test_model_card_has_front_matter_and_facts(subject):
    card = export("huggingface", subject).decode()
    _, head, body = card.split("---\n", 2)
    assert "license: cc-by-4.0" in head
    assert "| digest | " in body
    assert "| verified | recomputed from the bytes |" in body


def test_statement_is_in_toto(subject):
    document = json.loads(export("intoto", subject))
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["subject"][0]["digest"]["sha256"] == subject.entry.record.digest.hex()


def test_digest_is_only_asserted_without_the_bytes(project, source):
    subject = describe("x", walk(source, project["weights-int8"].id))
    assert subject.basis("digest") == Basis.ASSERTED


def test_digest_is_only_asserted_with_other_bytes(project, source):
    other = digest_path(project["weights-float"].path)
    assert describe("x", walk(source, project["weights-int8"].id), recomputed=other).basis("digest") == Basis.ASSERTED


def test_authors_words_are_never_verified(subject):
    for name in ("kind", "version", "licence", "quantised-from"):
        assert subject.basis(name) == Basis.ASSERTED


def test_same_subject_same_bytes(subject):
    for name in EXPORTERS.keys() - {"croissant", "test-result"}:  # weights are no data set, and come before any test
        assert export(name, subject) == export(name, subject)


def test_unknown_format(subject):
    with pytest.raises(InputError, match="no export called word"):
        export("word", subject)
