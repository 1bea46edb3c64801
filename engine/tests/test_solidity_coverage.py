"""Coverage of Solidity from Foundry's artefacts, against counts made by hand that stand beside the lines."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ethwire.commands import exit_status
from evmstorm import project
from evmstorm.cli import cli
from evmstorm.coverage import Coverage, FileCoverage, TracedEvm, lcov, print_table, write_html
from evmstorm.coverage._scan import blanked, shape
from evmstorm.evm import artifacts, reverts
from evmstorm.evm.artifacts import Project

SOLIDITY = Path(__file__).parent / "solidity"
EXPECTED = re.compile(r" // (?P<count>\d+)(?:: (?P<branches>.*))?$")
OUTCOME = re.compile(r"(\w+) (\d+)")
OWN, LIBRARY = "src/Sums.sol", "src/Limits.sol"
Decisions = dict[int, list[list[tuple[str, int]]]]


def folder_of(tmp_path: Path, build: str) -> Path:
    """The project with the artefacts of one way to compile it."""
    root = tmp_path / build
    shutil.copytree(SOLIDITY / "src", root / "src")
    shutil.copytree(SOLIDITY / build, root / build)
    (root / "foundry.toml").write_text((SOLIDITY / "foundry.toml").read_text().replace("optimised", build))
    return root


def report_of(root: Path) -> dict[str, FileCoverage]:
    evm = TracedEvm(Project(root).load)
    owner, rival = evm.account("owner"), evm.account("rival")
    with reverts("no limit"):
        evm.deploy("Sums", 0, sender=owner)
    sums = evm.deploy("Sums", 300, sender=owner)
    with reverts("not the owner"):
        sums.add(5, sender=rival)
    sums.add(5, sender=owner)
    sums.add(150, sender=owner)  # a total of 305, which is capped
    with reverts("OutOfRange"):
        sums.add(0, sender=owner)
    assert [sums.loop(rounds, sender=owner).value for rounds in (0, 2, 7)] == [2, 2, 4]
    with reverts(""):
        sums.close(False, sender=owner)
    sums.close(True, sender=owner)
    coverage = Coverage(["Sums"], Project(root))
    coverage.record(evm.hits)
    assert coverage.unknown == 0  # although its limit was written into the code
    return {file.path: file for file in coverage.report()}


def counted_by_hand(path: str) -> tuple[dict[int, int], Decisions]:
    lines: dict[int, int] = {}
    branches: Decisions = {}
    for number, text in enumerate((SOLIDITY / path).read_text().splitlines(), 1):
        if found := EXPECTED.search(text):
            lines[number] = int(found["count"])
            if found["branches"]:
                branches[number] = [
                    [(name, int(count)) for name, count in OUTCOME.findall(decision)]
                    for decision in found["branches"].split("; ")
                ]
    return lines, branches


def decisions_of(file: FileCoverage) -> Decisions:
    found: Decisions = {}
    for branch in file.branches:
        found.setdefault(branch.line, []).append(list(zip(branch.outcomes, branch.counts, strict=True)))
    return found


@pytest.mark.parametrize("build", ["optimised", "plain"])
def test_every_line_and_branch_as_counted_by_hand(tmp_path: Path, build: str) -> None:
    report = report_of(folder_of(tmp_path, build))

    for path in (OWN, LIBRARY):
        assert (report[path].lines, decisions_of(report[path])) == counted_by_hand(path)


def test_code_by_way_of_yul_says_less_and_nothing_wrong(tmp_path: Path) -> None:
    report = report_of(folder_of(tmp_path, "yul"))

    for path in (OWN, LIBRARY):
        lines, branches = counted_by_hand(path)
        assert {line: report[path].lines[line] for line in lines if line in report[path].lines}.items() <= lines.items()
        for line, found in decisions_of(report[path]).items():
            assert all(decision in branches[line] for decision in found)
    assert sum(len(file.branches) for file in report.values()) >= 4


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """The project, and a description beside it."""
    folder = folder_of(tmp_path, "optimised")
    (folder / "sums.py").write_text(
        "from evmstorm.fuzz import Choice, System, action\n\n\n"
        "class Sums(System):\n    contracts = ('Sums',)\n    actors = ('caller',)\n\n"
        "    def setup(self, evm):\n        self.bind(sums=evm.deploy('Sums', 300, sender=evm.account('owner')))\n\n"
        "    @action('sums.loop', Choice((0, 1, 7)))\n    def loop(self, who, rounds):\n        yield\n"
    )
    with project.using(folder):
        yield folder


def run(*words: str) -> int:
    return exit_status(cli, [*words], program="evmstorm")


def test_a_search_says_what_it_reached_on_the_terminal_in_json_and_on_its_page(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("fuzz", str(root / "sums.py"), "--calls", "500", "--processes", "1", "--coverage", "--report")
    assert run(*words, str(root / "page.html")) == 0
    assert "sums: src/Sums.sol: " in (said := capsys.readouterr().out)
    assert "never: 15 holds/fails" in said
    assert run(*words, str(root / "page.html"), "--json") == 0

    files = json.loads(capsys.readouterr().out)["coverage"]

    own = next(file for file in files if file["path"] == OWN)
    assert own["system"] == "sums"
    assert (own["outcomes_hit"], own["outcomes"]) == (15, 32)
    assert {"line": 15, "condition": "msg.sender == owner", "outcome": "fails"} in own["never"]
    assert "src/Sums.sol: " in (root / "page.html").read_text()


def test_the_command_coverage_writes_pages_of_solidity(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("coverage", str(root / "sums.py"), "--calls", "500", "--html", str(root / "pages")) == 0

    assert "src/Sums.sol" in capsys.readouterr().out
    assert "never true or false" in (root / "pages" / "src.Sums.sol.html").read_text()
    assert "SF:src/Sums.sol" in (root / "pages" / "lcov.info").read_text()


def test_code_without_a_source_map_has_branches_by_program_counter(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "optimised" / "Sums.sol" / "Sums.json"
    artifact = json.loads(path.read_text())
    del artifact["deployedBytecode"]["sourceMap"]
    path.write_text(json.dumps(artifact))
    evm = TracedEvm(Project(root).load)
    evm.deploy("Sums", 300, sender=evm.account("owner")).loop(1, sender=evm.account("owner"))
    coverage = Coverage(["Sums"], Project(root))
    coverage.record(evm.hits)

    (file,) = coverage.report()

    assert (file.path, file.lines) == ("Sums.json", {})
    assert 5 < file.outcomes_hit < file.outcomes
    assert file.branches[0].condition == f"jump at {file.branches[0].line}"
    assert lcov([file]).strip() == ""
    assert "never jumps" in (write_html([file], root / "pages").parent / "Sums.json.html").read_text()
    print_table([file])
    assert "no source map" in capsys.readouterr().out
    assert run("fuzz", str(root / "sums.py"), "--calls", "500", "--coverage", "--report", str(root / "page.html")) == 0
    line = next(text for text in capsys.readouterr().out.splitlines() if "Sums.json" in text)
    assert re.match(
        r"sums: Sums\.json: no source map, so branches by program counter "
        r'\("evm\.deployedBytecode\.sourceMap" in solc\'s outputSelection\): \d+ of \d+ branches$',
        line,
    )


def test_runs_of_other_sources_are_not_taken_for_the_artefact_s(root: Path) -> None:
    """Foundry keeps the numbers of each of its runs; a newer one may be of other contracts."""
    other = {"id": "ff", "source_id_to_path": {"0": "src/Other.sol", "1": "src/Third.sol"}, "language": "Solidity"}
    (root / "optimised" / "build-info" / "ff.json").write_text(json.dumps(other))
    (root / "optimised" / "build-info" / "broken.json").write_text("{")

    made = Project(root).load("Sums").solidity

    assert made is not None
    assert made.files == {0: LIBRARY, 1: OWN}


def test_hardhat_s_run_gives_the_source_map(root: Path) -> None:
    found = json.loads((root / "optimised" / "Sums.sol" / "Sums.json").read_text())
    place = root / "artifacts" / "src" / "Sums.sol"
    place.mkdir(parents=True)
    code = {key: found[key]["object"] for key in ("bytecode", "deployedBytecode")}
    parts = {key: found[key] for key in ("bytecode", "deployedBytecode")}
    run_ = {
        "input": {"sources": {}, "settings": {"evmVersion": "cancun"}},
        "output": {
            "contracts": {OWN: {"Sums": {"metadata": found["rawMetadata"], "evm": parts}}},
            "sources": {LIBRARY: {"id": 0}, OWN: {"id": 1}},
        },
    }
    names = {"contractName": "Sums", "sourceName": OWN, "abi": found["abi"]}
    (place / "Sums.json").write_text(json.dumps(names | code))
    (place / "Sums.dbg.json").write_text(json.dumps({"buildInfo": "../../build-info/1f.json"}))
    (root / "artifacts" / "build-info").mkdir()
    (root / "artifacts" / "build-info" / "1f.json").write_text(json.dumps(run_))

    there = Project(root).load("artifacts/src/Sums.sol/Sums.json").solidity

    assert there == artifacts.project().load("Sums").solidity


@pytest.mark.parametrize(
    ("source", "kind", "condition"),
    [
        (b"if (f(a, b)) { x; } else if (c) { y; }", "If", b"f(a, b)"),
        (b"if (a) for (;;) { if (b) break; else x; } else y", "If", b"a"),
        (b"a || b && c", "BoolOp", b"a "),
        (b"(a || b) && c", "BoolOp", b"(a || b) "),
        (b"a && b ? c ? d : e : f", "IfExp", b"a && b "),
        (b"require(a /* , ) */ && b, 'a, b')", "Assert", b"a /* , ) */ && b"),
        (b"for (uint i; i < 3; ++i) x", "For", b" i < 3"),
        (b"while (a[b(1)]) x", "For", b"a[b(1)]"),
        (b"do { x; } while (a)", "For", b"a"),
        (b"x = a ? b : c", "", b""),
        (b"return a && b", "", b""),
        (b"a + b", "", b""),
        (b"f(a && b)", "", b""),
        (b"require", "", b""),
    ],
)
def test_decisions_are_read_from_the_text(source: bytes, kind: str, condition: bytes) -> None:
    found = shape(blanked(source), 0, len(source))

    assert (found.kind if found else "") == kind
    assert (source[slice(*found.condition)] if found else b"") == condition


def test_arms_of_nested_statements_end_where_the_compiler_ends_them() -> None:
    source = b"if (a) for (;;) { if (b) break; else x; } else y"
    found = shape(source, 0, len(source))

    assert found is not None
    assert [source[slice(*span)].strip() for arm in found.arms for span in arm] == [
        b"for (;;) { if (b) break; else x; }",
        b"y",
    ]
