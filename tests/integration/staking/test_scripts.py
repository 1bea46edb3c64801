"""`ape run staking …`: verbs on one chain, and the same actions over two deployers."""

from __future__ import annotations

import json

import pytest

from audit.deployer import EvmDeployer
from evmstorm.evm import LocalEvm, reverts
from keifu.chain import RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record
from keifu.chain.services import SERVICES, list_services
from keifu.staking import actions
from keifu.units import COIN, DAY

NETWORK = ["--network", "ethereum:local:foundry"]
OPERATOR = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"  # TEST::1 of the mnemonic that anvil and ape share


def test_actions_from_registering_to_the_last_coin():
    evm = LocalEvm()
    deployer, operator, delegator = map(evm.account, ("deployer", "operator", "delegator"))
    suite = deploy_protocol(EvmDeployer(evm, deployer))
    token, service = suite.at(evm, actions.TOKEN), evm.account("service").address
    suite.at(evm, actions.HUB).list_service(service, 14 * DAY, 4, sender=suite["Timelock"])
    for account in (operator, delegator):
        token.transfer(account, 5_000 * COIN, sender=deployer)
    factory = EvmDeployer(evm, deployer).factory
    operating, delegating = (EvmDeployer(evm, account, factory) for account in (operator, delegator))
    actions.register(operating, suite, 500, "ipfs://me")
    actions.register(operating, suite, 700, "ipfs://me")
    with reverts("hub: pool is full"):
        actions.delegate(delegating, suite, operator.address, 300 * COIN)
    evm.warp_to(actions.set_multiple(operating, suite, service, 2))
    assert actions.lock(operating, suite, service, operator.address, 2_000 * COIN) == 2_000 * COIN
    hub = suite.at(evm, actions.HUB)
    hub.poke(operator, service, sender=operator)
    hub.bind(operator, 1_000 * COIN, sender=service)
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
def test_verbs_with_an_ape_account(ape_run, tmp_path):
    anvil = ape_run.anvil
    deployer = anvil.account("deployer")
    chain = anvil.client()
    genesis = chain.rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
    record = Record(chain.chain_id, genesis)
    suite = deploy_protocol(RpcDeployer(chain, deployer), record=record, save=lambda made: made.save(tmp_path))
    anvil.warp(2 * DAY)
    list_services(RpcDeployer(chain, deployer), suite)
    suite.at(anvil.client(), actions.TOKEN).transfer(OPERATOR, 5_000 * COIN, sender=deployer)

    def run(*arguments):
        done = ape_run("staking", *arguments, *NETWORK, "--json", deployments=tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    sender = ["--account", "TEST::1"]
    assert run("register", *sender)["commission_bps"] == 500
    lock = ["--service", suite["AlignmentCourt"], "--amount", "2,000"]
    assert run("lock", *sender, *lock)["locked"] == str(2_000 * COIN)
    assert [row["service"] for row in run("services")["services"]] == [suite[service.contract] for service in SERVICES]
