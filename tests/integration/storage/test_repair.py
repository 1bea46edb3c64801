"""A shard that was lost: another provider builds it again from the others, takes it over and is paid for it."""

from __future__ import annotations

import signal
from functools import partial

import pytest

from keifu.keys import Account
from keifu.storage.nodes import NodeClient
from keifu.storage.states import State, shown
from keifu.units import COIN
from tests.integration.node.conftest import until
from tests.integration.storage.world import WINDOW, place


@pytest.mark.parametrize("masked", [False, True], ids=["built by its new provider", "masked, given by its client"])
def test_a_lost_shard_is_built_again_and_taken_over(world, masked):
    names = [f"{name} {masked}" for name in ("holder a", "holder b", "loser", "repairer")]
    *names, last = names
    nodes = [world.node(name, "repairs = false") for name in names]
    repairer, taker = world.node(last), Account.from_role(last).address.lower()
    world.token.transfer(Account.from_role(last), COIN, sender=world.deployer)
    deal = world.open(names, 2, segments=3, masked=masked)
    for node in (*nodes, repairer):
        node.run()
    for index, node in enumerate(nodes):
        deal.upload(node, index)
        deal.hand(node, index)
    until(lambda: all(deal.state(node, index) == "accepted" for index, node in enumerate(nodes)))
    nodes[2].end()
    world.repairs.demand(deal.id, 2, shown(deal.named, 2), 7, sender=world.customer)
    world.anvil.warp(WINDOW + 1)
    world.repairs.end_demand(deal.id, 2, sender=world.customer)
    assert world.shard(deal, 2)[4] == State.LOST

    if masked:
        deal.upload(repairer, 2)
        assert deal.hand(repairer, 2).json()["state"] == "kept"
    until(lambda: world.repairs.repair_of(deal.id, 2)[0] == taker)
    repairer.end(signal.SIGKILL)  # it has begun to fetch, or has the shard already
    repairer.run()
    epoch = world.next_epoch()
    world.pass_epoch(lambda: world.shard(deal, 2)[4] == State.STORED)
    assert world.shard(deal, 2)[0] == taker
    shard = deal.shards[2]
    client = NodeClient(place(repairer))
    assert [client.segment(shard.root, shard.leaves, number) for number in range(3)] == shard.segments
    client.close()
    assert world.market.credits(Account.from_role(last)) > 0
    until(partial(world.proven, names[0], epoch))
    for node in nodes[:2]:
        node.end()
    repairer.end()
