"""Keys that speak for an operator: what each kind may sign, and how a key agrees to it."""

from __future__ import annotations

from enum import IntEnum

from ethwire.eip712 import Domain
from ethwire.keys import Account
from keifu.abi.eip712 import HOT_KEY

__all__ = ["KeyKind", "heartbeats_domain", "key_consent"]


class KeyKind(IntEnum):
    """What a hot key signs, as contracts/lib/hotkeys.vy numbers it."""

    HEARTBEAT = 1
    RECEIPT = 2
    TRANSACTION = 3


def heartbeats_domain(chain_id: int, service: str) -> Domain:
    """EIP-712 domain of a HeartbeatService."""
    return Domain("Keifu Heartbeats", "1", chain_id, service)


def key_consent(domain: Domain, operator: str, key: Account, kind: KeyKind) -> bytes:
    """The signature by which `key` agrees to speak for `operator`: the last argument of `register_key`."""
    return key.sign(domain.digest(HOT_KEY, operator, key.address, kind))
