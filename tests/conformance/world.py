"""A chain made of nothing but its state: records, environments and anchors written into a state trie, without a node.

The words and slots are written here from the contracts' layout, not with the code that reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import rlp
from msgspec.structs import replace

from keifu.keys import keccak256
from keifu.provenance import Record, RegistryDomain, environment_id
from keifu.provenance.trie import HeaderFacts, State
from keifu.provenance.trust import Trust

__all__ = ["CHAIN", "ENVIRONMENTS", "NOW", "REGISTRY", "World", "address"]

CHAIN = 16_661
NOW = 1_800_000_000
NUMBER = 4_321
NIBBLES = 16
REFERENCE = 32  # bytes from which a node is named by its hash


def address(role: str) -> str:
    return "0x" + keccak256(role.encode())[12:].hex()


REGISTRY, ENVIRONMENTS = address("registry"), address("environments")


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _in(slot: int, *keys: bytes) -> bytes:
    at = _word(slot)
    for key in keys:
        at = keccak256(at + key.rjust(32, b"\0"))
    return at


@dataclass
class World:
    """Storage by contract and slot. `registry` and `environments` may be a forger's."""

    registry: str = REGISTRY
    environments: str = ENVIRONMENTS
    storage: dict[str, dict[bytes, int]] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    authors: tuple[str, ...] = ()  # whom the verifier trusts

    @property
    def domain(self) -> RegistryDomain:
        return RegistryDomain(CHAIN, self.registry)

    def put(self, contract: str, slot: bytes, value: int) -> None:
        self.storage.setdefault(contract, {})[slot] = value

    def register(self, record: Record, *, status: int = 1, time: int = NOW - 5_000) -> bytes:
        record_id = self.domain.record_id(record)
        word = int(record.author, 16) | time << 160 | int(record.kind) << 200 | status << 208
        self.put(self.registry, _in(2, record_id), word)
        return record_id

    def attest(
        self, who: str, schema: bytes, subject: bytes, *, time: int = NOW - 900, expiry: int = 0, revoked: int = 0
    ) -> None:
        key = keccak256(bytes.fromhex(who[2:]).rjust(32, b"\0") + schema + subject)
        self.put(self.registry, _in(0, key), time | expiry << 40 | revoked << 104 | 1 << 144 | 1 << 176)

    def anchor(self, who: str, root: bytes, count: int, *, revoked: int = 0, leaves: int = 0) -> None:
        """`revoked` is when it was taken back, `leaves` how many of its leaves were."""
        word = (NOW - 2_000) | count << 40 | revoked << 72 | leaves << 112
        self.put(self.registry, _in(1, bytes.fromhex(who[2:]), root), word)

    def revoke_leaf(self, who: str, root: bytes, digest: bytes) -> None:
        key = keccak256(bytes.fromhex(who[2:]).rjust(32, b"\0") + root + digest)
        self.put(self.registry, _in(8, key), NOW - 60)

    def close(self, who: str, at: int) -> None:
        """The key of an account was declared lost."""
        self.put(self.registry, _in(4, bytes.fromhex(who[2:])), at << 160)

    def replace_key(self, *accounts: str, at: int = NOW - 60) -> None:
        """The key of each account was replaced by the next one."""
        for old, new in pairwise(accounts):
            self.put(self.registry, _in(4, bytes.fromhex(old[2:])), int(new, 16) | at << 160)
        self.replaced.append(accounts[0])

    def store_links(self, record_id: bytes, record: Record, *, status: int = 1) -> None:
        """What a policy that asks for a sound lineage looks at."""
        first = int.from_bytes(_in(3, record_id), "big")
        words = [int.from_bytes(link.parent, "big") for link in record.links] or [0]
        words[0] |= len(record.links) | status << 6
        for number, word in enumerate(words):
            self.put(self.registry, _word((first + number) % (1 << 256)), word)

    def promote(
        self,
        owner: str,
        artefact: bytes,
        policies: Sequence[tuple[int, Sequence[tuple[bytes, int, int, Sequence[str]]]]] = ((NOW - 9_000, ()),),
        *,
        seq: int = 1,
        name: str = "production",
        sound: bool = False,
    ) -> bytes:
        """`policies` are (since when, entries of (schema, needed, age, attesters)); `sound`: all ask for that, too."""
        environment = environment_id(CHAIN, self.environments, owner, name)
        here = self.environments
        self.put(here, _in(0, environment), int(owner, 16) | seq << 160 | len(policies) << 200)
        self.put(here, _in(1, environment, _word(seq)), int.from_bytes(artefact, "big") | (NUMBER - 20))
        for version, (since, entries) in enumerate(policies, 1):
            first = int.from_bytes(_in(2, environment, _word(version)), "big")
            words = [0]
            for schema, needed, age, attesters in entries:
                head = int(attesters[0], 16) | needed << 160 | len(attesters) << 168 | age << 176
                words[-1:] = [
                    words[-1] | head,
                    int.from_bytes(schema, "big"),
                    *(int(who, 16) for who in attesters[1:]),
                    0,
                ]
            words = words if not entries else words[:-1]
            words[0] |= since << 216 | len(entries) << 208 | sound << 215
            for offset, word in enumerate(words):
                self.put(here, _word((first + offset) % (1 << 256)), word)
        return environment

    def block(self) -> tuple[HeaderFacts, bytes, dict[bytes, bytes]]:
        """Header, its bytes, and every node of the tries."""
        nodes: dict[bytes, bytes] = {}
        accounts = {
            keccak256(address(f"somebody {i}").encode()): rlp.encode([i, 1, b"\0" * 32, b"\0" * 32]) for i in range(9)
        }
        for contract, slots in self.storage.items():
            values = {keccak256(slot): rlp.encode(word) for slot, word in slots.items() if word}
            root = _trie(values, nodes)
            accounts[keccak256(bytes.fromhex(contract[2:]))] = rlp.encode([1, 0, root, keccak256(b"code")])
        root = _trie(accounts, nodes)
        zero = b"\0" * 32
        members = [
            zero,
            zero,
            zero[:20],
            root,
            zero,
            zero,
            bytes(256),
            0,
            NUMBER,
            30_000_000,
            0,
            NOW,
            b"",
            zero,
            bytes(8),
            7,
        ]
        encoded: bytes = rlp.encode(members)
        return HeaderFacts(encoded), encoded, nodes

    def proved(self) -> Any:
        """What `make_bundle` needs of a node: a block, and proofs in it."""
        header, encoded, nodes = self.block()
        trust = Trust(CHAIN, self.registry, self.environments, authors=self.authors)

        def prove(question: Callable[[State], Any], *, records: Iterable[bytes]) -> State:
            whole = State(header, nodes)
            question(whole)
            whole.words(self.registry, [_in(2, record_id) for record_id in records])
            return State(header, whole.used)

        pinned = replace(trust, block="0x" + header.hash.hex())
        block, listed = SimpleNamespace(encoded=encoded), list(self.replaced)
        return SimpleNamespace(trust=trust, block=block, pinned=pinned, prove=prove, replaced=lambda named: listed)


def _trie(values: dict[bytes, bytes], nodes: dict[bytes, bytes]) -> bytes:
    """Root of the Merkle-Patricia trie with these keys; its nodes are added to `nodes`."""
    items = sorted((tuple(n for byte in key for n in (byte >> 4, byte & 15)), value) for key, value in values.items())
    encoded = rlp.encode(_node(items, 0, nodes))
    nodes[keccak256(encoded)] = encoded
    return keccak256(encoded)


def _node(items: Sequence[tuple[tuple[int, ...], bytes]], depth: int, nodes: dict[bytes, bytes]) -> list[Any]:
    first, last = items[0][0], items[-1][0]
    if len(items) == 1:
        return [_compact(first[depth:], leaf=True), items[0][1]]
    shared = depth
    while first[shared] == last[shared]:
        shared += 1
    if shared > depth:
        return [_compact(first[depth:shared], leaf=False), _reference(_node(items, shared, nodes), nodes)]
    branch: list[Any] = []
    for nibble in range(NIBBLES):
        below = [item for item in items if item[0][depth] == nibble]
        branch.append(_reference(_node(below, depth + 1, nodes), nodes) if below else b"")
    return [*branch, b""]


def _reference(node: list[Any], nodes: dict[bytes, bytes]) -> Any:
    encoded = rlp.encode(node)
    if len(encoded) < REFERENCE:
        return node
    nodes[keccak256(encoded)] = encoded
    return keccak256(encoded)


def _compact(path: Sequence[int], *, leaf: bool) -> bytes:
    flag = 2 * leaf + len(path) % 2
    nibbles = [flag, *path] if len(path) % 2 else [flag, 0, *path]
    return bytes(16 * high + low for high, low in zip(nibbles[::2], nibbles[1::2], strict=True))
