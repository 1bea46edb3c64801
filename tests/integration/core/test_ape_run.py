"""`ape run <area> <verb>`: the verbs of `keifu` with an ape account, in a copy that was never compiled."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from evmstorm.evm import artifacts
from keifu.chain import Anvil
from tests.ape_chain import GENESIS, HOST

NETWORK = ["--network", "ethereum:local:foundry"]
SENDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"  # TEST::1 of the mnemonic that anvil and ape share


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """What `ape run` needs of a checkout."""
    folder = tmp_path_factory.mktemp("checkout")
    root = artifacts.project().root
    for name in ("contracts", "scripts"):
        shutil.copytree(root / name, folder / name)
    shutil.copy(root / "ape-config.yaml", folder)
    return folder


@pytest.fixture(scope="module")
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        yield running


@pytest.fixture
def ape(project, anvil, tmp_path):
    def run(*args):
        environment = {**os.environ, HOST: anvil.url, "KEIFU_DEPLOYMENTS": str(tmp_path / "deployments")}
        command = ["ape", "run", *args]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=project)

    return run


@pytest.mark.slow
@pytest.mark.case("tools-5")
@pytest.mark.case("tools-40")
@pytest.mark.xdist_group("ape run")
def test_nothing_is_sent_without_a_suite_and_nothing_is_compiled(ape, anvil, project):
    before = anvil.rpc.call("eth_blockNumber"), anvil.rpc.call("eth_getTransactionCount", SENDER, "pending")
    refused = ape("staking", "register", *NETWORK, "--account", "TEST::1", "--bond", "1")
    assert (refused.returncode, "keifu: no StakingHub is recorded for chain 31337" in refused.stderr) == (3, True)
    assert (anvil.rpc.call("eth_blockNumber"), anvil.rpc.call("eth_getTransactionCount", SENDER, "pending")) == before
    wrong = ape("staking", "delegate", *NETWORK, "--account", "TEST::1", "--operator", "0x12", "--amount", "1")
    assert (wrong.returncode, "is not an address" in wrong.stderr) == (2, True)
    assert "ompil" not in refused.stderr + wrong.stderr
    assert not (project / ".build").exists()


@pytest.mark.slow
@pytest.mark.case("tools-40")
@pytest.mark.xdist_group("ape run")
def test_a_whole_deployment_compiles_nothing(ape, project, tmp_path):
    csv = tmp_path / "grants.csv"
    csv.write_text(f"account,total\n{SENDER},3\n")
    folder = str(tmp_path / "grants")
    assert ape("tge", "build", "--csv", str(csv), "--out", folder).returncode == 0
    deployed = ape("tge", "deploy", *NETWORK, "--grants", folder, "--account", "TEST::0", "--json")
    assert deployed.returncode == 0, deployed.stderr
    claimed = ape("tge", "claim", *NETWORK, "--grants", folder, "--account", "TEST::1", "--json")
    assert claimed.returncode == 0, claimed.stderr
    assert "ompil" not in deployed.stderr + claimed.stderr
    assert not (project / ".build").exists()
