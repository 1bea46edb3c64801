"""A chain with a long past and a node that serves 1,024 blocks of logs at once: commands begin where contracts do."""

from __future__ import annotations

import pytest

from tests.faulty_node import FaultyNode, RangeLimit

pytestmark = pytest.mark.case("tools-18")
PAST = 2_500  # blocks before the deployment


@pytest.fixture
def anvil(anvil):
    anvil.mine(PAST)
    return anvil


def test_no_command_reads_logs_from_before_the_contract(keifu, deployed, anvil, tmp_path, monkeypatch):
    assert keifu("tge", "fund", "--role", "owner")[0] == 0
    assert keifu("tge", "claim", "--role", "holder")[0] == 0
    anvil.mine(1_500)
    monkeypatch.chdir(tmp_path)
    with FaultyNode(anvil.url, RangeLimit(1_024, "exceed maximum block range: 1024")) as node:
        monkeypatch.setenv("KEIFU_RPC", node.url)
        grants = ("--csv", str(tmp_path / "grants.csv"), "--grants", str(tmp_path / "grants"))
        for command in (
            ("tge", "status", "--json"),
            ("tge", "verify", *grants, "--json"),
            ("staking", "status", "--json"),
            ("prov", "watch", "--once"),
        ):
            status, reported, fault = keifu(*command)
            assert (status, fault) == (0, ""), (command, reported, fault)
        asked = [request["params"][0] for request in node.requests if request["method"] == "eth_getLogs"]
    assert asked
    assert min(int(query["fromBlock"], 16) for query in asked) > PAST
