"""`ape run deploy` on a network of `ape-config.yaml` whose node nobody has named."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts._ape_session import unset_variable

CONFIG = Path(__file__).parents[3] / "ape-config.yaml"


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["--network", "zerog:galileo:node"], ("KEIFU_RPC_GALILEO", "zerog:galileo")),
        (["--network=zerog:mainnet:node", "plan.json"], ("KEIFU_RPC_0G", "zerog:mainnet")),
        (["--network", "ethereum:sepolia:node"], ("KEIFU_RPC_SEPOLIA", "ethereum:sepolia")),
        (["--network", "ethereum:local:foundry"], None),
        ([], None),
    ],
)
def test_the_variable_is_named_before_ape_connects(arguments, missing, monkeypatch):
    for name in ("KEIFU_RPC_GALILEO", "KEIFU_RPC_0G", "KEIFU_RPC_SEPOLIA"):
        monkeypatch.delenv(name, raising=False)
    assert unset_variable(arguments, CONFIG) == missing
    if missing:
        monkeypatch.setenv(missing[0], "http://127.0.0.1:8545")
        assert unset_variable(arguments, CONFIG) is None


@pytest.mark.slow
@pytest.mark.xdist_group("ape run")
def test_ape_run_deploys_from_a_plan(ape_run, tmp_path):
    network, account = ["--network", "ethereum:local:foundry"], "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    plan = str(tmp_path / "plan.json")
    made = ape_run("deploy", "plan", *network, "--from", account, "--out", plan, deployments=tmp_path)
    assert (made.returncode, "digest to sign off" in made.stdout) == (0, True), made.stderr
    done = ape_run("deploy", "all", *network, "--account", "TEST::1", plan, deployments=tmp_path)
    assert (done.returncode, "contracts are there" in done.stdout) == (0, True), done.stderr
    assert (tmp_path / "31337.json").exists()
