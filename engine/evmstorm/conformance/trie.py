"""The root of Ethereum's state: what a block commits to, and the official tests give (Yellow Paper, appendix D)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ethwire import rlp
from ethwire.keys import keccak256
from evmstorm.evm.native_machine import AccountState

__all__ = ["logs_hash", "state_root"]

HASH, NIBBLES = 32, 16
EMPTY_CODE = keccak256(b"")
LEAF, ODD = 2, 1

Pairs = list[tuple[bytes, bytes]]  # (key in nibbles, value), sorted


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
    pairs = sorted((_nibbles(keccak256(key)), value) for key, value in items.items())
    return keccak256(rlp.encode(_node(pairs, 0) if pairs else b""))


def _nibbles(key: bytes) -> bytes:
    return bytes(nibble for byte in key for nibble in divmod(byte, NIBBLES))


def _path(nibbles: bytes, flag: int) -> bytes:
    """Nibbles packed, behind what they end in and whether they are odd."""
    flag += ODD * (len(nibbles) % 2)
    padded = bytes([flag]) + nibbles if len(nibbles) % 2 else bytes([flag, 0]) + nibbles
    return bytes(NIBBLES * high + low for high, low in zip(padded[::2], padded[1::2], strict=True))


def _node(pairs: Pairs, depth: int) -> list[Any]:
    first = pairs[0][0]
    if len(pairs) == 1:
        return [_path(first[depth:], LEAF), pairs[0][1]]
    last, shared = pairs[-1][0], depth
    while first[shared] == last[shared]:
        shared += 1
    if shared > depth:
        return [_path(first[depth:shared], 0), _reference(pairs, shared)]
    branch: list[Any] = [b""] * (NIBBLES + 1)
    for nibble in range(NIBBLES):
        if below := [pair for pair in pairs if pair[0][depth] == nibble]:
            branch[nibble] = _reference(below, depth + 1)
    return branch


def _reference(pairs: Pairs, depth: int) -> Any:
    node = _node(pairs, depth)
    encoded = rlp.encode(node)
    return node if len(encoded) < HASH else keccak256(encoded)
