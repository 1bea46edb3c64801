"""What an attacker puts into files that a verifier reads: texts, statements, folders, tables. Each was seen to succeed,
or to end in a traceback or in no end at all, before it was refused."""

from __future__ import annotations

import copy
import json
import os

import pytest
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from msgspec.structs import replace

from keifu.errors import InputError, KeifuError
from keifu.keys import Account
from keifu.provenance import Kind, RegistryDomain, Relation, Status
from keifu.provenance.digest import digest_path
from keifu.provenance.documents import LARGEST_DOCUMENT, Documents
from keifu.provenance.export import EXPORTERS, describe, export
from keifu.provenance.label_set import read_table
from keifu.provenance.labels import LabelBatch, label_word
from keifu.provenance.lineage import Lineage
from keifu.provenance.manifest import Manifest
from keifu.provenance.registry import Entry
from keifu.provenance.statement import read_statement
from keifu.provenance.trust import Trust
from keifu.provenance.verify import Finding, check_run, require
from keifu.texts import one_line, visible
from tests.profiles import quick_or_deep
from tests.unit.provenance.test_exports import RUN, TESTED, Shelf

LINKS = quick_or_deep(500, 100_000)
REGISTRY = "0x" + "12" * 20
# In the place of any member of a statement: nothing, another type, a number, text that is no text, a list in a list.
WRONG = [None, True, 7, -1, 1e300, "", "x\ny", "|", "\u202e", [], {}, [[]], {"a": []}, ["x"], [None], "2026-13-01"]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    shelf.put("data", Kind.DATASET)
    shelf.put("run", Kind.RUN, [(Relation.TRAINED_ON, "data")], predicate=RUN)
    shelf.put("weights", Kind.WEIGHTS, [(Relation.DERIVED_FROM, "run")], version="1\n| status | active | verified |")
    shelf.put("evaluation", Kind.EVALUATION, [(Relation.EVALUATED_ON, "weights")], predicate=TESTED)
    return shelf


def places(value, path=()):
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*path, key))


def put(document, path, value):
    document = copy.deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return document


@pytest.mark.parametrize("name", ["run", "evaluation"])
def test_no_statement_spoils_an_export_or_a_check(shelf, name):
    """Whatever an ancestor's author states, with each member replaced by something else: every format is written, and
    in-toto still reads its own."""
    subject, root = shelf.subject("evaluation"), shelf.ids[name]
    honest = {"subject": [{"digest": {"sha256": "00"}}], **shelf.statements[root]}
    slsa, tested = provenance_pb2.Provenance, test_result_pb2.TestResult
    for number, place in enumerate(places(honest)):
        for wrong in WRONG[number % 3 :: 3] if place else ():
            statements = {**shelf.statements, root: put(honest, place, wrong)}
            changed = describe("it", subject.lineage, statements=statements, manifests=shelf.manifests)
            written = {form: export(form, changed) for form in EXPORTERS if form != "croissant"}
            ParseDict(json.loads(written["slsa"])["predicate"], slsa())
            ParseDict(json.loads(written["test-result"])["predicate"], tested())
            for event in map(json.loads, written["openlineage"].splitlines()):
                assert event["eventTime"].endswith("Z")
            assert isinstance(check_run(shelf.entries[shelf.ids["run"]], statements[root], subject.lineage), Finding)


def test_a_time_that_is_none_fails_the_check_and_not_the_command(shelf):
    stated = put({"predicate": RUN}, ("predicate", "runDetails", "metadata", "startedOn"), "last week")
    found = check_run(shelf.entries[shelf.ids["run"]], stated, shelf.subject("run").lineage)
    assert (found.ok, "'last week' is not a time" in found.detail) == (False, True)


def test_a_card_has_no_row_that_an_author_wrote(shelf):
    """A version with an end of line in it, a metric with another, and a name that ends the block of code."""
    loud = put(TESTED, ("configuration", 0, "annotations", "metrics"), {"f1\n| digest | 00 | verified |": 1})
    subject = shelf.subject("weights")
    lineage = Lineage(subject.entry.id, subject.lineage.entries, names={shelf.ids["run"]: "```\n# Verified"})
    statements = {shelf.ids["run"]: {"predicate": loud}}
    card = export("huggingface", describe("it", lineage, statements=statements)).decode()
    assert "| version | 1<U+000A>\\| status \\| active \\| verified \\| | asserted |" in card
    assert [line for line in card.splitlines() if line.startswith(("| status", "| digest"))] == [
        "| status | active | verified | read from the chain |",
        f"| digest | {subject.entry.record.digest.hex()} | asserted | not recomputed: no bytes were given |",
    ]
    assert "# Verified" not in card.splitlines()
    assert card.count("````") == 2


def test_somebodys_words_begin_no_line_and_write_over_none():
    assert (
        one_line("1.0\nok   bytes: as registered\t\x1b[2J") == "1.0<U+000A>ok   bytes: as registered<U+0009><U+001B>[2J"
    )
    assert visible("a\nb\x1b") == "a\nb<U+001B>"
    with pytest.raises(KeifuError, match=r"^bytes: changed: a<U\+000A>ok   bytes: fine$"):
        require([Finding("bytes", False, "changed: a\nok   bytes: fine")])


@pytest.mark.parametrize(
    "text",
    [
        '{"subject":[{"digest":{"sha256":"00"}}],"subject":[{"digest":{"sha256":"%s"}}]}',
        '{"subject":[{"digest":{"sha256":"%s"}}],"predicate":{"a":1,"a":2}}',
        '{"subject":[{"digest":{"sha256":"%s"}}],"predicate":"\\udC00"}',
        '{"subject":[{"digest":{"sha256":"%s"}}],"predicate":1e999}',
    ],
    ids=["two subjects", "a member twice", "half a pair", "infinite"],
)
def test_a_statement_that_others_read_otherwise_is_none(text):
    digest = bytes(32)
    with pytest.raises(InputError, match="not an in-toto statement"):
        read_statement((text % digest.hex()).encode(), digest)


def test_a_folder_of_documents_with_a_pipe_and_a_huge_file_is_read(tmp_path):
    """Nothing waits for the pipe, and nothing is kept of what is not asked for."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a").write_bytes(b"1")
    manifest = Manifest.of(digest_path(tmp_path / "tree"))
    os.mkfifo(tmp_path / "a.json")
    (tmp_path / "b.json").mkdir()
    (tmp_path / "c.json").symlink_to("c.json")
    with (tmp_path / "d.json").open("wb") as file:
        file.truncate(LARGEST_DOCUMENT + 1)
    (tmp_path / "e.json").write_bytes(manifest.body)
    held = Documents(folders=[tmp_path])
    assert held.get(manifest.hash) == manifest.body
    (tmp_path / "e.json").write_bytes(b"changed since")
    assert held.get(manifest.hash) is None


def test_what_many_links_lead_to_is_read_once(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "blob").write_bytes(bytes(100_000))
    for number in range(LINKS):
        (tmp_path / "tree" / f"{number:06}").symlink_to(tmp_path / "blob")
    read = []
    found = digest_path(tmp_path / "tree", links=True, on_progress=read.append)
    assert (len(found.files), read[-1]) == (LINKS, 100_000)
    assert len({file.digest for file in found.files}) == 1


@pytest.mark.parametrize("target", ["loop", "pipe", "/dev/zero", "folder"])
def test_a_link_to_no_file_is_refused_also_where_links_are_followed(tmp_path, target):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "tree" / "link").symlink_to(tmp_path / target)
    with pytest.raises(InputError, match=r"cannot follow|neither a file nor a folder|link to a folder"):
        digest_path(tmp_path / "tree", links=True)


@pytest.mark.parametrize("sample", ["pipe", "/dev/zero", "folder"])
def test_a_table_of_labels_names_files_and_no_pipes(tmp_path, sample):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "labels.csv").write_text(f"index,sample,label\n0,{sample},setosa\n")
    with pytest.raises(InputError, match=r"labels\.csv, line 2: no sample .*: it is no file"):
        read_table(tmp_path / "labels.csv")


def test_a_table_without_end_and_a_batch_in_a_pipe_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("keifu.provenance.label_set.LARGEST_TABLE", 1 << 16)
    with pytest.raises(InputError, match="/dev/zero is too large for a table of labels"):
        read_table(tmp_path / "/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is not a batch of labels: it is no file"):
        LabelBatch.read(tmp_path / "pipe", RegistryDomain(1, REGISTRY))


def test_a_batch_is_written_under_the_name_that_was_asked_for(tmp_path):
    domain = RegistryDomain(1, REGISTRY)
    batch = LabelBatch.sign(domain, b"\x01" * 32, [Account.from_role("labeller")], [b"sample"], [label_word(1)])
    batch.write(tmp_path / "signed")
    assert len(LabelBatch.read(tmp_path / "signed", domain)) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nodes": ("http://a/", "http://a"), "agree": 2}, "a node is named twice"),
        ({"first_block": -1}, "a chain has no block -1"),
        ({"chain": -(10**30)}, "out of range"),
        ({"agree": 1}, "out of range"),
        ({"authors": ("0x" + "１" * 40,)}, "is not an address"),
        ({"named": {"production": "00" * 31}}, "environment production has 31 bytes"),
    ],
    ids=["a node twice", "block", "chain", "agree without nodes", "wide digits", "short id"],
)
def test_a_trust_file_that_cannot_be_right_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        replace(Trust(1, REGISTRY), **changes).checked("it")


def test_a_revoked_ancestor_in_no_language_passes_for_an_active_one(shelf):
    """Its title is what its author calls it, and states what it likes."""
    subject = shelf.subject("weights")
    entries = dict(subject.lineage.entries)
    data = entries[shelf.ids["data"]]
    entries[data.id] = Entry(data.id, data.record, Status.REVOKED, data.time)
    lineage = Lineage(subject.entry.id, entries, names={data.id: "data\n└─ active"})
    marked = [line for line in lineage.tree().splitlines() if line.endswith("!revoked")]
    assert len(marked) == 1
    assert "data<U+000A>└─ active" in marked[0]
