"""A deployment that is cut off at any point, with or without time to tidy up, goes on without doing anything twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import msgspec
import pytest

from audit.tge_replay import validators
from keifu.chain import RpcDeployer
from keifu.chain.deployments import Record, open_record
from keifu.chain.services import SERVICES
from keifu.errors import ChainMismatch, CheckFailed, InputError, UsageError
from keifu.tge import Schedule, write_files
from keifu.tge import chain as tge

CHILD = """
import sys
from pathlib import Path
from keifu.chain import ChainClient, Rpc, RpcDeployer, Account
from keifu.chain.deployments import open_record
from keifu.tge import chain as tge, read_summary

url, folder = sys.argv[1], Path(sys.argv[2])
client = ChainClient(Rpc(url))
account = Account.from_role("deployer")
record = open_record(client.chain_id, "genesis", folder)
distribution = tge.decide(record, read_summary(folder), None, client.now)
chain = RpcDeployer(client, account, record.factory)
def step(name, address):
    print(name, flush=True)
    sys.stdin.readline()  # until told to go on, or never
deployment = tge.deploy(chain, record, distribution, save=lambda r: r.save(folder), on_step=step)
print(tge.fund(chain, deployment, distribution, client.chain_id, account.sign), flush=True)
"""


class Cut(Exception):
    """The power goes out."""


@pytest.fixture
def summary(grants, tmp_path):
    return write_files(grants, tmp_path)


@pytest.fixture
def deployer(anvil):
    return anvil.account("deployer")


def run(anvil, deployer, summary, folder, *, cut_after=10**9):
    """One run of deploy and fund, cut off after so many times that the record was written."""
    client = anvil.client()
    record = open_record(client.chain_id, "genesis", folder)
    writes = 0

    def save(changed):
        nonlocal writes
        changed.save(folder)
        writes += 1
        if writes > cut_after:
            raise Cut

    distribution = tge.decide(record, summary, None, client.now)
    chain = RpcDeployer(client, deployer, record.factory)
    deployment = tge.deploy(chain, record, distribution, save=save)
    return deployment, tge.fund(chain, deployment, distribution, client.chain_id, deployer.sign)


def test_a_run_that_is_cut_off_after_every_step_deploys_and_pays_once(anvil, deployer, summary, tmp_path, grants):
    folder = tmp_path / "deployments"
    paid = []
    for cut_after in range(1, 45):
        anvil.warp(100)  # the start was decided in the first run and stays
        try:
            deployment, now = run(anvil, deployer, summary, folder, cut_after=cut_after)
            paid.append(now)
        except Cut:
            continue
    client = anvil.client()
    token = deployment.at(client, tge.TOKEN)
    assert paid.count(True) == 1
    assert token.balanceOf(deployment[tge.DISTRIBUTOR]) == grants.allocation
    creations = client.rpc.call("eth_getTransactionCount", deployer.address, "latest")
    others = 2 + len(SERVICES)  # the factory, the payment, each service queued
    assert int(creations, 16) == len(deployment.addresses) + others


def test_a_run_that_is_killed_goes_on(anvil, deployer, summary, tmp_path, grants):
    command = [sys.executable, "-c", CHILD, anvil.url, str(tmp_path)]
    killed = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert killed.stdout.readline().strip() == "KeifuToken"
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    for paid in ("True", "False"):
        finished = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        assert finished.stdout.split()[-1] == paid
    record = msgspec.json.decode((tmp_path / "31337.json").read_bytes(), type=Record)
    token = anvil.client().at(record.contracts["KeifuToken"], "KeifuToken")
    assert token.balanceOf(record.contracts["TGEDistributor"]) == grants.allocation


def test_a_second_list_or_another_start_is_refused(anvil, deployer, summary, tmp_path):
    run(anvil, deployer, summary, tmp_path)
    record = open_record(anvil.client().chain_id, "genesis", tmp_path)
    with pytest.raises(UsageError, match="already has the list"):
        tge.decide(record, write_files(validators(3), tmp_path / "other"), None, anvil.client().now)
    with pytest.raises(UsageError, match="already has a distribution that starts at"):
        tge.decide(record, summary, 5, anvil.client().now)


def test_another_account_does_not_go_on_with_it(anvil, deployer, summary, tmp_path):
    run(anvil, deployer, summary, tmp_path)
    with pytest.raises(UsageError, match="began this deployment"):
        run(anvil, anvil.account("stranger"), summary, tmp_path)


def test_who_has_not_enough_pays_nothing(anvil, deployer, summary, tmp_path, grants):
    client = anvil.client()
    deployment, _ = run(anvil, deployer, summary, tmp_path)
    poor = RpcDeployer(client, anvil.account("poor"))
    other = tge.distribution_of(grants.tree.root, grants.allocation, Schedule(5))
    with pytest.raises(CheckFailed, match="of the"):
        tge.fund(poor, deployment, other, client.chain_id, anvil.account("poor").sign)


def test_records_of_other_chains_and_damaged_ones_are_not_used(tmp_path):
    Record(1, "0xaa", deployer="0x01").save(tmp_path)
    assert open_record(1, "0xaa", tmp_path).deployer
    assert open_record(1, "0xbb", tmp_path, disposable=True).deployer == ""
    with pytest.raises(ChainMismatch, match="is of another chain 1"):
        open_record(1, "0xbb", tmp_path)
    (tmp_path / "1.json").write_text("{")
    with pytest.raises(InputError, match="cannot read"):
        open_record(1, "0xaa", tmp_path)
