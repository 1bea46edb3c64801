"""Where the registry and its environments keep what they store, and what the words mean.

Slots of the mappings as the compiler lays them out (a test compares), and the packed fields of each word as the
contracts define them. Everything here is pure: it turns words into facts, whoever vouches for the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from keifu.keys import keccak256

__all__ = [
    "ANCHORS_SLOT",
    "ATTESTATIONS_SLOT",
    "ENVIRONMENTS_SLOT",
    "IDENTITIES_SLOT",
    "LEAVES_SLOT",
    "LINKS_SLOT",
    "NAMES_SLOT",
    "POLICIES_SLOT",
    "PROMOTIONS_SLOT",
    "RECORDS_SLOT",
    "Words",
    "anchor_slot",
    "attestation_slot",
    "environment_slot",
    "field",
    "identity_slot",
    "leaf_slot",
    "link_slot",
    "name_slot",
    "policy_slot",
    "promotion_slot",
    "record_slot",
]

ATTESTATIONS_SLOT, ANCHORS_SLOT, RECORDS_SLOT, LINKS_SLOT = 0, 1, 2, 3
IDENTITIES_SLOT, NAMES_SLOT, LEAVES_SLOT = 4, 7, 8
ENVIRONMENTS_SLOT, PROMOTIONS_SLOT, POLICIES_SLOT = 0, 1, 2
WORD = 32


class Words(Protocol):
    """Storage of contracts at one block. `time` is the block's."""

    @property
    def time(self) -> int: ...

    def words(self, address: str, slots: Sequence[bytes]) -> list[int]:
        """What the slots hold, zero included; raises CheckFailed where nothing shows it."""


def field(word: int, at: int, bits: int) -> int:
    """The field of `bits` bits that begins at bit `at`."""
    return (word >> at) & ((1 << bits) - 1)


def record_slot(record_id: bytes) -> bytes:
    return _in_mapping(RECORDS_SLOT, record_id)


def attestation_slot(attester: str, schema: bytes, subject: bytes) -> bytes:
    key = keccak256(_address(attester) + schema + subject)
    return _in_mapping(ATTESTATIONS_SLOT, key)


def anchor_slot(anchorer: str, root: bytes) -> bytes:
    return _in_mapping(ANCHORS_SLOT, _address(anchorer), root)


def link_slot(record_id: bytes, number: int) -> bytes:
    """Slot of one of a record's stored links."""
    return _after(_in_mapping(LINKS_SLOT, record_id), number)


def identity_slot(account: str) -> bytes:
    return _in_mapping(IDENTITIES_SLOT, _address(account))


def name_slot(account: str) -> bytes:
    return _in_mapping(NAMES_SLOT, _address(account))


def leaf_slot(anchorer: str, root: bytes, digest: bytes) -> bytes:
    return _in_mapping(LEAVES_SLOT, keccak256(_address(anchorer) + root + digest))


def environment_slot(environment: bytes) -> bytes:
    return _in_mapping(ENVIRONMENTS_SLOT, environment)


def promotion_slot(environment: bytes, seq: int) -> bytes:
    return _in_mapping(PROMOTIONS_SLOT, environment, seq.to_bytes(WORD, "big"))


def policy_slot(environment: bytes, version: int, word: int) -> bytes:
    """Slot of one of a policy's words: an array in a mapping in a mapping."""
    return _after(_in_mapping(POLICIES_SLOT, environment, version.to_bytes(WORD, "big")), word)


def _after(slot: bytes, words: int) -> bytes:
    return ((int.from_bytes(slot, "big") + words) % (1 << 256)).to_bytes(WORD, "big")


def _in_mapping(slot: int, *keys: bytes) -> bytes:
    """Slot of a mapping's value: Vyper hashes the mapping's slot, then the key."""
    at = slot.to_bytes(WORD, "big")
    for key in keys:
        at = keccak256(at + key)
    return at


def _address(text: str) -> bytes:
    return bytes.fromhex(text[2:]).rjust(WORD, b"\0")
