"""A suite that is deployed stays as it is: a deployment with anything else is refused, and the refusal names it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from ethwire.constants import GWEI
from keifu.chain import Params, RpcDeployer, deploy_protocol
from keifu.errors import UsageError
from keifu.units import COIN, DAY

OTHER = "0x" + "0b" * 20
CHANGES = {
    "treasury": OTHER,
    "proposers": (OTHER,),
    "executors": (OTHER,),
    "timelock_delay": 3 * DAY,
    "insurance": "0x" + "0c" * 20,
    "unbonding": 20 * DAY,
    "epoch_length": DAY // 2,
    "emission_duration": 365 * DAY,
    "seed_stride": 301,
    "emission_delay": 40 * DAY,
    "daily_blocks": 7_200,
    "heartbeat_restitution": 2_000,
    "heartbeat_window": 20 * DAY,
    "compute_reward": 200,
    "compute_window": 9 * DAY,
    "answer_window": 2 * DAY,
    "demand_bond": 6,
    "dispute_turn": 3_600,
    "dispute_bond": 21,
    "storage_epoch": 2 * DAY,
    "storage_window": DAY // 2,
    "storage_buffer": 11,
    "storage_tip": 2,
    "storage_fee": 3,
    "signers_needed": 4,
    "agents_uri": "https://example.org/agents/",
}
# What constructors are given where that is another number: the hub knows epochs, coins are wei.
AS_DEPLOYED = {
    "emission_delay": lambda params: params.emission_start,
    "emission_duration": lambda params: params.emission_epochs,
    "heartbeat_restitution": lambda params: params.restitution,
    "compute_reward": lambda params: params.compute_reward * COIN,
    "demand_bond": lambda params: params.demand_bond * COIN,
    "dispute_bond": lambda params: params.dispute_bond * COIN,
    "storage_buffer": lambda params: params.storage_buffer * GWEI,
    "storage_tip": lambda params: params.storage_tip * COIN,
    "storage_fee": lambda params: params.storage_fee * COIN,
}


pytestmark = [pytest.mark.case("tools-3"), pytest.mark.usefixtures("unchanged")]


@pytest.fixture
def params(distribution):
    """Of the suite that is there."""
    return Params(distribution=distribution)


@pytest.fixture
def deploy(chain):
    def deploy(params, record=None, *, by="deployer"):
        return deploy_protocol(RpcDeployer(chain.client(), chain.account(by)), params, record=record)

    return deploy


@pytest.fixture
def unchanged(chain, record):
    """Nothing is sent, and nothing written."""

    def now():
        count = chain.rpc.call("eth_getTransactionCount", chain.account("deployer").address, "latest")
        return count, msgspec.json.encode(record)

    before = now()
    yield
    assert now() == before


@pytest.mark.parametrize("recorded", [True, False], ids=["with the record", "without it"])
@pytest.mark.parametrize("name", CHANGES)
def test_another_parameter_is_refused_with_both_values(deploy, params, record, name, recorded):
    changed = replace(params, **{name: CHANGES[name]})
    with pytest.raises(UsageError) as caught:
        deploy(changed, record if recorded else None)
    said = str(caught.value)
    asked = CHANGES[name][0] if isinstance(CHANGES[name], tuple) else str(CHANGES[name])
    if not recorded and name in AS_DEPLOYED:
        asked = str(AS_DEPLOYED[name](changed))
    assert "already has a suite" in said
    assert f"{name} " in said
    assert f", not {asked}" in said


def test_every_parameter_that_differs_is_named(deploy, params):
    with pytest.raises(UsageError) as caught:
        deploy(replace(params, **CHANGES))
    assert [name for name in CHANGES if f"{name} " not in str(caught.value)] == []


@pytest.mark.parametrize("recorded", [True, False], ids=["with the record", "without it"])
@pytest.mark.parametrize("field", ["root", "allocation", "start", "steps"])
def test_another_distribution_is_refused_and_none_is_added(deploy, distribution, record, field, recorded):
    other = b"\x08" * 32 if field == "root" else getattr(distribution, field) - 1
    changed = Params(distribution=replace(distribution, **{field: other}))
    with pytest.raises(UsageError, match=f"{field} .*, not "):
        deploy(changed, record if recorded else None)


def test_another_account_does_not_go_on_with_a_record(deploy, params, record):
    with pytest.raises(UsageError, match="began this deployment"):
        deploy(params, record, by="stranger")
