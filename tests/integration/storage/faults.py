"""What is done to storage nodes, and what has to hold after it."""

from __future__ import annotations

import signal
import socket
import threading
from contextlib import suppress

from keifu.storage.nodes import NodeClient
from tests.integration.node.conftest import Node, until
from tests.integration.storage.world import Deal, World, place

__all__ = ["Road", "assert_served", "kill_when", "prove"]


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
