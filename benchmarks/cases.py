"""Numbered cases: faults that showed when the project was tried from outside, each closed by the tests marked with it.

A case counts when at least one test carries its mark and all that do pass in this run. The tests of the guides say in
the same report which commands they have run as printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from benchmarks._lab import Lab
from benchmarks._rows import Row
from keifu.errors import EnvironmentFault

__all__ = ["ROWS", "closed"]

ROOT = Path(__file__).parents[1]
TIME_OUT = 3_600  # seconds


@dataclass(frozen=True)
class Outcome:
    """What a run says: whether all tests of a case passed, by case, and the commands that passing tests ran."""

    cases: dict[str, bool]
    commands: frozenset[str]


def read_report(report: Path) -> Outcome:
    """From a JUnit report whose tests carry the properties `case` and `command`."""
    passed: dict[str, bool] = defaultdict(lambda: True)
    commands: set[str] = set()
    for test in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - written by our own run
        good = not any(test.find(fate) is not None for fate in ("failure", "error", "skipped"))
        for case in _properties(test, "case"):
            passed[case] &= good
        commands.update(_properties(test, "command") if good else ())
    return Outcome(dict(passed), frozenset(commands))


def _properties(test: ElementTree.Element, name: str) -> Iterator[str]:
    return (mark.get("value", "") for mark in test.findall(f"properties/property[@name='{name}']"))


def _run(_: Lab) -> Outcome:
    """Every test that is marked with a case. Raises EnvironmentFault when pytest wrote no report."""
    with tempfile.TemporaryDirectory(prefix="keifu-cases-") as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "case", "--junitxml", str(report)]
        environment = {**os.environ, "KEIFU_NO_SKIP": "1"}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIME_OUT, check=False
        )
        if not report.is_file():
            raise EnvironmentFault(f"pytest wrote no report: {(done.stderr or done.stdout)[-300:]}")
        return read_report(report)


def closed(lab: Lab, list_name: str) -> int:
    """How many cases of one list are closed."""
    return sum(good for case, good in lab.shared(_run).cases.items() if case.startswith(f"{list_name}-"))


ROWS = (
    Row(
        "score.tool_cases",
        lambda lab: closed(lab, "tools"),
        "cases of tools, chain layer, engine and guides whose tests pass in this run",
        heavy=True,
    ),
    Row(
        "score.provenance_cases",
        lambda lab: closed(lab, "provenance"),
        "cases of provenance whose tests pass in this run",
        heavy=True,
    ),
    Row(
        "count.commands",
        lambda lab: len(lab.shared(_run).commands),
        "different commands of README and guides that tests ran as printed in this run; --help is not counted",
        heavy=True,
    ),
)
