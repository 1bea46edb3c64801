"""Numbered cases: faults that showed when the project was tried from outside, each closed by the tests marked with it.

A case counts when at least one test carries its mark and all that do pass in this run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from benchmarks._lab import Lab
from benchmarks._rows import Row
from keifu.errors import EnvironmentFault

__all__ = ["ROWS", "closed"]

ROOT = Path(__file__).parents[1]
TIME_OUT = 3_600  # seconds


def outcomes(report: Path) -> dict[str, bool]:
    """Whether all tests of a case passed, by case, from a JUnit report whose tests carry the property `case`."""
    passed: dict[str, bool] = defaultdict(lambda: True)
    for test in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - written by our own run
        good = not any(test.find(fate) is not None for fate in ("failure", "error", "skipped"))
        for mark in test.findall("properties/property[@name='case']"):
            passed[mark.get("value", "")] &= good
    return dict(passed)


def _run(_: Lab) -> dict[str, bool]:
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
        return outcomes(report)


def closed(lab: Lab, list_name: str) -> int:
    """How many cases of one list are closed."""
    return sum(good for case, good in lab.shared(_run).items() if case.startswith(f"{list_name}-"))


ROWS = (
    Row(
        "score.tool_cases",
        lambda lab: closed(lab, "tools"),
        "cases of tools, chain layer, engine and guides whose tests pass in this run",
        heavy=True,
    ),
)
