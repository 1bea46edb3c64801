"""The root of a Merkle-Patricia trie, from all that it holds (Yellow Paper, appendix D)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ethwire.keys import keccak256
from ethwire.rlp import list_of, string

__all__ = ["EMPTY_ROOT", "root"]

EMPTY_ROOT = keccak256(string(b""))
HASH_BYTES = 32  # a shorter node stands in its parent itself
EMPTY = string(b"")


def root(items: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Of keys, none of which begins another one, and their encoded values."""
    pairs = sorted((_nibbles(key), value) for key, value in items)
    return keccak256(_node(pairs, 0)) if pairs else EMPTY_ROOT


def _nibbles(key: bytes) -> bytes:
    return bytes(nibble for byte in key for nibble in (byte >> 4, byte & 15))


def _path(nibbles: bytes, *, leaf: bool) -> bytes:
    """Hex-prefix encoding."""
    odd = len(nibbles) % 2
    flag = (2 * leaf + odd) << 4
    first, rest = (flag | nibbles[0], nibbles[1:]) if odd else (flag, nibbles)
    return string(bytes([first, *(rest[at] << 4 | rest[at + 1] for at in range(0, len(rest), 2))]))


def _node(items: Sequence[tuple[bytes, bytes]], depth: int) -> bytes:
    """RLP of the node over `items`, sorted by key, which share their first `depth` nibbles."""
    first, last = items[0][0], items[-1][0]
    if len(items) == 1:
        return list_of(_path(first[depth:], leaf=True) + string(items[0][1]))
    shared = depth
    while first[shared] == last[shared]:
        shared += 1
    if shared > depth:
        return list_of(_path(first[depth:shared], leaf=False) + _reference(_node(items, shared)))
    children, start = [], 0
    for nibble in range(16):
        end = start
        while end < len(items) and items[end][0][depth] == nibble:
            end += 1
        children.append(_reference(_node(items[start:end], depth + 1)) if end > start else EMPTY)
        start = end
    return list_of(b"".join(children) + EMPTY)


def _reference(node: bytes) -> bytes:
    return node if len(node) < HASH_BYTES else string(keccak256(node))
