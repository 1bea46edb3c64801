"""Why a node refused a transaction, and why one that was mined had no effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from keifu.errors import OutOfGas, Revert, RpcError

__all__ = ["MAXIMUM", "Endpoint", "is_known", "is_receipt", "never_works", "receipt_facts", "why_failed"]

MAXIMUM = 2**63  # what no block number, and no amount of gas, comes near: more does not fit into a database

# Whoever runs out of gas in an inner call keeps a 64th of it (EIP-150), twice in a call within a call.
_ALL_BUT = 32
# What nodes say of a call that ends the machine, whoever sends it and whenever, without the contract's refusing it.
_OUT_OF_GAS = ("out of gas", "outofgas", "gas required exceeds")
_HALTS = ("invalid opcode", "invalidfeopcode", "opcodenotfound", "invalid jump", "invalidjump", "stack ", "stackunder")
# What a pool says of a transaction that it has already, or whose nonce is used: neither is a fault.
_KNOWN = ("already known", "already imported", "known transaction", "nonce too low", "already in")


class Endpoint(Protocol):
    """The calls of an `Rpc` that sending needs."""

    def call(self, method: str, *params: Any) -> Any: ...

    def batch(self, calls: list[tuple[str, list[Any]]], /) -> list[Any]: ...

    def agreed(self, method: str, *params: Any) -> Any: ...

    def agreed_many(self, calls: list[tuple[str, list[Any]]], of: Callable[[Any], Any], /) -> list[Any]: ...

    def estimated_many(self, calls: list[tuple[str, list[Any]]], /) -> list[Any]: ...


def receipt_facts(answer: Any) -> Any:
    """What two endpoints must say alike of a transaction; each adds members of its own."""
    if not isinstance(answer, dict):
        return answer
    facts = [answer.get(name) for name in ("transactionHash", "blockHash", "blockNumber", "status", "gasUsed")]
    logs = answer.get("logs")
    if not isinstance(logs, list) or not all(isinstance(log, dict) for log in logs):
        return facts
    return facts + [[log.get(name) for name in ("address", "topics", "data")] for log in logs]


def is_receipt(answer: Any, tx_hash: str) -> bool:
    """Whether it says of that transaction what is needed, in numbers."""
    if not isinstance(answer, dict) or answer.get("transactionHash") != tx_hash:
        return False
    try:
        numbers = [int(answer[name], 16) for name in ("blockNumber", "status", "gasUsed")]
        return int(answer["blockHash"], 16) >= 0 and all(0 <= number < MAXIMUM for number in numbers)
    except (KeyError, TypeError, ValueError):
        return False


def why_failed(node: Endpoint, request: dict[str, str], gas: int, receipt: dict[str, Any]) -> Revert:
    """The contract's reason, found by the same call at the block before; OutOfGas when that, or the gas used, says so.

    The block before may be of another epoch, where the call takes less gas and passes.
    """
    used = int(receipt["gasUsed"], 16)
    parent = hex(max(int(receipt["blockNumber"], 16) - 1, 0))
    try:
        node.call("eth_call", request | {"gas": hex(gas)}, parent)
    except Revert as revert:
        if revert.reason or revert.data:
            return revert
    except RpcError as error:
        words = error.message.lower()
        if any(part in words for part in _HALTS):
            return Revert(error.message)
        if any(part in words for part in _OUT_OF_GAS):
            return OutOfGas(used, gas)
    return OutOfGas(used, gas) if used >= gas - gas // _ALL_BUT else Revert("")


def never_works(error: RpcError) -> bool:
    """Whether the node says that the call cannot work however much gas it gets, or with any that it may have."""
    words = error.message.lower()
    return any(part in words for part in (*_HALTS, *_OUT_OF_GAS))


def is_known(answer: object) -> bool:
    """Whether a node says that it has the transaction, or that its nonce is used."""
    words = answer.message.lower() if isinstance(answer, RpcError) else ""
    return any(part in words for part in _KNOWN)
