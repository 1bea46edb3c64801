"""`keifu report`: headings of a regime, under each what is recorded, with its proof, or that nothing is."""

from __future__ import annotations

import json
import re

import pytest

from keifu.errors import InputError
from keifu.provenance.report import TOPICS, Checklist, annex_iv, template

OWN = {
    "format": "keifu-checklist/1",
    "title": {"en": "Our own rules", "ja": "社内規程"},
    "items": [
        {"id": "A", "heading": {"en": "Who approved it", "ja": "承認者"}, "records": ["approvals"]},
        {"id": "B", "heading": {"en": "What no chain knows", "ja": "鎖の外"}},
    ],
}


@pytest.fixture
def report(keifu, project, pipeline):
    assert keifu("trust", "init", "--environment", f"production={pipeline.environment.hex()}")[0] == 0

    def run(*more):
        return keifu("report", "production", "--documents", project.folder / "documents", *more)

    return run


def test_each_heading_has_proved_lines_or_says_that_nothing_is_recorded(report, project, cast):
    status, out, err = report("--json")
    assert status == 0, err
    found = {section["id"]: section for section in json.loads(out)["sections"]}
    assert list(found) == [item.id for item in annex_iv().items]
    for section in found.values():
        assert section["recorded"] == bool(section["lines"])
        for line in section["lines"]:
            assert line["who"].startswith("0x")
            assert line["since"]
            assert "proved in the state of the block" in line["how"] or "the author's word" in line["how"]
    assert not found["2(e)"]["recorded"]
    assert project["weights-int8"].id.hex() in found["1(a)"]["lines"][0]["what"]
    approvals = [line["who"] for line in found["2(g)"]["lines"] if "attestation" in line["what"]]
    assert set(approvals) == {cast.evaluator.address, cast.scanner.address}
    assert any("dataset" in line["what"] for line in found["2(d)"]["lines"])


def test_people_read_it_in_two_languages_and_as_a_page(report, tmp_path):
    status, out, _ = report("--language", "ja", "--page", tmp_path / "report.html")
    assert status == 0
    assert "2(d)  データ" in out
    assert "記録なし" in out
    # Every sentence of ours is in Japanese: what is left in Latin letters are names, addresses and file names.
    said = [line for line in out.splitlines() if line.startswith("  ")]
    assert [line for line in said if re.search(r"(?:[a-z]+ ){2,}", line)] == []
    page = (tmp_path / "report.html").read_text()
    assert '<html lang="ja">' in page
    assert "<script" not in page
    assert "Not recorded." in report()[1]


def test_a_company_brings_its_own_headings(report, tmp_path):
    (tmp_path / "own.json").write_text(json.dumps(OWN))
    status, out, _ = report("--checklist", tmp_path / "own.json", "--json")
    assert status == 0
    document = json.loads(out)
    assert document["title"] == "Our own rules"
    assert [section["recorded"] for section in document["sections"]] == [True, False]


def test_the_template_is_the_checklist_itself(keifu, tmp_path):
    status, out, _ = keifu("report", "--template")
    assert (status, out.encode()) == (0, template())
    (tmp_path / "again.json").write_text(out)
    assert Checklist.read(tmp_path / "again.json") == annex_iv()
    assert {topic for item in annex_iv().items for topic in item.records} == set(TOPICS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "keifu-checklist/2"}, "format 'keifu-checklist/2', this version reads"),
        ({"items": []}, "no items, or two of one id"),
        ({"items": [OWN["items"][1]] * 2}, "no items, or two of one id"),
        ({"items": [OWN["items"][1] | {"records": ["feelings"]}]}, "no records of the topic 'feelings'"),
        ({"title": "plain"}, "is no checklist"),
        ({"more": 1}, "is no checklist"),
    ],
    ids=["format", "empty", "twice", "topic", "title", "more"],
)
def test_a_checklist_that_cannot_be_read_is_refused_by_name(tmp_path, change, words):
    path = tmp_path / "own.json"
    path.write_text(json.dumps(OWN | change))
    with pytest.raises(InputError, match=words):
        Checklist.read(path)
