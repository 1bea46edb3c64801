"""A block's header as the bytes that its hash is of: what `Randomness.capture` wants to see."""

from __future__ import annotations

from typing import Any

from ethwire import rlp
from keifu.errors import CheckFailed
from keifu.keys import keccak256

__all__ = ["encode_header"]

# Fields in the header's order, up to Prague; a chain without one of the later ones ends before it.
_FIELDS = (
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
    "baseFeePerGas",
    "withdrawalsRoot",
    "blobGasUsed",
    "excessBlobGas",
    "parentBeaconBlockRoot",
    "requestsHash",
)
_NUMBERS = frozenset(
    {
        "difficulty",
        "number",
        "gasLimit",
        "gasUsed",
        "timestamp",
        "baseFeePerGas",
        "blobGasUsed",
        "excessBlobGas",
    }
)


def encode_header(block: dict[str, Any]) -> bytes:
    """RLP of the header in an `eth_getBlockByNumber` answer.

    Raises CheckFailed when its hash is not the block's: the chain has fields that this does not know.
    """
    items = []
    for field in _FIELDS:
        value = block.get(field)
        if value is None:
            continue
        if field in _NUMBERS:
            number = int(value, 16)
            items.append(number.to_bytes((number.bit_length() + 7) // 8, "big"))
        else:
            items.append(bytes.fromhex(value[2:]))
    encoded = rlp.encode(items)
    if keccak256(encoded) != bytes.fromhex(block["hash"][2:]):
        raise CheckFailed(f"the header of block {int(block['number'], 16)} does not hash to the block's hash")
    return encoded
