"""A test run says what it does before its first test, and looks at no clock."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import progress
from tests.progress import Progress

pytestmark = pytest.mark.case("tools-37")

ROOT = Path(__file__).parents[3]
TESTS = (ROOT / "tests", ROOT / "engine" / "tests", *ROOT.glob("packages/*/tests"))
CLOCKS = {"perf_counter", "monotonic", "process_time", "thread_time", "perf_counter_ns", "monotonic_ns", "time_ns"}
DURATION = re.compile(r"seconds$|elapsed|duration", re.IGNORECASE)


class Reporter:
    """What pytest's own terminal reporter is asked to write."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str, *, flush: bool) -> None:
        assert flush, "a pipe would keep it back"
        self.written.append(text)


def progress_to(reporter: Reporter | None) -> Progress:
    plugins = SimpleNamespace(get_plugin=lambda name: reporter)
    return Progress(SimpleNamespace(pluginmanager=plugins))


def test_a_phase_is_told_before_it_begins_and_while_it_lasts():
    reporter = Reporter()
    with progress_to(reporter).phase("contracts") as step:
        assert reporter.written == ["contracts "]
        step(1, 2)
        step(2, 2)
    assert "".join(reporter.written) == "contracts 1/2 2/2 - done\n"


def test_dots_come_while_nothing_else_does(monkeypatch):
    monkeypatch.setattr(progress, "DOT_SECONDS", 0.0)
    reporter = Reporter()
    with progress_to(reporter).phase("contracts"):
        while "." not in reporter.written:
            pass
    assert reporter.written[-1] == "- done\n"


def test_a_phase_that_fails_ends_its_line():
    reporter = Reporter()
    with pytest.raises(ValueError, match="no"), progress_to(reporter).phase("contracts"):
        raise ValueError("no")
    assert reporter.written[-1] == "- done\n"


def test_a_worker_says_nothing():
    with progress_to(None).phase("contracts") as step:
        step(1, 1)


CONFTEST = """
from tests.progress import starting

def pytest_sessionstart(session):
    starting(session.config, {"contracts: one": lambda step: step(1, 2), "contracts: two": lambda step: None})
"""


def test_phases_come_before_the_first_test_through_a_pipe(tmp_path):
    """In a run with a worker, without ape, whose start takes longer than all of this."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:ape_test", "-p", "no:cacheprovider", "-n", "1", "-v", "."]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    reported = [line for line in done.stdout.splitlines() if line.startswith(("contracts: ", "tests: "))]
    assert [re.sub(r"[ .]+- done", " - done", line) for line in reported] == [
        "contracts: one 1/2 - done",
        "contracts: two - done",
        "tests: collecting",
        "tests: worker gw0 has collected 1",
    ]
    assert done.stdout.index("tests: collecting") < done.stdout.index("PASSED")


def test_a_run_of_ours_tells_both_compilers(pytestconfig):
    """The controller's plugin, or this worker's, is the one that spoke."""
    assert pytestconfig.pluginmanager.hasplugin("keifu-progress")


def test_make_says_something_at_once():
    """Importing ape takes seconds on a busy machine, so make speaks first."""
    planned = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    commands = [line for line in planned.splitlines() if not line.startswith("make")]
    first = next(place for place, line in enumerate(commands) if line.startswith('echo "test: starting'))
    assert commands[first + 1].startswith("ape test")


def looks_at_a_clock(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr=name) if name in CLOCKS:
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="time"), attr="time")):
            return True
        case ast.Call(keywords=keywords) if any(
            keyword.arg == "timeout" and isinstance(keyword.value, ast.Constant) and keyword.value.value
            for keyword in keywords
        ):
            return True
        case ast.Call(args=[ast.Constant(value="timeout"), *_]):
            return True
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()]):
            name = left.attr if isinstance(left, ast.Attribute) else left.id if isinstance(left, ast.Name) else ""
            return bool(DURATION.search(name))
    return False


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("assert result.seconds < 20", True),
        ("assert elapsed <= BAR", True),
        ("started = time.perf_counter()", True),
        ("time.time()", True),
        ("run(command, timeout=60)", True),
        ('solver.set("timeout", 60_000)', True),
        ("assert result.claims == 2", False),
        ("machine.wait(seconds)", False),
        ("anvil.warp(seconds=5)", False),
    ],
)
def test_a_bar_of_time_is_seen(text, clock):
    assert any(map(looks_at_a_clock, ast.walk(ast.parse(text)))) is clock


def test_no_test_has_a_bar_of_time():
    """Time is measured by `make bench`; here it would fail on a busy machine."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in TESTS
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if looks_at_a_clock(node)
    ]
    assert found == []
