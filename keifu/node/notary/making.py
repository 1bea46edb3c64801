"""What a notary is told of the other chain when it is made."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from ethwire.rpc import connect
from keifu.chain.header import genesis_of

__all__ = ["foreign_section"]


def foreign_section(foreign: str, chain_id: int) -> dict[str, Any]:
    """Endpoint, id, and the first block that it has now. Raises ChainMismatch for another chain, RpcError."""
    with ExitStack() as held:
        rpc = connect(foreign)
        held.callback(rpc.close)
        rpc.require_chain(chain_id)
        return {"foreign": foreign, "foreign_chain": chain_id, "foreign_genesis": genesis_of(rpc)}
