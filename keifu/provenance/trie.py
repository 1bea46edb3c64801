"""Proofs in Ethereum's state: what a contract's storage held at a block whose hash is known.

Yellow paper, appendix D (modified Merkle-Patricia tries) and section 4.3 (headers). A missing, changed or superfluous
node changes a hash on the way from the root, so that nothing but the value in the state can come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ethwire import rlp
from ethwire.trie import EMPTY_ROOT
from keifu.chain import header as chain_header
from keifu.errors import CheckFailed, InputError
from keifu.keys import keccak256

__all__ = ["HeaderFacts", "State", "by_hash", "header_rlp", "read_header", "value_at"]

HASH_BYTES = 32
BRANCH = 17
PATH_AND_CHILD = 2
_STATE_ROOT, _NUMBER, _TIMESTAMP = 3, 8, 11


class HeaderFacts:
    """What a header says, its hash being the only thing to trust."""

    def __init__(self, encoded: bytes) -> None:
        try:
            fields = rlp.decode(encoded)
            self.state_root: bytes = fields[_STATE_ROOT]
            self.number = int.from_bytes(fields[_NUMBER], "big")
            self.timestamp = int.from_bytes(fields[_TIMESTAMP], "big")
        except (InputError, IndexError, TypeError) as error:
            raise CheckFailed("the block header is malformed") from error
        self.hash = keccak256(encoded)


def header_rlp(block: Mapping[str, Any]) -> bytes:
    """The header of a block as `eth_getBlockByNumber` gives it; raises CheckFailed when it does not hash to its hash
    (a chain with other header members, or a node that lies)."""
    try:
        header = chain_header.header_of(block)
        encoded, number = chain_header.header_rlp(header), int(header.number, 16)
    except (msgspec.ValidationError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise CheckFailed("the node's answer is no block", remedy="ask another node") from error
    if "0x" + keccak256(encoded).hex() != header.hash:
        raise CheckFailed(f"header of block {number} does not hash to its hash", remedy="ask another node")
    return encoded


def read_header(encoded: bytes, trusted_hash: bytes) -> HeaderFacts:
    """Raises CheckFailed unless the header is that of the trusted block."""
    found = keccak256(encoded)
    # Before anything is decoded: what nobody vouches for may be made to take any amount of memory.
    if found != trusted_hash:
        raise CheckFailed(f"the header is of block 0x{found.hex()}, not of 0x{trusted_hash.hex()}")
    return HeaderFacts(encoded)


class State:
    """The state of one block, as far as the nodes at hand show it. A node that nobody needed is in `unused`."""

    def __init__(self, header: HeaderFacts, nodes: Mapping[bytes, bytes]) -> None:
        self.header = header
        self._nodes = _Nodes(nodes)
        self._storage: dict[str, bytes] = {}
        self._words: dict[tuple[str, bytes], int] = {}

    @property
    def time(self) -> int:
        return self.header.timestamp

    @property
    def nodes(self) -> Iterable[bytes]:
        """Everything at hand, needed or not."""
        return self._nodes.encoded.values()

    @property
    def used(self) -> dict[bytes, bytes]:
        """The nodes that were needed so far, by hash."""
        return {digest: self._nodes.encoded[digest] for digest in self._nodes.decoded}

    @property
    def unused(self) -> int:
        return len(self._nodes.encoded) - len(self._nodes.decoded)

    def words(self, address: str, slots: Sequence[bytes]) -> list[int]:
        """The words in `slots` of the contract, zero included; raises CheckFailed when the nodes do not show one."""
        root = self._storage_root(address) if slots else b""
        for slot in slots:
            if (address, slot) not in self._words:
                self._words[address, slot] = _number(value_at(root, slot, self._nodes))
        return [self._words[address, slot] for slot in slots]

    def _storage_root(self, address: str) -> bytes:
        if address not in self._storage:
            account = value_at(self.header.state_root, bytes.fromhex(address[2:]), self._nodes)
            if account is None:
                raise CheckFailed(f"{address} does not exist in that state")
            self._storage[address] = _storage_root_of(account)
        return self._storage[address]


class _Nodes:
    """Trie nodes by hash, each decoded once."""

    def __init__(self, encoded: Mapping[bytes, bytes]) -> None:
        self.encoded, self.decoded = encoded, dict[bytes, list[Any]]()

    def __getitem__(self, digest: bytes) -> list[Any]:
        if (found := self.decoded.get(digest)) is None:
            found = self.decoded[digest] = _decode(self.encoded, digest)
        return found


def _storage_root_of(account: bytes) -> bytes:
    try:
        root = rlp.decode(account)[2]
    except (InputError, IndexError, TypeError) as error:
        raise CheckFailed("an account in the proof is malformed") from error
    if not isinstance(root, bytes):
        raise CheckFailed("an account in the proof is malformed")
    return root


def _number(value: bytes | None) -> int:
    if value is None:
        return 0
    try:
        plain = rlp.decode(value)
    except InputError as error:
        raise CheckFailed("a word in the proof is malformed") from error
    if not isinstance(plain, bytes) or len(plain) > HASH_BYTES:
        raise CheckFailed("a word in the proof is malformed")
    return int.from_bytes(plain, "big")


def by_hash(nodes: Iterable[bytes]) -> dict[bytes, bytes]:
    """Trie nodes by what their parents call them."""
    return {keccak256(node): node for node in nodes}


def value_at(root: bytes, key: bytes, nodes: _Nodes) -> bytes | None:
    """The value under `key` in the trie with `root`, or None when the trie shows that there is none.

    Raises CheckFailed when a node that is needed is missing or malformed.
    """
    if root == EMPTY_ROOT:
        return None
    path, at = keccak256(key).hex(), 0
    node = nodes[root]
    while True:
        if len(node) == BRANCH:
            if at == len(path):
                return _plain(node[-1]) or None
            child, at = node[int(path[at], 16)], at + 1
        elif len(node) == PATH_AND_CHILD:
            shared, is_leaf = _compact(_plain(node[0]))
            if not path.startswith(shared, at):
                return None
            at += len(shared)
            if is_leaf:
                return None if at < len(path) else _plain(node[1])
            child = node[1]
        else:
            raise CheckFailed("a trie node has neither 17 nor 2 members")
        if child == b"":
            return None
        node = child if isinstance(child, list) else nodes[child]


def _decode(nodes: Mapping[bytes, bytes], digest: bytes) -> list[Any]:
    encoded = nodes.get(digest)
    if encoded is None:
        raise CheckFailed(f"the proof lacks the trie node 0x{digest.hex()}")
    try:
        node = rlp.decode(encoded)
    except InputError as error:
        raise CheckFailed("a trie node is not RLP") from error
    if not isinstance(node, list):
        raise CheckFailed("a trie node is malformed")
    return node


def _plain(item: Any) -> bytes:
    if not isinstance(item, bytes):
        raise CheckFailed("a trie node holds a list where bytes belong")
    return item


def _compact(encoded: bytes) -> tuple[str, bool]:
    """Hex-prefix decoding (appendix C): nibbles as hex digits, and whether the node is a leaf."""
    if not encoded:
        raise CheckFailed("a trie node has an empty path")
    flag = encoded[0] >> 4
    return encoded.hex()[1 if flag & 1 else 2 :], bool(flag & 2)
