"""`ape run tge …`: verbs one after another on one chain, and how `ape run` itself ends."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from evmstorm.evm import artifacts
from keifu.tge import read_csv, write_files
from keifu.units import COIN
from tests.ape_chain import HOST, ape_host
from tests.profiles import DEEP

NETWORK = ["--network", "ethereum:local:foundry"]
# The second and third accounts of the mnemonic that anvil and ape share.
HOLDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
CSV = f"account,total\n{HOLDER},1143\n0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC,1143\ntotal,2286\n"


@pytest.fixture
def tge(tmp_path):
    """Run a verb in a process of its own; its exit status, output and errors."""
    environment = {**os.environ, "KEIFU_DEPLOYMENTS": str(tmp_path / "deployments")}

    def run(*arguments, **variables):
        command = ["ape", "run", "tge", *arguments]
        root = artifacts.project().root
        env = environment | variables
        return subprocess.run(command, check=False, capture_output=True, text=True, env=env, cwd=root)

    return run


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "grants.csv"
    path.write_text(CSV)
    return str(path)


@pytest.fixture
def deploy(csv, tmp_path):
    """The arguments of a deployment."""
    write_files(read_csv(Path(csv)), tmp_path / "grants", csv_path=Path(csv))
    return ["deploy", *NETWORK, "--grants", str(tmp_path / "grants"), "--account", "TEST::0"]


if DEEP:  # a process of its own, and a chain

    def test_a_chain_that_ape_has_just_started_is_refused(tge, deploy):
        with ape_host() as nobody_there:
            thrown_away = tge(*deploy, **{HOST: nobody_there})
        assert thrown_away.returncode == 3
        assert "keifu: ape has just started this chain" in thrown_away.stderr


@pytest.mark.slow
@pytest.mark.case("tools-40")
@pytest.mark.xdist_group("ape run")
def test_verbs_one_after_another_compile_nothing(ape_run, csv, tmp_path):
    def tge(*arguments):
        done = ape_run("tge", *arguments, deployments=tmp_path / "deployments")
        assert (done.returncode, "ompil" in done.stderr) == (0, False), done.stderr
        return json.loads(done.stdout)

    folder = ["--grants", str(tmp_path / "grants")]
    built = tge("build", "--csv", csv, "--out", folder[1], "--total", "2286", "--json")
    assert built["allocation"] == str(2_286 * COIN)
    deployed = tge("deploy", *NETWORK, *folder, "--account", "TEST::0", "--chain-id", "31337", "--json")
    assert deployed["paid_in_now"] is True
    claimed = tge("claim", *NETWORK, *folder, "--account", "TEST::4", "--for", HOLDER, "--json")
    assert claimed["paid"] == str(381 * COIN)
    chart = tmp_path / "chart.svg"
    found = tge("status", *NETWORK, "--chart", str(chart), "--json")
    assert (found["claims"], found["paid"], found["balance"]) == (1, str(381 * COIN), str(1_905 * COIN))
    assert not (ape_run.project / ".build").exists()
    assert chart.read_text().startswith("<?xml")


@pytest.mark.slow
@pytest.mark.xdist_group("ape run")
def test_a_wrong_chain_is_refused(ape_run, deploy, tmp_path):
    wrong = ape_run("tge", *deploy, "--chain-id", "16602", deployments=tmp_path / "deployments")
    assert wrong.returncode == 3
    assert "serves chain 31337, not 16602" in wrong.stderr
    assert not (tmp_path / "deployments").exists()


@pytest.mark.slow
@pytest.mark.xdist_group("ape run")
def test_a_bad_list_ends_with_one_line(ape_run, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(CSV.replace("2286", "2287"))
    failed = ape_run("tge", "build", "--csv", str(path), "--out", str(tmp_path / "grants"), deployments=tmp_path)
    assert failed.returncode == 2
    assert failed.stderr.strip().splitlines()[-1] == "keifu: bad.csv:4: the grants add up to 2,286, the line says 2,287"
    assert not (tmp_path / "grants").exists()
