"""The root of a block's receipts, computed from their bodies: what a header commits to (yellow paper, 4.3.1 and D)."""

from __future__ import annotations

from collections.abc import Sequence

from ethwire import rlp, trie
from keifu.chain.follower._model import Event, Receipt

__all__ = ["receipts_root"]

_SHORT = 55
_ADDRESS_SIZE, _TOPIC_SIZE, _BLOOM_SIZE = 42, 66, 514  # characters with 0x


def receipts_root(receipts: Sequence[Receipt]) -> str:
    """In hex. Raises ValueError when a receipt is malformed."""
    return "0x" + trie.root((rlp.encode(number), _encoded(receipt)) for number, receipt in enumerate(receipts)).hex()


def _encoded(receipt: Receipt) -> bytes:
    """The consensus form: the type of the transaction, then status, gas, bloom filter and logs as RLP."""
    if len(receipt.logs_bloom) != _BLOOM_SIZE:
        raise ValueError("a receipt without its bloom filter")
    outcome = _number(receipt.status) if receipt.root is None else rlp.string(bytes.fromhex(receipt.root[2:]))
    gas = _number(receipt.cumulative_gas_used)
    bloom = b"\xb9\x01\x00" + bytes.fromhex(receipt.logs_bloom[2:])
    logs = rlp.list_of(b"".join(map(_log, receipt.logs)))
    kind = int(receipt.type, 16)
    if not 0 <= kind < 0x80:  # noqa: PLR2004 - EIP-2718
        raise ValueError(f"a receipt of type {receipt.type}")
    return (bytes([kind]) if kind else b"") + rlp.list_of(outcome + gas + bloom + logs)


def _log(log: Event) -> bytes:
    topics = log.topics
    for topic in topics:
        if len(topic) != _TOPIC_SIZE or topic[:2] != "0x":
            raise ValueError(f"{topic[:80]} is no topic")
    if len(log.address) != _ADDRESS_SIZE or log.address[:2] != "0x":
        raise ValueError(f"{log.address[:80]} is no address")
    if log.data[:2] != "0x":
        raise ValueError(f"{log.data[:80]} is no data")
    size = 33 * len(topics)
    prefix = f"{0xC0 + size:02x}" if size <= _SHORT else f"f8{size:02x}"
    joined = "a0".join(["", *(topic[2:] for topic in topics)])
    head = bytes.fromhex(f"94{log.address[2:]}{prefix}{joined}")
    return rlp.list_of(head + rlp.string(bytes.fromhex(log.data[2:])))


def _number(text: str | None) -> bytes:
    if text is None:
        raise ValueError("a receipt without a status")
    number = int(text, 16)
    if number < 0:
        raise ValueError(f"{text[:80]} in a receipt")
    return rlp.string(number.to_bytes((number.bit_length() + 7) // 8, "big"))
