"""Results for other tools: each format as its readers parse it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from evmstorm.fuzz.campaign import InvariantCount, SystemResult
from evmstorm.fuzz.counterexample import FORMAT, Counterexample, SavedStep
from evmstorm.fuzz.outputs import as_annotations, as_junit, as_sarif

STEPS = [SavedStep("put", 1, "user", "store.put", "1, 50%", outcome="ok")]


@pytest.fixture
def result(tmp_path: Path) -> SystemResult:
    found = SystemResult("store", 1, "", source=str(tmp_path / "described" / "store.py"), seconds=1.5)
    found.invariants = [
        InvariantCount("ST-1", "Holds <always> & everywhere.", False, 10),
        InvariantCount("ST-2", "Breaks.", True, 3),
    ]
    for finding, message in (("ST-2", "2 is not\n3: ]]>"), ("put: refusal", "must be refused")):
        found.findings.append(Counterexample(FORMAT, "store", finding, message, "Breaks.", 1, "", "00", STEPS, {}))
    return found


def test_junit_has_a_case_for_each_sentence(result: SystemResult) -> None:
    suite = Xml.fromstring(as_junit([result])).find("testsuite")  # noqa: S314 - our own text
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("time")) == ("3", "2", "1.500")
    names = [(case.get("name"), case.find("failure") is not None) for case in suite]
    assert names == [("ST-1 Holds <always> & everywhere.", False), ("ST-2 Breaks.", True), ("put: refusal", True)]
    assert "2 is not\n3: ]]>" in str(suite[1][0].text)


def test_junit_of_a_search_that_found_nothing(result: SystemResult) -> None:
    result.findings.clear()
    suite = Xml.fromstring(as_junit([result])).find("testsuite")  # noqa: S314 - our own text
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("3", "0")
    assert suite[-1].get("name") == "model"


def test_sarif_names_rule_place_and_calls(result: SystemResult, tmp_path: Path) -> None:
    run = json.loads(as_sarif([result], tmp_path))["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["store/ST-2", "store/put: refusal"]
    first = run["results"][0]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "described/store.py"
    assert "store.put(1, 50%)" in first["message"]["text"]
    assert first["partialFingerprints"]["finding/v1"].startswith("store-st-2-")


def test_annotations_are_a_line_each(result: SystemResult, tmp_path: Path) -> None:
    lines = as_annotations([result], tmp_path).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("::error file=described/store.py,line=1,title=store%3A ST-2::store: ST-2: 2 is not%0A3")
    assert "50%25" in lines[0]
