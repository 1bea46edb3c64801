"""A hub, a verifier with attestors that count, and tokens, on anvil or on the chain of the tests."""

from __future__ import annotations

from keifu.inft import Item, Move, Secret, Statement, encrypt, seal
from keifu.keys import keccak256
from keifu.units import COIN

__all__ = ["ATTESTORS", "LEAST", "NEEDED", "NOTICE", "another_salt", "make_items"]

NEEDED = 3
NOTICE = 7
LEAST = 2_000 * COIN
ATTESTORS = ("first attestor", "second attestor", "third attestor", "fourth attestor")


def another_salt(text: object) -> bytes:
    """32 bytes that nothing else is named by."""
    return keccak256(f"salt {text}".encode())


def make_items(old_hashes, receiver_key, plains=None) -> tuple[list[Item], list[Secret]]:
    """Each item encrypted anew, its key sealed to `receiver_key`."""
    made = [encrypt(plain) for plain in plains or [b"data %d" % i for i in range(len(old_hashes))]]
    items = [
        Item(old, secret.data_hash, seal(secret.key, receiver_key, secret.data_hash), receiver_key, secret.key_hash)
        for old, secret in zip(old_hashes, made, strict=True)
    ]
    return items, made
