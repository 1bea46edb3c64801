"""What time it is for whoever signs and compares on a chain."""

from __future__ import annotations

import time
from collections.abc import Callable

from ethwire.rpc import quantity
from keifu.chain._chains import final_depth
from keifu.chain._client import ChainClient

__all__ = ["clock_of"]


def clock_of(client: ChainClient) -> Callable[[], float]:
    """A clock in unix seconds: this machine's. On a local chain, where time is let pass at once, it is that of the next
    block, where that is later. The clock raises RpcError."""
    return (lambda: max(time.time(), _next(client))) if final_depth(client.chain_id) == 0 else time.time


def _next(client: ChainClient) -> int:
    block = client.rpc.call("eth_getBlockByNumber", "pending", False)
    found = block.get("timestamp") if isinstance(block, dict) else None
    return quantity(found, "the next block's time", client.rpc.url)
