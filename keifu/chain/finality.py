"""Which blocks no reorganisation takes away."""

from __future__ import annotations

from ethwire.rpc import Rpc, quantity
from keifu.chain._chains import final_depth
from keifu.errors import NoAnswer, RpcError

__all__ = ["final_block", "final_depth"]


def final_block(rpc: Rpc) -> int:
    """The newest final block: what the endpoint calls `finalized`, or as deep below its head as this chain needs,
    whichever is newer. Of several endpoints the one that is most careful counts. -1 when no block is final yet."""
    found: list[int] = []
    error: RpcError | None = None
    for endpoint in rpc.endpoints:
        try:
            found.append(_final(endpoint))
        except RpcError as fault:
            error = fault
    if len(found) <= len(rpc.endpoints) // 2:
        raise error or NoAnswer("no endpoint says which block is final")
    return min(found)


def _final(rpc: Rpc) -> int:
    head = rpc.block_number()
    depth = final_depth(rpc.chain_id())
    deep = max(-1, head - depth)
    if depth == 0:
        return deep
    try:
        block = rpc.call("eth_getBlockByNumber", "finalized", False)
    except RpcError:
        return deep
    if not isinstance(block, dict):
        return deep
    return max(deep, min(head, quantity(block.get("number"), "the finalized block", rpc.url)))
