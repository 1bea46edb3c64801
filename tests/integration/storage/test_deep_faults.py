"""Storage nodes that are cut off, damaged, full, and whose blocks are undone (`make fuzz-deep`)."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from keifu.keys import Account
from keifu.storage.layout import LEAF_BYTES, SEGMENT_BYTES
from keifu.storage.nodes import NodeFault
from keifu.storage.states import State
from keifu.storage.trees import SEGMENT_LEAVES
from tests.integration.node.conftest import until
from tests.integration.storage.faults import Road, assert_served, prove
from tests.integration.storage.world import EPOCH, PRICE, Deal, World

SLOW_CHAIN = 16_602  # of 0G: a block is final when two are on it


def spoil(pack: Path, deal: Deal, damage: str) -> None:
    """Both segments of the last shard are there no more as they were."""
    data = bytearray(pack.read_bytes())
    first, second = (data.index(part[:64]) for part in deal.shards[2].segments)
    if damage == "corrupted":
        for start in (first, second):  # a byte in every leaf
            data[start : start + SEGMENT_BYTES : LEAF_BYTES] = bytes(SEGMENT_LEAVES)
    elif damage == "swapped":
        one = data[first : first + SEGMENT_BYTES]
        data[first : first + SEGMENT_BYTES] = data[second : second + SEGMENT_BYTES]
        data[second : second + SEGMENT_BYTES] = one
    else:
        del data[first:]
    pack.write_bytes(data)


def test_an_hour_without_a_way_to_the_chain_costs_no_shard(world):
    road = Road(world.anvil.url)
    node = world.node("far storer", rpc=road.url).run()
    deal = world.open(["far storer"])
    deal.upload(node, 0)
    deal.hand(node, 0)
    until(lambda: deal.state(node, 0) == "accepted", node.process)
    road.shut()
    until(lambda: node.get("/readyz").status_code != 200, node.process)
    world.anvil.warp(EPOCH)
    assert_served(node, deal, 0)
    road.is_open = True
    epoch = prove(world, "far storer")
    assert world.market.ledger(Account.from_role("far storer"))[-1] == PRICE * (epoch and 1)
    node.end()
    road.close()


@pytest.mark.parametrize("damage", ["corrupted", "truncated", "swapped"])
def test_a_shard_that_is_damaged_on_the_disk_is_built_again_from_the_others(world, damage):
    names = [f"whole a {damage}", f"whole b {damage}", damage]
    nodes = [world.node(name).run() for name in names]
    deal = world.open(names, 2)
    for index, node in enumerate(nodes):
        deal.upload(node, index)
        deal.hand(node, index)
    until(lambda: all(deal.state(node, index) == "accepted" for index, node in enumerate(nodes)))
    nodes[2].end(signal.SIGKILL)
    [pack] = (nodes[2].folder / "store" / "packs").iterdir()
    spoil(pack, deal, damage)
    nodes[2].run()
    prove(world, names[2])
    assert_served(nodes[2], deal, 2)
    for node in nodes:
        node.end()


def test_a_reorganisation_that_takes_a_deal_away_loses_no_shard(tmp_path, monkeypatch):
    """On a chain whose blocks are final later: the deal comes again, and nothing has to be sent again."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("KEIFU_PASSWORD", "a long one")
    with ExitStack() as held:
        world = World(tmp_path, chain_id=SLOW_CHAIN)
        held.callback(world.close)
        node = world.node("slow storer").run()
        before = world.anvil.snapshot()
        deal = world.open(["slow storer"])
        deal.upload(node, 0)
        assert deal.hand(node, 0).json()["state"] == "kept"
        until(lambda: world.shard(deal, 0)[4] == State.STORED, node.process)
        until(lambda: deal.state(node, 0) == "accepted", node.process)
        world.anvil.restore(before)
        world.anvil.mine(1)
        until(lambda: deal.state(node, 0) in ("kept", "ended"), node.process)
        assert_served(node, deal, 0)
        again = world.open(["slow storer"], again=deal)
        assert again.id == deal.id
        until(lambda: (world.anvil.mine(1), deal.state(node, 0) == "accepted")[1], node.process)
        assert_served(node, deal, 0)


def test_a_node_without_room_refuses_and_keeps_nothing_half_done(world):
    node = world.node("small storer", f"room = {2**18}").run()
    full, fits = world.open(["small storer"], segments=2), world.open(["small storer"], segments=1)
    with pytest.raises(NodeFault, match="no room"):
        full.upload(node, 0)
    fits.upload(node, 0)
    assert fits.hand(node, 0).json()["state"] == "kept"
    assert 'reason="full"' in node.get("/metrics").text
    assert_served(node, fits, 0)
    node.end()
