"""Storage nodes that are killed, cut off and damaged: nothing acknowledged is lost, nothing unproven is paid."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from keifu.keys import Account
from keifu.storage.nodes import NodeClient
from tests.integration.node.conftest import Node, until
from tests.integration.storage.world import EPOCH, PRICE, Deal, World, place

NAMES = ["storer", "storer b", "storer c"]


class Road:
    """A way to the chain's node that can be closed."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._to = host, int(port)
        self.is_open = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._held: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if not self.is_open:
                    near.close()
                    continue
                far = socket.create_connection(self._to)
                self._held += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def shut(self) -> None:
        self.is_open = False
        while self._held:
            with suppress(OSError):
                self._held.pop().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.shut()


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, ExitStack() as held:
        folder = tmp_path_factory.mktemp("faults")
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        made = World(folder)
        held.callback(made.close)
        yield made


def kill_when(node: Node, words: str, after: int) -> None:
    """End its process at once when its log says so for the time number `after`."""
    until(lambda: node.log().count(words) > after, node.process)
    node.end(signal.SIGKILL)


def assert_served(node: Node, deal: Deal, index: int) -> None:
    shard, client = deal.shards[index], NodeClient(place(node))
    got = [client.segment(shard.root, shard.leaves, number) for number in range(len(shard.segments))]
    assert got == shard.segments
    client.close()


def prove(world: World, name: str) -> int:
    epoch = world.next_epoch()
    world.pass_epoch(lambda: world.proven(name, epoch))
    return epoch


def test_a_node_that_is_killed_at_each_step_goes_on_and_is_paid_once(world):
    node = world.node(NAMES[0]).run()
    deal = world.open(NAMES[:1])
    deal.upload(node, 0)
    assert deal.hand(node, 0).json()["state"] == "kept"
    node.end(signal.SIGKILL)
    node.run()
    assert_served(node, deal, 0)
    until(lambda: deal.state(node, 0) == "accepted", node.process)
    sent = node.log().count('"intent": "')
    world.next_epoch()
    stop = threading.Event()
    killer = threading.Thread(target=lambda: (kill_when(node, " prove ", 0), stop.set()))
    killer.start()
    world.pass_epoch(stop.is_set)
    killer.join()
    assert node.log().count('"intent": "') > sent
    node.run()
    until(lambda: world.proven(NAMES[0], world.market.epoch()), node.process)
    assert world.market.ledger(Account.from_role(NAMES[0]))[-1] == PRICE
    assert deal.state(node, 0) == "accepted"
    assert world.shard(deal, 0)[1] == 0  # it was accepted once
    node.end()


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


def test_a_shard_that_is_damaged_on_the_disk_is_built_again_from_the_others(world):
    names = ["whole a", "whole b", "damaged"]
    nodes = [world.node(name).run() for name in names]
    deal = world.open(names, 2)
    for index, node in enumerate(nodes):
        deal.upload(node, index)
        deal.hand(node, index)
    until(lambda: all(deal.state(node, index) == "accepted" for index, node in enumerate(nodes)))
    nodes[2].end(signal.SIGKILL)
    [pack] = (nodes[2].folder / "store" / "packs").iterdir()
    data = bytearray(pack.read_bytes())
    for number in range(2):  # a byte in every leaf of each segment
        start = data.index(deal.shards[2].segments[number][:64])
        data[start : start + 2**18 : 256] = bytes(2**10)
    pack.write_bytes(data)
    nodes[2].run()
    prove(world, names[2])
    assert_served(nodes[2], deal, 2)
    for node in nodes:
        node.end()
