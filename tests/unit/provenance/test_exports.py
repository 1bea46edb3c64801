"""Every export, read by the library of those who read it: what it holds is what they find, and nothing is refused."""

from __future__ import annotations

import hashlib
import json

import pytest
from google.protobuf.json_format import MessageToDict, Parse, ParseDict
from huggingface_hub import DatasetCard, ModelCard
from huggingface_hub.utils import HFValidationError, validate_repo_id
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from model_signing._signing.signing import dsse_payload_to_manifest
from spdx_python_model import v3_0_1 as spdx

from keifu.errors import InputError
from keifu.provenance import Kind, Link, Record, RegistryDomain, Relation, Status
from keifu.provenance.digest import digest_path
from keifu.provenance.export import EXPORTERS, describe, export, repository, spdx_id
from keifu.provenance.lineage import Lineage
from keifu.provenance.manifest import Manifest
from keifu.provenance.registry import Entry
from tests.conformance.world import CHAIN, NOW, REGISTRY, address

AUTHOR = address("author")
RUN = {
    "buildDefinition": {"buildType": "https://keifu.dev/training/v1", "externalParameters": {"epochs": 3, "rate": 0.5}},
    "runDetails": {
        "builder": {"id": "https://builder.example"},
        "metadata": {"startedOn": "2026-11-01T10:00:00Z", "finishedOn": "2026-11-01T11:00:00Z"},
    },
}
TESTED = {
    "result": "PASSED",
    "configuration": [
        {"name": "test", "digest": {"sha256": "11" * 32}, "annotations": {"metrics": {"accuracy": 0.97}}}
    ],
    "passedTests": ["accuracy"],
}


class Shelf:
    """Artefacts on disk with their records, without a chain."""

    def __init__(self, folder):
        self.folder, self.ids = folder, {}
        self.entries, self.names, self.statements, self.manifests = {}, {}, {}, {}

    def put(self, name, kind, parents=(), predicate=None, files=2, **fields):
        place = self.folder / name
        place.mkdir()
        for number in range(files):
            (place / f"part {number}.csv").write_bytes(f"{name} {number}".encode())
        manifest = Manifest.of(digest_path(place))
        links = tuple(Link(relation, self.ids[parent]) for relation, parent in parents)
        record = Record(AUTHOR, kind, manifest.digest, manifest=manifest.hash, links=links, **fields)
        record_id = RegistryDomain(CHAIN, REGISTRY).record_id(record)
        self.ids[name], self.names[record_id] = record_id, name
        self.entries[record_id] = Entry(record_id, record, Status.ACTIVE, NOW + len(self.ids))
        self.manifests[record_id] = manifest
        if predicate:
            self.statements[record_id] = {"predicate": predicate}

    def subject(self, name):
        root, pending = self.ids[name], [self.ids[name]]
        entries = {}
        while pending:
            entries[pending[0]] = self.entries[pending[0]]
            pending = pending[1:] + [link.parent for link in self.entries[pending[0]].record.links]
        graph = Lineage(root, entries, names=self.names)
        said = {key: value for key, value in self.statements.items() if key in entries}
        found = digest_path(self.folder / name)
        return describe(name, graph, recomputed=found, statements=said, manifests=self.manifests)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    shelf.put("data", Kind.DATASET, uri="hf://datasets/example/digits@v1", licence="CC-BY-4.0", version="2.0.0")
    shelf.put("notes", Kind.DATASET, uri="https://data.example/notes", licence="ask us: |first|")
    shelf.put("labels", Kind.LABEL_SET, [(Relation.DERIVED_FROM, "data")], licence="MIT")
    shelf.put("code", Kind.CODE, licence="mit")
    shelf.put("base", Kind.MODEL, uri="https://huggingface.co/example/base-model/tree/main", licence="apache-2.0")
    shelf.put(
        "run", Kind.RUN, [(Relation.TRAINED_ON, "data"), (Relation.TRAINED_ON, "notes"), (1, "code")], predicate=RUN
    )
    parents = [(1, "run"), (Relation.TRAINED_ON, "data"), (Relation.FINE_TUNED_FROM, "base"), (3, "labels")]
    shelf.put("weights", Kind.WEIGHTS, parents, licence="Apache-2.0", version="1.2.0", uri="https://models.example/w")
    shelf.put("evaluation", Kind.EVALUATION, [(1, "weights"), (Relation.EVALUATED_ON, "data")], predicate=TESTED)
    return shelf


def manifest_files(shelf, name):
    return {file.name: file.digest.hex() for file in shelf.manifests[shelf.ids[name]].files}


@pytest.mark.case("provenance-8")
@pytest.mark.parametrize("kind", ["intoto", "slsa", "model-signing", "test-result"])
def test_in_toto_reads_the_statement_without_a_field_that_it_does_not_know(shelf, kind):
    subject = shelf.subject("evaluation")
    body = export(kind, subject)
    found = Parse(body, statement_pb2.Statement())
    assert found.subject[0].digest["sha256"] == subject.entry.record.digest.hex()
    assert json.loads(body) == MessageToDict(found, preserving_proto_field_name=False) | {"_type": found.type}


@pytest.mark.case("provenance-8")
def test_slsa_provenance_is_that_of_the_run(shelf):
    document = json.loads(export("slsa", shelf.subject("weights")))
    assert document["predicateType"] == "https://slsa.dev/provenance/v1"
    found = ParseDict(document["predicate"], provenance_pb2.Provenance())
    assert found.run_details.builder.id == "https://builder.example"
    assert found.run_details.metadata.started_on.ToJsonString() == "2026-11-01T10:00:00Z"
    inputs = {item.name: item.digest["sha256"] for item in found.build_definition.resolved_dependencies}
    assert inputs == {name: shelf.entries[shelf.ids[name]].record.digest.hex() for name in ("data", "notes", "code")}


@pytest.mark.case("provenance-8")
def test_the_test_result_is_in_totos(shelf):
    document = json.loads(export("test-result", shelf.subject("evaluation")))
    assert document["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    found = ParseDict(document["predicate"], test_result_pb2.TestResult())
    assert (found.result, list(found.passed_tests)) == ("PASSED", ["accuracy"])
    with pytest.raises(InputError, match="weights has no evaluation"):
        export("test-result", shelf.subject("weights"))


def test_openssfs_tool_reads_its_predicate_and_finds_the_files(shelf):
    document = json.loads(export("model-signing", shelf.subject("weights")))
    found = dsse_payload_to_manifest(document)
    named = {item.identifier: item.digest.digest_hex for item in found.resource_descriptors()}
    assert named == manifest_files(shelf, "weights")


def test_the_annotations_of_a_statement_say_what_is_verified(shelf):
    for kind in ("slsa", "model-signing"):
        facts = json.loads(export(kind, shelf.subject("weights")))["subject"][0]["annotations"]["keifu"]["facts"]
        basis = {fact["name"]: fact["basis"] for fact in facts}
        assert (basis["digest"], basis["author"], basis["licence"]) == ("verified", "verified", "asserted")


@pytest.mark.case("provenance-13")
@pytest.mark.parametrize("name", ["data", "notes", "labels", "code", "base", "run", "weights", "evaluation"])
def test_cyclonedx_is_valid_and_each_hash_is_of_a_file_that_anyone_can_hash(shelf, name):
    body = export("cyclonedx", shelf.subject(name)).decode()
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415 - as below
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(body) is None
    document = json.loads(body)
    component = document["metadata"]["component"]
    for file in component["components"]:
        content = (shelf.folder / name / file["name"]).read_bytes()
        assert file["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]
    assert "approach" not in body
    assert document["metadata"]["tools"]["components"][0]["name"] == "keifu"


def test_cyclonedx_names_licences_by_their_identifier_and_only_those_that_have_one(shelf):
    component = json.loads(export("cyclonedx", shelf.subject("evaluation")))["components"]
    licences = {item["name"]: item.get("licenses") for item in component}
    assert licences["code"] == [{"license": {"id": "MIT"}}]
    assert licences["weights"] == [{"license": {"id": "Apache-2.0"}}]
    assert licences["notes"] == [{"license": {"name": "ask us: |first|"}}]


def test_an_artefact_of_one_file_has_that_files_hash(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("one", Kind.DATASET, files=1)
    (record_id,) = shelf.entries
    shelf.manifests[record_id] = Manifest.of(digest_path(tmp_path / "one" / "part 0.csv"))
    component = json.loads(export("cyclonedx", shelf.subject("one")))["metadata"]["component"]
    assert component["hashes"][0]["content"] == hashlib.sha256(b"one 0").hexdigest()


@pytest.mark.case("provenance-13")
@pytest.mark.parametrize("name", ["data", "notes", "labels", "code", "base", "weights", "evaluation"])
def test_hugging_face_loads_and_saves_the_card_without_a_change(shelf, name, tmp_path):
    kind = DatasetCard if name in ("data", "notes") else ModelCard
    body = export("huggingface", shelf.subject(name))
    (tmp_path / "README.md").write_bytes(body)
    card = kind.load(tmp_path / "README.md")
    card.save(tmp_path / "saved.md")
    assert (tmp_path / "saved.md").read_bytes() == body
    head = card.data.to_dict()
    for named in [*head.get("datasets", []), *head.get("base_model", [])]:
        validate_repo_id(named)


def test_the_card_names_what_lies_on_the_hub_and_nothing_else(shelf, tmp_path):
    (tmp_path / "README.md").write_bytes(export("huggingface", shelf.subject("weights")))
    head = ModelCard.load(tmp_path / "README.md").data.to_dict()
    assert head["datasets"] == ["example/digits"]
    assert head["base_model"] == ["example/base-model"]
    assert (head["base_model_relation"], head["license"]) == ("finetune", "apache-2.0")


@pytest.mark.parametrize("name", ["a/b", "a/b.c", "a-b/c_d", "a--b/c", "a/b..c", "a/-b", "a/b-", "a/b.git",
                                  "a/" + "b" * 95, "a/.b", "_a/b", "a/b_", "日/b"])  # fmt: skip
def test_no_repository_is_named_that_their_validator_refuses(name):
    mine = repository(f"hf://{name}", data=False)
    try:
        validate_repo_id(name)
    except HFValidationError:
        assert mine == ""
    else:
        assert mine in (name, "")
    assert repository(f"hf://datasets/{name}", data=False) == ""


def test_spdx_reads_ai_and_data_set_packages(shelf):
    subject = shelf.subject("evaluation")
    objects = spdx.SHACLObjectSet()
    spdx.JSONLDDeserializer().deserialize_data(json.loads(export("spdx", subject)), objects)
    models = {item.name: item for item in objects.foreach_type(spdx.ai_AIPackage)}
    data = {item.name for item in objects.foreach_type(spdx.dataset_DatasetPackage)}
    assert (set(models), data) == ({"weights", "base"}, {"data", "notes", "labels"})
    assert models["weights"].software_packageVersion == "1.2.0"
    relations = {
        (item.from_.name, item.relationshipType.rsplit("/", 1)[1], to.name)
        for item in objects.foreach_type(spdx.Relationship)
        for to in item.to
        if hasattr(item.from_, "name") and getattr(to, "name", None)
    }
    assert {("weights", "trainedOn", "data"), ("evaluation", "testedOn", "data")} <= relations
    said = [item.statement for item in objects.foreach_type(spdx.Annotation)]
    assert len(said) == len(subject.facts)
    assert all(item.startswith(("verified: ", "asserted: ")) for item in said)
    assert objects.missing_ids == set()
    # Written again by their library, which refuses an element that lacks what the model asks for.
    written = spdx.JSONLDSerializer().serialize_data(objects)
    assert len(written["@graph"]) == len(json.loads(export("spdx", subject))["@graph"])


@pytest.mark.parametrize("name", ["data", "notes", "labels"])
def test_croissant_is_read_without_an_error_and_with_every_file(shelf, name):
    import mlcroissant  # noqa: PLC0415 - seconds, which every worker would spend

    found = mlcroissant.Dataset(jsonld=json.loads(export("croissant", shelf.subject(name))))
    assert not found.metadata.issues.errors
    assert {item.name: item.sha256 for item in found.metadata.distribution} == manifest_files(shelf, name)


def test_croissant_is_for_data_sets(shelf):
    with pytest.raises(InputError, match="weights is a weights"):
        export("croissant", shelf.subject("weights"))


def test_openlineages_client_takes_the_events_to_a_sink_and_back(shelf, tmp_path):
    from openlineage.client import OpenLineageClient, event_v2  # noqa: PLC0415 - as above
    from openlineage.client.transport.file import FileConfig, FileTransport  # noqa: PLC0415

    lines = export("openlineage", shelf.subject("weights")).decode().splitlines()
    sink = tmp_path / "events.jsonl"
    client = OpenLineageClient(transport=FileTransport(FileConfig(log_file_path=str(sink), append=True)))
    for line in lines:
        client.emit(_event(event_v2, json.loads(line)))
    read = [json.loads(line) for line in sink.read_text().splitlines()]
    assert [event["eventType"] for event in read] == ["START", "COMPLETE"]
    for mine, theirs in zip(map(json.loads, lines), read, strict=True):
        assert theirs["eventTime"] == mine["eventTime"]
        assert theirs["run"]["runId"] == mine["run"]["runId"]
        assert [item["name"] for item in theirs["inputs"]] == [item["name"] for item in mine["inputs"]]
        assert [item["name"] for item in theirs["outputs"]] == [item["name"] for item in mine["outputs"]]
    assert [item["name"] for item in read[1]["outputs"]] == [shelf.ids["weights"].hex()]


def _event(event_v2, said):
    """The client's own classes, filled with what was exported."""
    return event_v2.RunEvent(
        eventTime=said["eventTime"],
        eventType=event_v2.RunState[said["eventType"]],
        producer=said["producer"],
        run=event_v2.Run(runId=said["run"]["runId"], facets={}),
        job=event_v2.Job(namespace=said["job"]["namespace"], name=said["job"]["name"]),
        inputs=[event_v2.InputDataset(namespace=item["namespace"], name=item["name"]) for item in said["inputs"]],
        outputs=[event_v2.OutputDataset(namespace=item["namespace"], name=item["name"]) for item in said["outputs"]],
    )


def test_every_export_is_the_same_for_the_same_subject(shelf):
    for name in EXPORTERS:
        of = "data" if name == "croissant" else "evaluation"
        assert export(name, shelf.subject(of)) == export(name, shelf.subject(of))


def test_the_listed_licences_are_those_of_the_consumers_schema():
    assert (spdx_id("apache-2.0"), spdx_id("my own"), spdx_id("")) == ("Apache-2.0", "", "")
