from __future__ import annotations

import pytest

from ethwire.rpc import Rpc
from keifu.chain import Anvil, ChainClient, RpcDeployer
from keifu.chain.deployments import open_record
from keifu.chain.header import genesis_of
from keifu.chain.plan import Plan
from keifu.deploy.planning import make_plan
from keifu.deploy.running import carry_out
from tests.ape_chain import GENESIS

ALL_LISTED = 2  # runs of `keifu deploy all`: one queues the services, one lists them


@pytest.fixture(scope="module")
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        running.account("deployer")
        yield running


@pytest.fixture
def chain(anvil):
    """The module's chain, as it was before the test in the end."""
    snapshot = anvil.snapshot()
    yield anvil
    anvil.rpc.call("anvil_dropAllTransactions")
    anvil.restore(snapshot)


class Team:
    """Whoever deploys: a plan, a folder for the record, and the commands by their functions."""

    def __init__(self, chain, folder, role="deployer"):
        self.chain, self.folder, self.account = chain, folder, chain.account(role)
        self.client = ChainClient(Rpc(chain.url))

    @property
    def record(self):
        return open_record(self.client.chain_id, genesis_of(self.client.rpc), self.folder)

    def plan(self, **choices):
        return make_plan(self.client, self.account.address, self.record, Plan.read(**choices))

    def run(self, plan, deployer=None):
        record = self.record
        chain = deployer or RpcDeployer(self.client, self.account, record.factory)
        return carry_out(chain, record, plan, save=lambda changed: changed.save(self.folder))

    def finish(self, plan):
        """To the end: the services are listed after the timelock's delay."""
        self.run(plan)
        self.chain.warp(plan.params.timelock_delay)
        return self.run(plan)


@pytest.fixture
def team(chain, tmp_path):
    return Team(chain, tmp_path / "deployments")
