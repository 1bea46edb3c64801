"""count.errors: every reason of a contract and every fault of the tools says why it comes, and what to do."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import keifu
from keifu import abi, errors
from keifu.abi.errors import causes
from keifu.abi.remedies import IN_GENERAL, remedy_of
from keifu.cli.catalogue import catalogue, matching


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
    assert remedy_of("something else") == IN_GENERAL


def test_every_reason_has_a_remedy_by_its_own_words():
    assert [reason for reason in causes() if remedy_of(reason) == IN_GENERAL] == []


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("grants: deadline has not passed", "wait"),
        ("grants: deadline has passed", "propose another one"),
        ("token: permit expired", "later deadline"),
        ("identity: deadline too far", "nearer deadline"),
        ("keys: key is taken", "a key of its own"),
        ("deals: shard is taken", "take one that is free"),
        ("orders: no demand is open", "no such demand"),
        ("account: not the owner", "owner of the account's token"),
        ("channels: caller is not the payer", "from the account that the reason names"),
        ("hub: token is no contract", "address on this chain"),
    ],
)
def test_a_remedy_follows_from_what_was_wrong(reason, words):
    assert words in remedy_of(reason)


def test_rooms_say_more_of_single_reasons():
    [entry] = matching("grants: member named twice")
    assert entry.remedy == "name each member once"


@pytest.mark.parametrize(
    ("kind", "status", "remedy"),
    [
        ("NotAttested", 1, ""),  # its message is the second argument, behind a code for programs
        ("ReplyRefused", 1, "do not use the answer; the receipt is kept: it is evidence against who signed it"),
        ("NotFound", 2, ""),
        ("UsageError", 2, ""),
    ],
)
def test_faults_below_the_tree_and_values_of_options_are_in_it(kind, status, remedy):
    found = [entry for entry in catalogue() if entry.kind == kind]
    assert found
    assert {entry.exit_status for entry in found} == {status}
    assert not remedy or {entry.remedy for entry in found} == {remedy}
    codes = {"elsewhere", "deadline", "sold", "refused"}
    assert codes.isdisjoint(entry.message for entry in found)


def test_a_name_that_means_something_else_elsewhere_is_no_fault():
    """`Refused` is a fault of bundles, and an answer of a provider's desk that is none."""
    assert {entry.where for entry in catalogue() if entry.kind == "Refused"} == {
        "keifu/provenance/bundle.py",
        "keifu/provenance/bundle_file.py",
    }


def test_words_that_no_message_has_are_refused():
    assert matching("qwertyuiop") == []
