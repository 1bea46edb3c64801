"""Nodes that are paid in a token of six decimals: they take what they named, collect what they proved, and are paid."""

from __future__ import annotations

from contextlib import ExitStack

import httpx
import pytest

from ethwire.keys import checksum
from keifu.chain import RpcDeployer
from keifu.chain.suite import STORAGE_DEALS
from keifu.keys import Account
from keifu.storage.client import keeping
from keifu.storage.client.ledger import Ledger
from keifu.storage.client.market import Market
from keifu.storage.client.offers import providers
from keifu.storage.client.quoting import Wish
from keifu.storage.client.storing import Storing, placed_of
from keifu.storage.client.trees import source_of
from keifu.storage.states import State, shown
from tests.integration.node.conftest import until
from tests.integration.storage.world import EPOCH, WINDOW
from tests.listing import list_token, listed

FUNDS, RATE = 10**9, "1.024"  # for a gibibyte and epoch
MEBIBYTE = 1_000  # smallest units
NAMES = ("paid a", "paid b", "paid c")


@pytest.fixture
def token(world):
    made = listed(world.anvil, world.client, world.suite, world.deployer, "FrozenToken", 6, "USDX")
    made.mint(world.customer, FUNDS, sender=world.deployer)
    return made


def test_a_provider_drops_and_the_others_are_paid(world, token, tmp_path):
    """The client gets back what the one that dropped has not proven; each of the others what it has."""
    settings = "repairs = false", "collect_epochs = 1", f'tokens = {{ "{token.address}" = "{RATE}" }}'
    nodes = [world.node(name, *settings) for name in NAMES]
    accounts = [Account.from_role(name) for name in NAMES]
    market, chain = Market(world.client, world.suite), RpcDeployer(world.client, world.customer)
    path = tmp_path / "data"
    path.write_bytes(bytes(range(256)) * 4_000)
    with ExitStack() as held:
        runs = [held.enter_context(ExitStack()) for _ in nodes]
        for run, node in zip(runs, nodes, strict=True):
            run.enter_context(node.inside())
        until(lambda: len(providers(market, token.address)) == len(nodes))
        about = httpx.get(f"http://{nodes[0].get('/status').json()['answers_at']}/v1/node").json()
        assert about["tokens"] == {checksum(token.address): str(MEBIBYTE * 1_024)}
        with Ledger(tmp_path / "client") as ledger:
            storing = Storing(market, ledger, chain, world.customer, lambda seconds: world.anvil.mine(), patience=600)
            wish = Wish(path.stat().st_size, 2, 1, 20 * EPOCH, False, 0, token.address)
            row = storing.put(source_of(path), wish, most=FUNDS, public=True)
        state = market.deal(row.deal)
        assert state.token == token.address
        assert 0 < state.price < MEBIBYTE  # for less than a mebibyte
        cost = FUNDS - token.balanceOf(world.customer)
        assert cost == 3 * state.price * (state.end - state.begin)

        shards = market.shards(row.deal, 3)
        [lost] = [index for index, shard in enumerate(shards) if shard.provider == accounts[2].address.lower()]
        runs[2].close()
        world.repairs.demand(row.deal, lost, shown(placed_of(row.kept), lost), 7, sender=world.customer)
        world.anvil.warp(WINDOW + 1)
        world.repairs.end_demand(row.deal, lost, sender=world.customer)
        assert market.shards(row.deal, 3)[lost].state is State.LOST

        epoch = world.next_epoch()
        world.pass_epoch(lambda: all(world.proven(name, epoch) for name in NAMES[:2]))
        keeping.close(market, chain, row.deal)
        for _ in range(4):  # the last of which nobody has to prove
            world.next_epoch()
            world.pass_epoch(lambda: any(market.market.seed_of(market.epoch())))
        ends = [shard.end for shard in market.shards(row.deal, 3)]
        proven = [market.market.proven(account, state.begin, ends[0]) for account in accounts[:2]]
        owed = [state.price * count for count in proven]
        assert min(proven) >= 1
        until(lambda: _moved(world) and [token.balanceOf(account) for account in accounts[:2]] == owed)
        shown_now = nodes[0].get("/status").json()
        assert checksum(token.address) in str(shown_now)
        assert "keifu_node_earned_units" in nodes[0].get("/metrics").text
    paid = keeping.refund(market, chain, row.deal)
    assert paid.units == cost - sum(owed)
    assert token.balanceOf(accounts[2]) == token.balanceOf(world.suite[STORAGE_DEALS]) == 0


def _moved(world) -> bool:
    """Nodes look at a new epoch for what is due."""
    world.next_epoch()
    return True


def test_a_token_that_a_node_did_not_name_is_not_taken(world, token, tmp_path):
    """Nor is one that is not listed, or one that does not say its decimals."""
    other = listed(world.anvil, world.client, world.suite, world.deployer, "QuietToken")
    gone = listed(world.anvil, world.client, world.suite, world.deployer, "FrozenToken", 6, "GONE")
    list_token(world.anvil, world.client, world.suite, gone.address, takes=False)
    tokens = f'tokens = {{ "{other.address}" = "1", "{gone.address}" = "1" }}'
    node = world.node("odd taker", tokens)
    with node.inside():
        deals, customer = world.deals, world.customer
        token.approve(deals, FUNDS, sender=customer)
        deal = world.open(["odd taker"], token=token.address, price=10**6, restitution=0)
        deal.upload(node, 0)
        said = deal.hand(node, 0)
        assert (said.status_code, f"paid in token {checksum(token.address)}" in said.text) == (409, True)
        assert httpx.get(f"http://{node.get('/status').json()['answers_at']}/v1/node").json()["tokens"] == {}
        market = Market(world.client, world.suite)
        assert [providers(market, item.address) for item in (other, gone)] == [[], []]
