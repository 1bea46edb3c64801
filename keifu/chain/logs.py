"""Events of one contract over any number of blocks, from nodes that answer only so many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from keifu.chain._client import ChainClient
from keifu.errors import RpcError

__all__ = ["find_logs", "topic_of_address"]

SMALLEST_RANGE = 64  # blocks; a node that refuses these refuses something else


def topic_of_address(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")


def find_logs(
    client: ChainClient, address: str, topics: Sequence[str | None], first_block: int = 0
) -> Iterator[dict[str, Any]]:
    """The contract's logs from `first_block` to the newest, oldest first. A range that the node refuses is halved."""
    last = int(client.rpc.call("eth_blockNumber"), 16)
    open_ranges = [(first_block, last)]
    while open_ranges:
        start, end = open_ranges.pop()
        wanted = {"address": address, "topics": list(topics), "fromBlock": hex(start), "toBlock": hex(end)}
        try:
            yield from client.rpc.call("eth_getLogs", wanted)
        except RpcError as error:
            answered = error.code != 0
            if not answered or end - start < SMALLEST_RANGE:
                raise
            middle = (start + end) // 2
            open_ranges += [(middle + 1, end), (start, middle)]
