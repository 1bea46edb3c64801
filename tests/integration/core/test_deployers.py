"""`deploy_protocol` through all three deployers: same addresses, same code, same roles."""

from __future__ import annotations

import ape
import pytest

from audit.deployer import EvmDeployer
from evmstorm.evm import LocalEvm, artifacts
from keifu.chain import Anvil, ChainClient, Rpc, RpcDeployer, deploy_protocol
from keifu.chain.factory import PROXY, PROXY_CODE
from keifu.errors import Revert
from scripts._ape_deployer import ApeDeployer
from tests.ape_chain import GENESIS

# Time or block of the deployment, or the hub's, is among their immutables, which stand behind the code.
KEEP_THEIR_BIRTH = {"StakingHub", "Randomness", "AlignmentCourt", "DataVerifier", "StorageMarket", "StorageDeals"}


@pytest.fixture(scope="module")
def evm():
    """With the deployment proxy, as anvil has it."""
    made = LocalEvm()
    made.raw.set_code(PROXY, PROXY_CODE)
    return made


@pytest.fixture(scope="module")
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        yield running


def ape_client():
    """Reads from the chain that ape is connected to."""
    return ChainClient(Rpc(str(ape.networks.provider.http_uri)), artifacts.load)


@pytest.fixture(scope="module")
def deployers(evm, anvil, accounts):
    """One of each kind. ape's account is its own, so its addresses differ; code and roles must not."""
    account = anvil.account("deployer")
    made = {
        "in process": EvmDeployer(evm, evm.account("deployer")),
        "rpc": RpcDeployer(ChainClient(anvil.rpc, artifacts.load), account),
        "ape": ApeDeployer(accounts[0], ape_client()),
    }
    for deployer in made.values():
        assert deployer.factory  # here, so that ape's isolation of each test does not undo it
    return made


@pytest.fixture(scope="module")
def deployments(deployers):
    return {kind: deploy_protocol(deployer) for kind, deployer in deployers.items()}


def test_same_contracts_in_the_same_order(deployments):
    assert len({tuple(deployment.addresses) for deployment in deployments.values()}) == 1


def test_same_addresses_for_the_same_deployer(deployments):
    assert deployments["in process"].addresses == deployments["rpc"].addresses


def without_addresses(code: bytes, deployment, deployer) -> bytes:
    """Run-time code with every address of the deployment replaced: immutables hold them."""
    for name, address in [*deployment.addresses.items(), ("factory", deployer.factory), ("sender", deployer.sender)]:
        code = code.replace(bytes.fromhex(address[2:]), name.encode().ljust(20, b".")[:20])
    return code


def test_same_code(deployers, deployments):
    def code_of(kind, name, address):
        code = deployers[kind].code(address)
        if name in KEEP_THEIR_BIRTH:
            code = code[: len(artifacts.load(name).runtime_code)]
        return without_addresses(code, deployments[kind], deployers[kind])

    def codes(kind):
        return {name: code_of(kind, name, address) for name, address in deployments[kind].addresses.items()}

    assert codes("in process") == codes("rpc")
    assert codes("in process").keys() == codes("ape").keys()


@pytest.mark.parametrize("kind", ["in process", "rpc", "ape"])
def test_same_roles(deployers, deployments, kind):
    """The deployer may propose, nobody administers the timelock but itself, and it keeps none of the suite."""
    deployer, deployment = deployers[kind], deployments[kind]
    timelock = deployment["Timelock"]

    def has_role(role: str, who: str) -> bool:
        role_id = deployer.call(timelock, "Timelock", role)
        return bool(deployer.call(timelock, "Timelock", "hasRole", role_id, who))

    assert has_role("PROPOSER_ROLE", deployer.sender)
    assert has_role("EXECUTOR_ROLE", deployer.sender)
    assert has_role("DEFAULT_ADMIN_ROLE", timelock)
    assert not has_role("DEFAULT_ADMIN_ROLE", deployer.sender)
    assert not has_role("DEFAULT_ADMIN_ROLE", deployer.factory)


def test_deploying_again_changes_nothing(deployers, deployments):
    for kind, deployer in deployers.items():
        assert deploy_protocol(deployer).addresses == deployments[kind].addresses


@pytest.mark.parametrize("kind", ["in process", "rpc", "ape"])
def test_a_constructor_that_refuses_says_why(deployers, kind):
    with pytest.raises(Revert) as caught:
        deployers[kind].deploy("Counter", 0, label=f"refused {kind}")
    assert caught.value.reason == "counter: no limit"


@pytest.mark.parametrize("kind", ["in process", "rpc", "ape"])
def test_call_reads_and_writes(deployers, kind):
    deployer = deployers[kind]
    counter = deployer.deploy("Counter", 9, label="counter")
    before = deployer.call(counter, "Counter", "total")
    assert deployer.call(counter, "Counter", "add", 2) is None
    assert deployer.call(counter, "Counter", "total") == before + 2
    assert deployer.simulate(counter, "Counter", "add", 3) == before + 5
    assert deployer.call(counter, "Counter", "total") == before + 2
    for refused in (deployer.simulate, deployer.call):
        with pytest.raises(Revert) as caught:
            refused(counter, "Counter", "add", 10)
    assert caught.value.reason == "counter: over the limit"


@pytest.mark.case("tools-3")
def test_an_account_whose_first_contract_is_another_gets_one_suite():
    evm = LocalEvm()
    account = evm.account("busy deployer")
    evm.deploy("Counter", 1, sender=account)
    deployer = EvmDeployer(evm, account)
    deployment = deploy_protocol(deployer)
    assert EvmDeployer(evm, account).factory == deployer.factory
    assert deploy_protocol(deployer) == deployment


def test_ape_is_connected_to_a_chain_of_its_own():
    assert ape.networks.provider.network.name == "local"
