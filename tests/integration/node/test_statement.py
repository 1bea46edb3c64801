"""A statement of account adds up to what the chain says, or is refused."""

from __future__ import annotations

import csv
import io

import pytest

from keifu.keys import Account
from tests.faulty_node import FaultyNode

ALWAYS = ("--since", "0", "--until", "4000000000")


@pytest.fixture
def node(make):
    return make("keeper", "honest node")


@pytest.fixture
def of_the_operator():
    return ("--of", Account.from_role("honest operator").address)


def test_what_came_is_in_it_once(keifu, node, of_the_operator):
    status, out, err = keifu("node", "keeper", "statement", node.folder, *ALWAYS, *of_the_operator)
    assert (status, err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(out)))
    entries = [(row["entry"], row["coins"]) for row in rows if row["entry"] != "other ether"]
    assert entries == [("opening", "0"), ("received", "2950"), ("closing", "2950")]
    assert rows[1]["with"] == Account.from_role("deployer").address


def test_transfers_that_an_endpoint_leaves_out_are_missed(keifu, node, at_first, of_the_operator):
    def without_logs(request, result):
        return [] if request["method"] == "eth_getLogs" else result

    path = node.folder / "node.toml"
    with FaultyNode(at_first.anvil.url, without_logs) as liar:
        path.write_text(path.read_text().replace(at_first.anvil.url, liar.url))
        status, out, err = keifu("node", "keeper", "statement", node.folder, *ALWAYS, *of_the_operator)
    assert (status, out) == (1, "")
    assert err.startswith("keifu: coins do not add up: 0 before, 2,950 after (")


def test_a_period_without_a_block(keifu, node):
    status, _, err = keifu("node", "keeper", "statement", node.folder, "--since", "1", "--until", "2")
    assert (status, "no block is of that period" in err) == (1, True)
