"""Coverage against counts made by hand, which stand beside the lines of the example that they are about."""

import re
from pathlib import Path

import pytest

from ethwire.errors import UsageError
from evmstorm.coverage import Coverage, FileCoverage, Hits, TracedEvm, lcov, print_table, write_html
from evmstorm.evm import artifacts, reverts

EXPECTED = re.compile(r"  # (?P<count>\d+|absent)(?:: (?P<branches>.*))?$")
OUTCOME = re.compile(r"(\w+) (\d+)")
EXAMPLE, MODULE = "contracts/CoverageExample.vy", "contracts/lib/steps.vy"


@pytest.fixture(scope="module")
def report() -> dict[str, FileCoverage]:
    evm = TracedEvm()
    owner = evm.account("owner")
    with reverts("example: no limit"):
        evm.deploy("CoverageExample", 0, sender=owner)
    example = evm.deploy("CoverageExample", 1_000, sender=owner)
    example.add(500, sender=owner)
    with reverts("example: no flag"):
        example.sum([], False, sender=owner)  # the total is 100
    for value in (700, 50, 5):
        example.add(value, sender=owner)
    with reverts("example: out of range"):
        example.add(0, sender=owner)
    for rounds, done in ((0, 0), (2, 1), (10, 2)):
        assert example.loop(rounds, sender=owner).value == done
    example.sum([1, 1], True, sender=owner)  # leaves a total of 0
    with reverts("example: flag or total"):
        example.sum([], False, sender=owner)
    example.sum([], True, sender=owner)
    coverage = Coverage(["CoverageExample"])
    coverage.record(evm.hits)
    return {file.path: file for file in coverage.report()}


@pytest.mark.parametrize("path", [EXAMPLE, MODULE])
def test_every_line_and_branch_as_counted_by_hand(report: dict[str, FileCoverage], path: str) -> None:
    lines: dict[int, int] = {}
    absent: list[int] = []
    branches: dict[int, list[list[tuple[str, int]]]] = {}
    for number, text in enumerate((artifacts.project().root / path).read_text().splitlines(), 1):
        if (found := EXPECTED.search(text)) is None:
            continue
        if found["count"] == "absent":
            absent.append(number)
            continue
        lines[number] = int(found["count"])
        if found["branches"]:
            branches[number] = [
                [(name, int(count)) for name, count in OUTCOME.findall(decision)]
                for decision in found["branches"].split("; ")
            ]

    file = report[path]

    assert file.lines == lines
    assert file.absent == absent
    actual: dict[int, list[list[tuple[str, int]]]] = {}
    for branch in file.branches:
        actual.setdefault(branch.line, []).append(list(zip(branch.outcomes, branch.counts, strict=True)))
    assert actual == branches


def test_only_files_of_the_project_unless_packages_are_wanted() -> None:
    coverage = Coverage(["Owned"])

    own, everything = coverage.report(), coverage.report(packages=True)

    assert all(file.path.startswith("contracts/") for file in own)
    assert any(file.path.startswith("site-packages/snekmate/") for file in everything)


@pytest.mark.parametrize("name", ["ThirdPartyVault", "PlainToken"])
def test_nothing_ran_is_nothing_covered(name: str) -> None:
    files = Coverage([name]).report()

    assert sum(len(file.lines) for file in files) > 10
    assert sum(file.lines_hit + file.outcomes_hit for file in files) == 0


def test_code_of_other_contracts_is_left_out() -> None:
    evm = TracedEvm()
    evm.deploy("CoverageExample", 1, sender=evm.account("owner"))
    coverage = Coverage(["ThirdPartyVault"])

    coverage.record(evm.hits)

    assert coverage.unknown == 1
    with pytest.raises(UsageError, match="CoverageExample is not among"):
        coverage.record_code("CoverageExample", 1, Hits())


def test_lcov(report: dict[str, FileCoverage]) -> None:
    lines = lcov([report[MODULE]]).splitlines()

    assert lines[:4] == ["TN:", f"SF:{MODULE}", "BRDA:12,0,0,2", "BRDA:12,0,1,6"]
    assert lines[4:] == ["BRF:2", "BRH:2", "DA:12,8", "DA:13,2", "DA:14,6", "DA:20,0", "LF:4", "LH:3", "end_of_record"]


def test_html_needs_nothing_from_outside(report: dict[str, FileCoverage], tmp_path: Path) -> None:
    index = write_html(list(report.values()), tmp_path)

    page = (tmp_path / f"{EXAMPLE.replace('/', '.')}.html").read_text()
    assert f"{EXAMPLE.replace('/', '.')}.html" in index.read_text()
    assert "_flag and picked &gt; 3: never true" in page
    assert not re.search(r"(src|href)=|@import|url\(", page)


def test_table(report: dict[str, FileCoverage], capsys: pytest.CaptureFixture[str]) -> None:
    print_table([report[EXAMPLE], report[MODULE]])

    shown = capsys.readouterr().out
    assert "75.0 %" in shown
    assert "never and/or true: 62" in shown
