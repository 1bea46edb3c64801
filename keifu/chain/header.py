"""A block's header as the bytes that its hash is of: what a light client checks and `Randomness.capture` wants."""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from keifu.errors import CheckFailed
from keifu.keys import keccak256

if TYPE_CHECKING:
    from ethwire.rpc import Rpc

__all__ = [
    "BLOOM", "PARENT", "RECEIPTS_ROOT", "Header", "encode_header", "genesis_of", "header_of", "header_rlp",
    "number_digits", "string_digits",
]  # fmt: skip

PARENT, RECEIPTS_ROOT, BLOOM = slice(4, 36), slice(157, 189), slice(192, 448)  # of the RLP of any header

_HASH_SIZE = 66  # characters with 0x
_NONCE_SIZE = 18
_FRONT = 890  # of the fields up to the bloom filter, with their prefixes
# Of numbers of three digits and more, by their length with 0x: digits are filled up to whole bytes.
_PREFIXES = {size: f"{0x80 + (size - 1) // 2:02x}{'0' * (size % 2)}" for size in range(5, 19)}
_SHORT = 55  # bytes of the longest string or list whose prefix holds its length


class Header(msgspec.Struct, rename="camel", gc=False):
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


def genesis_of(rpc: Rpc) -> str:
    """The hash of the first block: what tells two chains with one number apart."""
    return rpc.call_as(Header, "eth_getBlockByNumber", "0x0", False).hash


def header_of(block: Mapping[str, Any]) -> Header:
    """The header in an `eth_getBlockByNumber` answer. Raises msgspec.ValidationError when a field is missing."""
    return msgspec.convert({key: value for key, value in block.items() if key != "transactions"}, Header)


def header_rlp(header: Header) -> bytes:
    """RLP of the header. Raises ValueError when a field is malformed."""
    front = (
        f"a0{header.parent_hash[2:]}a0{header.sha3_uncles[2:]}94{header.miner[2:]}a0{header.state_root[2:]}"
        f"a0{header.transactions_root[2:]}a0{header.receipts_root[2:]}b90100{header.logs_bloom[2:]}"
    )
    mix, nonce = header.mix_hash, header.nonce
    if len(front) != _FRONT or len(mix) != _HASH_SIZE or len(nonce) != _NONCE_SIZE:
        raise ValueError("one of its hashes is too short or too long")
    forks = _fields_of_forks(
        header.withdrawals_root, header.blob_gas_used, header.excess_blob_gas, header.parent_beacon_block_root,
        header.requests_hash,
    )  # fmt: skip
    payload = unhexlify(
        f"{front}{number_digits(header.difficulty)}{_own_number(header.number)}{number_digits(header.gas_limit)}"
        f"{number_digits(header.gas_used)}{_own_number(header.timestamp)}{string_digits(header.extra_data)}a0{mix[2:]}88{nonce[2:]}"
        f"{_own_number(header.base_fee_per_gas)}{forks}"
    )
    return b"\xf9" + len(payload).to_bytes(2, "big") + payload  # a header is always longer than 255 bytes


def encode_header(block: dict[str, Any]) -> bytes:
    """RLP of the header in an `eth_getBlockByNumber` answer.

    Raises CheckFailed when its hash is not the block's: the chain has fields that this does not know, or the node lies.
    """
    try:
        header = header_of(block)
        encoded = header_rlp(header)
    except (msgspec.ValidationError, ValueError) as error:
        raise CheckFailed(f"the header of a block is malformed: {error}") from error
    if "0x" + keccak256(encoded).hex() != header.hash:
        raise CheckFailed(f"the header of block {header.number[:80]} does not hash to the block's hash")
    return encoded


@lru_cache(maxsize=64)
def _fields_of_forks(
    withdrawals: str | None, blob_gas: str | None, excess: str | None, beacon: str | None, requests: str | None
) -> str:
    return f"{_hash(withdrawals)}{number_digits(blob_gas)}{number_digits(excess)}{_hash(beacon)}{_hash(requests)}"


def _hash(text: str | None) -> str:
    """Of a field that a fork added; nothing where the chain does not have it."""
    if text is None:
        return ""
    if len(text) != _HASH_SIZE:
        raise ValueError(f"{text[:80]} is no hash")
    return f"a0{text[2:]}"


def _own_number(text: str | None) -> str:
    """Of a field that differs from block to block, so that looking it up does not pay: its prefix depends on its length
    alone, unless it is odd in some way."""
    prefix = None if text is None else _PREFIXES.get(len(text))
    if text is None or prefix is None or text[2] == "0":
        return number_digits(text)
    return prefix + text[2:]


@lru_cache(maxsize=4_096)
def number_digits(text: str | None) -> str:
    """A number as RLP, in hex; nothing where the chain does not have it."""
    if text is None:
        return ""
    digits = text[2:].lstrip("0")
    if not digits:
        return "80"
    if len(digits) % 2:
        digits = "0" + digits
    if len(digits) == 2 and digits < "80":  # noqa: PLR2004 - one byte
        return digits
    return f"{0x80 + len(digits) // 2:02x}{digits}"


@lru_cache(maxsize=1_024)
def string_digits(text: str) -> str:
    """Bytes as RLP, in hex. Raises ValueError for more than 55."""
    digits = text[2:]
    size = len(digits) // 2
    if size > _SHORT:
        raise ValueError(f"{size} bytes of extra data")
    if size == 1 and digits < "80":
        return digits
    return f"{0x80 + size:02x}{digits}"
