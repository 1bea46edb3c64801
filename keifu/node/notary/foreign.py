"""The other chain, as most of its endpoints give it: which block is final, and its hash."""

from __future__ import annotations

from contextlib import ExitStack

from ethwire.rpc import Rpc, connect
from keifu.chain.finality import final_block
from keifu.chain.header import genesis_of
from keifu.errors import ChainMismatch, EnvironmentFault, NoAnswer, RpcError
from keifu.keys import keccak256
from keifu.node.final import header_at
from keifu.node.sections import NotaryWork

__all__ = ["Foreign", "open_foreign"]

FAR_APART = 10_000  # blocks between endpoints, one of which is far behind or makes its number up
LARGEST_NUMBER = 1 << 62


class Foreign:
    """A chain that is signed about. Every question is asked of the chain that the owner named, and of no other."""

    def __init__(self, rpc: Rpc, chain_id: int) -> None:
        self.rpc, self.chain_id = rpc, chain_id

    def final(self, every: int) -> int:
        """The newest final number that all notaries sign. Raises RpcError, and ChainMismatch for another chain."""
        self.rpc.require_chain(self.chain_id)
        return final_block(self.rpc) // every * every

    def head(self) -> int:
        """The newest number that any endpoint has. Raises RpcError when most do not say, or one is so far off that what
        it says would keep the notary from signing for long."""
        self.rpc.require_chain(self.chain_id)
        found = []
        for endpoint in self.rpc.endpoints:
            try:
                found.append(endpoint.block_number())
            except RpcError:
                continue
        if len(found) <= len(self.rpc.endpoints) // 2:
            raise NoAnswer("most endpoints of the other chain do not say which block is its newest")
        newest = max(found)
        if newest - min(found) > FAR_APART or newest > LARGEST_NUMBER:
            raise NoAnswer(
                f"endpoints of the other chain say that its newest block is {min(found)} and {newest}",
                remedy="wait for the one that is behind, or leave out the one that lies: notary.foreign",
            )
        return newest

    def hash_of(self, number: int) -> bytes:
        """Of the block of a number, from the header's own bytes. Raises RpcError, CheckFailed."""
        return keccak256(header_at(self.rpc, number)[0])


def open_foreign(own: NotaryWork, held: ExitStack) -> Foreign:
    """Connect, and compare chain and first block. Raises RpcError, ChainMismatch, EnvironmentFault."""
    if not own.foreign:
        raise EnvironmentFault("notary.foreign names no endpoint", remedy="or do not sign: notary.sign = false")
    rpc = connect(own.foreign)
    held.callback(rpc.close)
    rpc.require_chain(own.foreign_chain)
    if (genesis := genesis_of(rpc)) != own.foreign_genesis:
        raise ChainMismatch(
            f"the endpoint serves another chain {own.foreign_chain}: it begins with {genesis}, "
            f"not {own.foreign_genesis}",
            remedy="correct notary.foreign; a chain that began anew needs a notary with another key",
        )
    return Foreign(rpc, own.foreign_chain)
