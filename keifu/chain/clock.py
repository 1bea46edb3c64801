"""What time it is for whoever signs and compares on a chain."""

from __future__ import annotations

import time
from collections.abc import Callable

from ethwire.rpc import quantity
from keifu.chain._chains import final_depth
from keifu.chain._client import ChainClient

__all__ = ["LocalClock", "came_at", "clock_of", "machine_of"]


class LocalClock:
    """Of a local chain, where time is let pass at once: the time of its next block, or `machine`'s where that is later.
    What was signed before such a jump has a time between the two."""

    def __init__(self, client: ChainClient, machine: Callable[[], float] = time.time) -> None:
        self._client, self.machine = client, machine

    def __call__(self) -> float:
        """Unix seconds. Raises RpcError."""
        return max(self.machine(), self._next())

    def _next(self) -> int:
        rpc = self._client.rpc
        block = rpc.call("eth_getBlockByNumber", "pending", False)
        found = block.get("timestamp") if isinstance(block, dict) else None
        return quantity(found, "the next block's time", rpc.url)


def clock_of(client: ChainClient) -> Callable[[], float]:
    """A clock in unix seconds: this machine's, and on a local chain a `LocalClock`."""
    return LocalClock(client) if final_depth(client.chain_id) == 0 else time.time


def machine_of(clock: Callable[[], float]) -> Callable[[], float]:
    """The clock of this machine behind it: a book that is kept of several chains goes by no chain's."""
    return clock.machine if isinstance(clock, LocalClock) else clock


def came_at(clock: Callable[[], float], said: int) -> int:
    """Unix seconds by `clock`, of what came just now. A local chain may have jumped since its time was looked at: what
    has a time of between this machine's and the chain's came when it says. Raises RpcError."""
    return min(max(said, int(machine_of(clock)())), int(clock()))
