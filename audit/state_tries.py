"""Merkle-Patricia tries with the ways to their keys, headers over them, and ways as long and as full as one wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ethwire.constants import ETHER
from ethwire.keys import keccak256
from ethwire.rlp import encode, list_of, string

__all__ = ["EMPTY_CODE", "Trie", "account_of", "full_way", "header_over", "nibbles_of"]

HASH_BYTES = 32
BRANCH_CHILDREN = 16
EMPTY_CODE = keccak256(b"")
NONCE, BALANCE = 1, ETHER


def nibbles_of(path: bytes) -> tuple[int, ...]:
    return tuple(nibble for byte in path for nibble in (byte >> 4, byte & 15))


def account_of(storage_root: bytes) -> bytes:
    """An account as the state trie holds it."""
    return encode([NONCE, BALANCE, storage_root, EMPTY_CODE])


def header_over(state_root: bytes, *, number: int = 1_000_000, timestamp: int = 1_700_000_000) -> bytes:
    """A header of Cancun's form."""
    word = bytes(range(32))
    return encode(
        [
            word, word, word[:20], state_root, word, word, bytes(256), 0, number, 30_000_000, 12_345_678, timestamp,
            b"somebody", word, bytes(8), 10**9, word, 131_072, 0, word,
        ]
    )  # fmt: skip


class Trie:
    """A Merkle-Patricia trie whose paths are taken as they are, so that they can share as many nibbles as one wants."""

    def __init__(self, pairs: Mapping[bytes, bytes]) -> None:
        self._nodes: dict[tuple[int, ...], bytes] = {}
        items = sorted((nibbles_of(path), value) for path, value in pairs.items())
        self.root = keccak256(self._node(items, 0)) if items else keccak256(string(b""))

    def way(self, path: bytes) -> list[bytes]:
        """Nodes from the root on, as `eth_getProof` lists them: those that stand within another one are left out."""
        nibbles = nibbles_of(path)
        found = [node for at, node in sorted(self._nodes.items()) if at == nibbles[: len(at)]]
        return [node for place, node in enumerate(found) if not place or len(node) >= HASH_BYTES]

    def _node(self, items: Sequence[tuple[tuple[int, ...], bytes]], depth: int) -> bytes:
        first, last = items[0][0], items[-1][0]
        shared = depth
        while len(items) > 1 and first[shared] == last[shared]:
            shared += 1
        if len(items) == 1:
            node = list_of(_compact(first[depth:], leaf=True) + string(items[0][1]))
        elif shared > depth:
            node = list_of(_compact(first[depth:shared], leaf=False) + _reference(self._node(items, shared)))
        else:
            children = [[item for item in items if item[0][depth] == nibble] for nibble in range(BRANCH_CHILDREN)]
            parts = [_reference(self._node(child, depth + 1)) if child else string(b"") for child in children]
            node = list_of(b"".join(parts) + string(b""))
        self._nodes[first[:depth]] = node
        return node


def full_way(path: bytes, value: bytes, length: int) -> tuple[bytes, list[bytes]]:
    """Root and nodes of a way of `length` nodes to a value: a leaf below branches all of whose children are there."""
    nibbles = nibbles_of(path)
    way = [list_of(_compact(nibbles[length - 1 :], leaf=True) + string(value))]
    for nibble in reversed(nibbles[: length - 1]):
        children = [keccak256(way[0] + bytes([child])) for child in range(BRANCH_CHILDREN)]
        children[nibble] = keccak256(way[0])
        way.insert(0, list_of(b"".join(map(string, children)) + string(b"")))
    return keccak256(way[0]), way


def _compact(nibbles: Sequence[int], *, leaf: bool) -> bytes:
    odd = len(nibbles) % 2
    padded = [2 * leaf + odd, *([] if odd else [0]), *nibbles]
    return string(bytes(high << 4 | low for high, low in zip(padded[::2], padded[1::2], strict=True)))


def _reference(node: bytes) -> bytes:
    return node if len(node) < HASH_BYTES else string(keccak256(node))
