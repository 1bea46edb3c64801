from __future__ import annotations

import msgspec
import pytest

from keifu.chain import Anvil, Params, RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record
from keifu.chain.parameters import Distribution
from keifu.spec.vesting import SWEEP_DELAY
from keifu.units import DAY
from tests.ape_chain import GENESIS, SECONDS_A_BLOCK

STEP, STEPS = DAY, 10


@pytest.fixture(scope="module")
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        running.rpc.call("anvil_setBlockTimestampInterval", SECONDS_A_BLOCK)
        yield running


@pytest.fixture
def chain(anvil):
    """The module's chain, as it was before the test in the end."""
    snapshot = anvil.snapshot()
    yield anvil
    anvil.restore(snapshot)


@pytest.fixture(scope="module")
def distribution():
    return Distribution(
        root=b"\x07" * 32,
        allocation=10**21,
        start=GENESIS,
        step=STEP,
        steps=STEPS,
        sweep_after=GENESIS + STEP * STEPS + SWEEP_DELAY,
    )


@pytest.fixture(scope="module")
def manifest(anvil, distribution):
    """A suite that is what it says, once for all tests of a module."""
    record = Record(31_337, "")
    params = Params(distribution=distribution)
    deploy_protocol(RpcDeployer(anvil.client(), anvil.account("deployer")), params, record=record)
    return msgspec.json.encode(record)


@pytest.fixture
def record(chain, manifest):
    return msgspec.json.decode(manifest, type=Record)
