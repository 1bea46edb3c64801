"""A block's header as the bytes that its hash is of: what a light client checks and `Randomness.capture` wants."""

from __future__ import annotations

from typing import Any

import msgspec

from keifu.errors import CheckFailed
from keifu.keys import keccak256

__all__ = ["Header", "encode_header", "header_rlp"]

_HASH, _ADDRESS, _BLOOM, _NONCE = "a0", "94", "b90100", "88"  # RLP prefixes of strings of a fixed length
_HASH_SIZE, _ADDRESS_SIZE, _BLOOM_SIZE, _NONCE_SIZE = 66, 42, 514, 18  # characters with 0x
_SHORT = 55  # bytes of the longest string or list whose prefix holds its length


class Header(msgspec.Struct, rename="camel"):
    """Fields in the header's order, up to Prague; a chain without one of the later ones ends before it."""

    parent_hash: str
    sha3_uncles: str
    miner: str
    state_root: str
    transactions_root: str
    receipts_root: str
    logs_bloom: str
    difficulty: str
    number: str
    gas_limit: str
    gas_used: str
    timestamp: str
    extra_data: str
    mix_hash: str
    nonce: str
    hash: str
    base_fee_per_gas: str | None = None
    withdrawals_root: str | None = None
    blob_gas_used: str | None = None
    excess_blob_gas: str | None = None
    parent_beacon_block_root: str | None = None
    requests_hash: str | None = None
    transactions: msgspec.Raw = msgspec.Raw(b"[]")


def header_rlp(header: Header) -> bytes:
    """RLP of the header. Raises ValueError when a field is malformed."""
    fixed = (
        *((_HASH, _HASH_SIZE, text) for text in (header.parent_hash, header.sha3_uncles)),
        (_ADDRESS, _ADDRESS_SIZE, header.miner),
        *((_HASH, _HASH_SIZE, text) for text in (header.state_root, header.transactions_root, header.receipts_root)),
        (_BLOOM, _BLOOM_SIZE, header.logs_bloom),
    )
    parts: list[str] = []
    for prefix, size, text in fixed:
        if len(text) != size:
            raise ValueError(f"{text[:80]} has {len(text)} characters, not {size}")
        parts += (prefix, text[2:])
    parts += map(_number, (header.difficulty, header.number, header.gas_limit, header.gas_used, header.timestamp))
    parts += (_string(header.extra_data), _sized(_HASH, _HASH_SIZE, header.mix_hash))
    parts.append(_sized(_NONCE, _NONCE_SIZE, header.nonce))
    if header.base_fee_per_gas is not None:
        parts.append(_number(header.base_fee_per_gas))
    if header.withdrawals_root is not None:
        parts.append(_sized(_HASH, _HASH_SIZE, header.withdrawals_root))
    if header.blob_gas_used is not None:
        parts.append(_number(header.blob_gas_used))
    if header.excess_blob_gas is not None:
        parts.append(_number(header.excess_blob_gas))
    if header.parent_beacon_block_root is not None:
        parts.append(_sized(_HASH, _HASH_SIZE, header.parent_beacon_block_root))
    if header.requests_hash is not None:
        parts.append(_sized(_HASH, _HASH_SIZE, header.requests_hash))
    payload = bytes.fromhex("".join(parts))
    return b"\xf9" + len(payload).to_bytes(2, "big") + payload  # a header is always longer than 255 bytes


def encode_header(block: dict[str, Any]) -> bytes:
    """RLP of the header in an `eth_getBlockByNumber` answer.

    Raises CheckFailed when its hash is not the block's: the chain has fields that this does not know, or the node lies.
    """
    try:
        header = msgspec.convert(block, Header)
        encoded = header_rlp(header)
    except (msgspec.ValidationError, ValueError) as error:
        raise CheckFailed(f"the header of a block is malformed: {error}") from error
    if "0x" + keccak256(encoded).hex() != header.hash:
        raise CheckFailed(f"the header of block {int(header.number, 16)} does not hash to the block's hash")
    return encoded


def _sized(prefix: str, size: int, text: str) -> str:
    if len(text) != size:
        raise ValueError(f"{text[:80]} has {len(text)} characters, not {size}")
    return prefix + text[2:]


def _number(text: str) -> str:
    digits = text[2:].lstrip("0")
    if not digits:
        return "80"
    if len(digits) % 2:
        digits = "0" + digits
    if len(digits) == 2 and digits < "80":  # noqa: PLR2004 - one byte
        return digits
    return f"{0x80 + len(digits) // 2:02x}{digits}"


def _string(text: str) -> str:
    digits = text[2:]
    size = len(digits) // 2
    if size > _SHORT:
        raise ValueError(f"{size} bytes of extra data")
    if size == 1 and digits < "80":
        return digits
    return f"{0x80 + size:02x}{digits}"
