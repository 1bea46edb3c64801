"""`ape run staking …`: four verbs on one chain, and the same actions over two deployers."""

from __future__ import annotations

import json

import pytest

from audit.deployer import EvmDeployer
from evmstorm.evm import LocalEvm, reverts
from keifu.chain import RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record
from keifu.staking import actions
from keifu.units import COIN

NETWORK = ["--network", "ethereum:local:foundry"]
OPERATOR = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"  # TEST::1 of the mnemonic that anvil and ape share


def test_actions_from_registering_to_the_last_coin():
    evm = LocalEvm()
    deployer, operator, delegator = map(evm.account, ("deployer", "operator", "delegator"))
    suite = deploy_protocol(EvmDeployer(evm, deployer))
    token = suite.at(evm, actions.TOKEN)
    for account in (operator, delegator):
        token.transfer(account, 5_000 * COIN, sender=deployer)
    factory = EvmDeployer(evm, deployer).factory
    operating, delegating = (EvmDeployer(evm, account, factory) for account in (operator, delegator))
    actions.register(operating, suite, 500, "ipfs://me", 2_000 * COIN)
    actions.register(operating, suite, 700, "ipfs://me", 0)
    assert actions.delegate(delegating, suite, operator.address, 300 * COIN) == 300 * COIN
    first = actions.leave(delegating, suite, operator.address, evm.now)
    assert (first.asked, first.paid, len(first.waiting)) == (300 * COIN, 0, 1)
    evm.warp_to(first.waiting[0].at)
    last = actions.leave(delegating, suite, operator.address, evm.now)
    assert (last.asked, last.paid, last.waiting) == (0, 300 * COIN, [])
    assert token.balanceOf(delegator) == 5_000 * COIN
    with reverts("hub: unknown operator"):
        actions.delegate(delegating, suite, delegator.address, COIN)


@pytest.mark.slow
@pytest.mark.xdist_group("ape run")
def test_the_four_verbs(ape_run, tmp_path):
    anvil = ape_run.anvil
    deployer = anvil.account("deployer")
    chain = anvil.client()
    genesis = chain.rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
    record = Record(chain.chain_id, genesis)
    suite = deploy_protocol(RpcDeployer(chain, deployer), record=record, save=lambda made: made.save(tmp_path))
    suite.at(anvil.client(), actions.TOKEN).transfer(OPERATOR, 5_000 * COIN, sender=deployer)

    def run(*arguments):
        done = ape_run("staking", *arguments, *NETWORK, "--json", deployments=tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    sender = ["--account", "TEST::1"]
    assert run("register", *sender, "--bond", "2,000")["bond_added"] == str(2_000 * COIN)
    assert run("delegate", *sender, "--operator", OPERATOR, "--amount", "100")["shares"] == str(100 * COIN)
    found = run("status")["operators"]
    assert [(row["bond"], row["delegated"]) for row in found] == [(str(2_000 * COIN), str(100 * COIN))]
    left = run("exit", *sender, "--operator", OPERATOR)
    assert (left["asked"], left["paid"], len(left["waiting"])) == (str(100 * COIN), "0", 1)
