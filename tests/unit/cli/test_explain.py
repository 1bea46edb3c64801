"""count.errors: every reason of a contract and every fault of the tools says why it comes, and what to do."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import keifu
from keifu import abi, errors
from keifu.abi.errors import causes, remedy_of
from keifu.cli._catalogue import catalogue, matching


def test_every_reason_of_a_contract_has_its_causes():
    reasons = {reason for name in abi.names() for reason in abi.load(name).reasons}
    assert causes().keys() == reasons
    assert all(cause.function and cause.holds for found in causes().values() for cause in found)


def test_every_entry_says_why_and_what_to_do():
    found = catalogue()
    assert [entry for entry in found if not entry.why or not entry.remedy] == []
    assert {entry.exit_status for entry in found} == {1, 2, 3}


def test_every_fault_that_is_raised_is_an_entry():
    kinds = set(errors.__all__)
    raised = 0
    for path in Path(keifu.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                raised += isinstance(node.exc.func, ast.Name) and node.exc.func.id in kinds
    assert raised > 500
    assert sum(entry.where.startswith("keifu/") for entry in catalogue()) >= raised


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("keifu: reverted: hub: not the owner", "hub: not the owner"),
        ("hub: not the owner", "hub: not the owner"),
        ("keifu: there is no key file nowhere.json (--key-file FILE, …)", "there is no key file …"),
    ],
)
def test_a_line_of_output_is_found_by_its_words(line, message):
    assert {entry.message for entry in matching(line)} == {message}


def test_what_only_the_timelock_may_do_leads_to_it():
    assert "deploy change" in remedy_of("hub: not the owner")
    assert remedy_of("something else")


def test_words_that_no_message_has_are_refused():
    assert matching("qwertyuiop") == []
