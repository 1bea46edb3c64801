"""Seeded bugs are found, quickly and small: one a system here, all of them by `keifu fuzz --seeded-bugs`."""

from __future__ import annotations

from pathlib import Path

import pytest
from vyper.ast import parse_to_ast
from vyper.exceptions import VyperException

from evmstorm import project
from evmstorm.mutation.seeded_bugs import Bug, overlay_of, search_for_bug
from evmstorm.project import load, names

QUICK = ("create3", "timelock")
# The others take seconds to compile, each time.
SAMPLE = [(system, bug) for system in QUICK for bug in project.bugs_of(system)[4:5]]
BETWEEN = "\n\n\n"  # functions
MAX_STEPS = 6
MAX_CALLS = 200_000  # the slowest of them needs 4,713


@pytest.mark.parametrize(("system", "bug"), SAMPLE, ids=lambda item: getattr(item, "name", item))
def test_seeded_bug_is_found(system: str, bug: Bug) -> None:
    result = search_for_bug(load(system), bug, calls=MAX_CALLS)

    assert result.example is not None, f"{bug.name} was not found in {result.calls} calls"
    assert result.steps <= MAX_STEPS, result.example.script()


def test_ten_bugs_for_every_system_and_every_one_fits_its_source() -> None:
    assert set(project.names_with_bugs()) <= set(names())
    for system in project.names_with_bugs():
        assert len(project.bugs_of(system)) >= 10, system
        for bug in project.bugs_of(system):
            assert overlay_of(bug)


def test_every_one_can_be_read_by_the_compiler() -> None:
    """One that never compiles was never searched for: as one that leaves a function without a statement."""
    unread = {}
    for system in project.names_with_bugs():
        for bug in project.bugs_of(system):
            ((path, text),) = overlay_of(bug).items()
            if why := unreadable(around(Path(path).read_text(), text)):
                unread[f"{system}: {bug.name}"] = why
    assert not unread


def test_a_function_without_a_statement_is_not_read() -> None:
    before = BETWEEN.join(("A: uint256", "@internal\ndef f():\n    pass", "@internal\ndef g():\n    return\n"))
    assert around(before, before.replace("pass", "assert True")) == "@internal\ndef f():\n    assert True"
    assert not unreadable(around(before, before.replace("pass", "assert True")))
    assert around(before, before.replace("\n    pass", "")) == "@internal\ndef f():"
    assert unreadable(around(before, before.replace("\n    pass", "")))
    assert unreadable(around(before, before.replace("    return\n", "")))


def around(before: str, after: str) -> str:
    """The functions that differ."""
    known = set(before.split(BETWEEN))
    return BETWEEN.join(part for part in after.split(BETWEEN) if part not in known)


def unreadable(text: str) -> str:
    try:
        parse_to_ast(text)
    except VyperException as error:
        return str(error).partition("\n")[0]
    return ""
