"""The description in the auditor's guide runs as it is printed, and finds the bug that the guide plants."""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest

from evmstorm import project
from evmstorm.fuzz import Engine, System
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import compile_with

GUIDE = Path("docs/guides/auditor.md")
MAX_LINES = 60


@pytest.fixture(scope="module")
def described() -> type[System]:
    code = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)[0]
    assert len(code.splitlines()) <= MAX_LINES
    module = types.ModuleType("mine")
    exec(compile(code, "mine", "exec"), module.__dict__)  # noqa: S102 - the text of the guide
    system: type[System] = module.__dict__["Mine"]
    return system


def test_nothing_is_found_in_the_right_contract(described: type[System]) -> None:
    search = Search(Engine(described), 1)

    assert all(search.step() is None for _ in range(150))
    assert all(counts.ok for counts in search.engine.counts)


def test_the_seeded_bug_is_found(described: type[System]) -> None:
    bug = next(bug for bug in project.bugs_of("vault") if bug.name == "exit one second early")
    search = Search(Engine(described, compile_with(bug)), 1)

    found = next(finding for _ in range(4_000) if (finding := search.step()) is not None)

    assert found.id == "exit: refusal"
