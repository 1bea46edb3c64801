"""An agent from its making to a clone of it and a lease, between attestors and storage nodes that run as processes."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from examples.agent.sale import Scene
from keifu.agent.data import Made
from keifu.agent.faults import AgentFault
from keifu.agent.hosting import Host
from keifu.agent.mind import Said
from keifu.chain import Deployment, RpcDeployer
from keifu.chain.suite import MARKET, STORAGE, TOKEN
from keifu.errors import Revert
from keifu.inft import LeaseOffer, actions
from keifu.local.roles import ROLES
from keifu.network.trial_model import write_model
from keifu.staking import actions as staking
from keifu.storage.client.market import Market
from keifu.storage.client.offers import providers
from keifu.units import COIN, DAY
from tests.integration.agents.conftest import ATTESTORS
from tests.integration.node.conftest import Node, until

PIXELS, PRICE, ROYALTY = [3] * 64, 100 * COIN, 1_000
STORES = ("accuser", "labeller")
GWEI = 10**9  # so many of a gibibyte
HIDDEN = "You read what is written by hand, and say nothing else."


@pytest.fixture
def running(tmp_path):
    """Starts the process of a folder, and ends it."""
    with ExitStack() as held:

        def run(kind, folder):
            node = Node(kind, folder).run()
            held.callback(node.end)
            return node

        yield run


@pytest.fixture
def storage(does, client, suite, running, tmp_path):
    """Two nodes that offer room."""
    deployment = Deployment(suite)
    for role in STORES:
        chain = RpcDeployer(client, ROLES[role].account)
        staking.register(chain, deployment, 0, "")
        staking.lock(chain, deployment, suite[STORAGE], chain.sender, 500 * COIN)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            place = f"127.0.0.1:{free.getsockname()[1]}"
        folder = tmp_path / role
        does("node", "storage", "init", folder, "--role", role, "--listen", place, "--url", f"http://{place}",
             "--owner-pages", "127.0.0.1:0", "--poll", "1 second", "--price", GWEI, "--restitution", GWEI)  # fmt: skip
        running("storage", folder)
    market = Market(client, deployment, 0)
    until(lambda: len(providers(market)) == len(STORES))


@pytest.fixture
def scene(does, client, suite, storage, running, tmp_path):
    urls = []
    for role in ATTESTORS:
        folder = tmp_path / role
        does("node", "attestor", "init", folder, "--role", role, "--listen", "127.0.0.1:0", "--code", "1+1",
             "--owner-pages", "127.0.0.1:0")  # fmt: skip
        urls.append("http://" + running("attestor", folder).get("/status").json()["attests_at"])
    client.forget_nonces()
    return Scene(client, Deployment(suite), 0, urls, tmp_path / "agents", lambda role: ROLES[role].account, (1, 1))


def test_a_mind_is_sold_cloned_and_leased(scene, chain, tmp_path):
    (tmp_path / "model").mkdir()
    write_model(tmp_path / "model")
    made = Made(HIDDEN, tmp_path / "model", [Said([0] * 64, "0")])
    mine = scene.mint("author", made, royalty_bps=ROYALTY, clones=1)
    wanted = mine.open(tmp_path / "first mind").ask(PIXELS)

    bought = scene.sell(mine, "buyer", PRICE)
    agent = bought.open(tmp_path / "second mind")
    assert (agent.prompt, agent.memory) == (HIDDEN, [Said([0] * 64, "0")])
    assert agent.ask(PIXELS) == wanted
    assert not mine.opens(bought)
    assert bought.opens(bought)

    twin = scene.clone(bought, "delegator")
    assert not bought.opens(twin)
    resold = scene.sell(twin, "juror", PRICE)
    assert resold.open(tmp_path / "third mind").ask(PIXELS) == wanted
    royalties(scene, resold, chain)
    lease_stops_at_its_quota(scene, bought, agent, tmp_path)


def royalties(scene, resold, chain):
    """Half of what a clone's sale owes goes to whoever cloned, the rest to the first creator."""
    market, coin = scene.suite.at(scene.client, MARKET), scene.suite[TOKEN]

    def credits_of(role):
        return market.credits(scene.account(role).address, coin)

    chain.warp(3 * DAY + 1)
    scene.release(resold)
    share = PRICE * ROYALTY // 10_000 // 2
    assert [credits_of(role) for role in ("buyer", "author", "delegator")] == [share, share, PRICE - 2 * share]


def lease_stops_at_its_quota(scene, bought, agent, folder):
    """LEA: each recorded use is good for one answer, and nobody else is answered."""
    tenant = scene.chain("evaluator")
    offer = LeaseOffer(COIN, scene.suite[TOKEN], DAY, 2, 1, scene.client.now + DAY)
    actions.offer_lease(scene.chain("buyer"), scene.suite, bought.token, offer)

    def code(who=tenant.sender, later=0):
        host = Host(agent, scene.nft, bought.token, folder / "answered.json")
        try:
            return host.ask(who, PIXELS, scene.client.now + later)
        except AgentFault as fault:
            return fault.code

    assert code() == "not_allowed"
    actions.lease(tenant, scene.suite, bought.token, offer)
    known = len(agent.memory)
    assert code() == "no_use"
    for left in (1, 0):
        assert actions.record_use(tenant, scene.suite, bought.token, 1) == left
        assert code() == agent.answer(PIXELS)
        assert code() == "no_use"
    with pytest.raises(Revert, match="inft: quota is used up"):
        actions.record_use(tenant, scene.suite, bought.token, 1)
    assert (code(later=2 * DAY), code(scene.account("owner").address)) == ("lease_over", "not_allowed")
    assert code(scene.account("buyer").address) == agent.answer(PIXELS)
    assert len(agent.memory) == known
