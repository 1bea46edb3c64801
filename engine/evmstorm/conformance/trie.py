"""The root of Ethereum's state: what a block commits to, and the official tests give (Yellow Paper, appendix D)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ethwire import rlp, trie
from ethwire.keys import keccak256
from evmstorm.evm.native_machine import AccountState

__all__ = ["logs_hash", "state_root"]

HASH = 32  # bytes


def state_root(accounts: Mapping[str, AccountState]) -> bytes:
    """Of the accounts that are there: empty ones are not (EIP-161)."""
    items = {}
    for address, account in accounts.items():
        storage = {slot: value for slot, value in account.storage.items() if value}
        if not (account.nonce or account.balance or account.code or storage):
            continue
        words = {slot.to_bytes(HASH, "big"): rlp.encode(_number(value)) for slot, value in storage.items()}
        fields = [_number(account.nonce), _number(account.balance), _root(words), keccak256(account.code)]
        items[bytes.fromhex(address[2:])] = rlp.encode(fields)
    return _root(items)


def logs_hash(logs: list[Any]) -> bytes:
    """Keccak of the logs of one transaction, as RLP."""
    return keccak256(rlp.encode([[bytes.fromhex(log.address[2:]), log.topics, log.data] for log in logs]))


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _root(items: Mapping[bytes, bytes]) -> bytes:
    return trie.root((keccak256(key), value) for key, value in items.items())
