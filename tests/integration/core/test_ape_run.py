"""`ape run <area> <verb>`: the verbs of `keifu` with an ape account, in a copy that was never compiled."""

from __future__ import annotations

import pytest

NETWORK = ["--network", "ethereum:local:foundry"]
SENDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"  # TEST::1 of the mnemonic that anvil and ape share

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ape run")]


@pytest.mark.case("tools-5")
@pytest.mark.case("tools-40")
def test_nothing_is_sent_without_a_suite_and_nothing_is_compiled(ape_run, tmp_path):
    rpc = ape_run.anvil.rpc
    before = rpc.call("eth_blockNumber"), rpc.call("eth_getTransactionCount", SENDER, "pending")
    refused = ape_run("staking", "register", *NETWORK, "--account", "TEST::1", deployments=tmp_path)
    assert (refused.returncode, "keifu: no StakingHub is recorded for chain 31337" in refused.stderr) == (3, True)
    assert (rpc.call("eth_blockNumber"), rpc.call("eth_getTransactionCount", SENDER, "pending")) == before
    wrong = ape_run(
        "staking", "delegate", *NETWORK, "--account", "TEST::1", "--operator", "0x12", "--amount", "1",
        deployments=tmp_path,
    )  # fmt: skip
    assert (wrong.returncode, "is not an address" in wrong.stderr) == (2, True)
    assert "ompil" not in refused.stderr + wrong.stderr
    assert not (ape_run.project / ".build").exists()
