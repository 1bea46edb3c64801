"""The root of a block's receipts, computed from their bodies: what a header commits to (yellow paper, 4.3.1 and D)."""

from __future__ import annotations

from collections.abc import Sequence

from keifu.chain.follower._model import Event, Receipt
from keifu.keys import keccak256

__all__ = ["receipts_root"]

_SHORT = 55
_HASH_BYTES = 32
EMPTY_ROOT = keccak256(b"\x80")
_ADDRESS_SIZE, _TOPIC_SIZE, _BLOOM_SIZE = 42, 66, 514  # characters with 0x


def receipts_root(receipts: Sequence[Receipt]) -> str:
    """In hex. Raises ValueError when a receipt is malformed."""
    if not receipts:
        return "0x" + EMPTY_ROOT.hex()
    items = sorted((_nibbles(_key(number)), _encoded(receipt)) for number, receipt in enumerate(receipts))
    return "0x" + keccak256(_node(items, 0)).hex()


# receipts -------------------------------------------------------------------------------------------------------------


def _encoded(receipt: Receipt) -> bytes:
    """The consensus form: the type of the transaction, then status, gas, bloom filter and logs as RLP."""
    if len(receipt.logs_bloom) != _BLOOM_SIZE:
        raise ValueError("a receipt without its bloom filter")
    outcome = _number(receipt.status) if receipt.root is None else _string(bytes.fromhex(receipt.root[2:]))
    gas = _number(receipt.cumulative_gas_used)
    bloom = b"\xb9\x01\x00" + bytes.fromhex(receipt.logs_bloom[2:])
    logs = _list(b"".join(map(_log, receipt.logs)))
    kind = int(receipt.type, 16)
    if not 0 <= kind < 0x80:  # noqa: PLR2004 - EIP-2718
        raise ValueError(f"a receipt of type {receipt.type}")
    return (bytes([kind]) if kind else b"") + _list(outcome + gas + bloom + logs)


def _log(log: Event) -> bytes:
    topics = log.topics
    for topic in topics:
        if len(topic) != _TOPIC_SIZE:
            raise ValueError(f"{topic[:80]} is no topic")
    if len(log.address) != _ADDRESS_SIZE:
        raise ValueError(f"{log.address[:80]} is no address")
    size = 33 * len(topics)
    prefix = f"{0xC0 + size:02x}" if size <= _SHORT else f"f8{size:02x}"
    joined = "a0".join(["", *(topic[2:] for topic in topics)])
    head = bytes.fromhex(f"94{log.address[2:]}{prefix}{joined}")
    return _list(head + _string(bytes.fromhex(log.data[2:])))


# RLP ------------------------------------------------------------------------------------------------------------------


def _number(text: str | None) -> bytes:
    if text is None:
        raise ValueError("a receipt without a status")
    number = int(text, 16)
    return _string(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _string(content: bytes) -> bytes:
    if len(content) == 1 and content[0] < 0x80:  # noqa: PLR2004 - a byte that stands for itself
        return content
    return _prefix(0x80, len(content)) + content


def _list(content: bytes) -> bytes:
    return _prefix(0xC0, len(content)) + content


def _prefix(kind: int, size: int) -> bytes:
    if size <= _SHORT:
        return bytes([kind + size])
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([kind + _SHORT + len(length)]) + length


# the trie -------------------------------------------------------------------------------------------------------------


def _key(number: int) -> bytes:
    return _string(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _nibbles(key: bytes) -> bytes:
    return bytes(nibble for byte in key for nibble in (byte >> 4, byte & 15))


def _path(nibbles: bytes, *, leaf: bool) -> bytes:
    """Hex-prefix encoding."""
    odd = len(nibbles) % 2
    flag = (2 * leaf + odd) << 4
    first, rest = (flag | nibbles[0], nibbles[1:]) if odd else (flag, nibbles)
    return _string(bytes([first, *(rest[at] << 4 | rest[at + 1] for at in range(0, len(rest), 2))]))


def _node(items: Sequence[tuple[bytes, bytes]], depth: int) -> bytes:
    """RLP of the node over `items`, sorted by key, which share their first `depth` nibbles."""
    first, last = items[0][0], items[-1][0]
    if len(items) == 1:
        return _list(_path(first[depth:], leaf=True) + _string(items[0][1]))
    shared = depth
    while first[shared] == last[shared]:  # no key is the beginning of another one
        shared += 1
    if shared > depth:
        return _list(_path(first[depth:shared], leaf=False) + _reference(_node(items, shared)))
    children, start = [], 0
    for nibble in range(16):
        end = start
        while end < len(items) and items[end][0][depth] == nibble:
            end += 1
        children.append(_reference(_node(items[start:end], depth + 1)) if end > start else b"\x80")
        start = end
    return _list(b"".join(children) + b"\x80")


def _reference(node: bytes) -> bytes:
    return node if len(node) < _HASH_BYTES else b"\xa0" + keccak256(node)
