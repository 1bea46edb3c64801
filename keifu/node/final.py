"""The chain as of its newest final block: what no reorganisation takes away, as most endpoints give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ethwire.abi import BoundFunction
from ethwire.rpc import Rpc, octets
from keifu.chain.finality import final_block
from keifu.errors import CheckFailed, RpcError
from keifu.node.chain import NodeChain
from keifu.provenance.trie import HeaderFacts, header_rlp

__all__ = ["Final", "View", "header_at", "newest_final"]

View = tuple[BoundFunction, tuple[Any, ...]]  # a function of a contract, and its arguments


@dataclass(frozen=True)
class Final:
    """A final block: its header, and views of contracts in it."""

    chain: NodeChain
    encoded: bytes
    header: HeaderFacts

    @property
    def number(self) -> int:
        return self.header.number

    @property
    def time(self) -> int:
        return self.header.timestamp

    def views(self, wanted: Sequence[View]) -> list[Any]:
        """What the views give in this block. Raises RpcError, Contradiction when endpoints do not agree, Revert."""
        rpc, block = self.chain.rpc, hex(self.number)
        calls = [
            ("eth_call", [{"to": function.contract.address, "data": "0x" + function.encode(*args).hex()}, block])
            for function, args in wanted
        ]
        found = []
        for (function, args), answer in zip(wanted, rpc.agreed_many(calls, lambda answer: answer), strict=True):
            if isinstance(answer, Exception):
                raise answer
            found.append(function.abi(*args).decode(octets(answer, "eth_call", rpc.url)))
        return found

    def view(self, function: BoundFunction, *args: Any) -> Any:
        return self.views([(function, args)])[0]


def newest_final(chain: NodeChain) -> Final:
    """Raises RpcError when no block is final yet, or endpoints do not have it; CheckFailed for a header that is not
    its block's."""
    if (number := final_block(chain.rpc)) < 0:
        raise RpcError("no block is final yet", remedy="wait")
    return Final(chain, *header_at(chain.rpc, number))


def header_at(rpc: Rpc, number: int) -> tuple[bytes, HeaderFacts]:
    """A block's header, as most endpoints give it. Raises RpcError when they do not have it, CheckFailed for a header
    that is not its block's."""
    [found] = rpc.agreed_many([("eth_getBlockByNumber", [hex(number), False])], _hash)
    if isinstance(found, Exception):
        raise found
    if not isinstance(found, dict):
        raise RpcError(f"no endpoint has block {number}", remedy="one of them is behind: wait")
    encoded = header_rlp(found)
    header = HeaderFacts(encoded)
    if header.number != number:
        raise CheckFailed(f"block {header.number} was given in the place of {number}", remedy="ask another node")
    return encoded, header


def _hash(block: Any) -> Any:
    return block.get("hash") if isinstance(block, dict) else block
