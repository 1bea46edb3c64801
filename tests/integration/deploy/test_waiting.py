"""What waits in the timelock is listed by name, and stopped by whoever may."""

from __future__ import annotations

import json

import pytest

from keifu.chain import RpcDeployer
from keifu.chain.timelock import advance_batch
from keifu.cli import main
from keifu.deploy.changes import read_changes
from keifu.deploy.waiting import find_waiting, waiting
from keifu.errors import UsageError

FEES = """
[[call]]
contract = "Channels"
function = "setFee"
arguments = [50]
[[call]]
contract = "StakingHub"
function = "remove_service"
arguments = ["{}"]
"""


@pytest.fixture
def queued(team, tmp_path):
    """A suite whose services are queued, and a batch of two calls."""
    plan = team.plan()
    team.run(plan)
    team.chain.warp(plan.params.timelock_delay)
    team.run(plan)
    (tmp_path / "calls.toml").write_text(FEES.format(team.record.contracts["ComputeMarket"]))
    batch = read_changes(team.client, team.record, tmp_path / "calls.toml")
    advance_batch(RpcDeployer(team.client, team.account, team.record.factory), batch)
    return team


@pytest.fixture
def keifu(team, monkeypatch, capsys):
    monkeypatch.setenv("KEIFU_RPC", team.chain.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(team.folder))

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["deploy", *arguments])
        out, err = capsys.readouterr()
        return end.value.code, out, err

    return run


def test_services_wait_by_name_and_with_their_terms(team):
    plan = team.plan()
    team.run(plan)
    found = waiting(team.client, team.record)
    assert len(found) == len(plan.services)
    assert all(item.calls[0].startswith("StakingHub.list_service(service=0x") for item in found)
    with pytest.raises(UsageError, match=f"{len(found)} operations whose number begins with 0x waits"):
        find_waiting(team.client, team.record, "")


def test_a_batch_is_shown_stopped_and_gone(queued, keifu):
    status, out, _ = keifu("status", "--json")
    [item] = json.loads(out)["waiting"]
    market = queued.record.contracts["ComputeMarket"]
    calls = ["Channels.setFee(basisPoints=50)", f"StakingHub.remove_service(service={market})"]
    assert (status, item["calls"]) == (0, calls)
    assert item["number"][:10] in keifu("status")[1]
    status, _, err = keifu("cancel", item["number"][:10])
    assert (status, "--out FILE, or --send with a key" in err) == (2, True)
    status, out, _ = keifu("cancel", item["number"][:10], "--send", "--role", "another")
    assert status == 1  # of no role
    status, out, _ = keifu("cancel", item["number"][:10], "--send", "--role", "deployer")
    assert (status, out) == (0, "\n".join([*calls, "cancelled", ""]))
    assert waiting(queued.client, queued.record) == []
    status, _, err = keifu("cancel", item["number"], "--send", "--role", "deployer")
    assert (status, "no operation whose number begins with" in err) == (2, True)
