"""Keys that speak for an operator: what each kind may sign, and how a key agrees to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

from ethwire.eip712 import Domain
from ethwire.keys import Account
from keifu.abi import Contract
from keifu.abi.eip712 import HOT_KEY
from keifu.chain import ChainClient, Deployer
from keifu.chain.logs import find_events
from keifu.chain.suite import HEARTBEATS

__all__ = ["HotKey", "KeyKind", "heartbeats_domain", "key_consent", "name_key", "named_keys"]


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


@dataclass(frozen=True)
class HotKey:
    """A key that an operator named; times in unix seconds, `until` 0 while it is not retired."""

    key: str
    kind: KeyKind
    since: int
    until: int

    def data(self) -> dict[str, Any]:
        return {**asdict(self), "kind": self.kind.name.lower()}


def name_key(chain: Deployer, service: str, chain_id: int, key: Account, kind: KeyKind) -> None:
    """Let `key` speak for the sender. Raises Revert."""
    consent = key_consent(heartbeats_domain(chain_id, service), chain.sender, key, kind)
    chain.call(service, HEARTBEATS, "register_key", key.address, kind, consent)


def named_keys(client: ChainClient, service: Contract, operator: str, first_block: int = 0) -> list[HotKey]:
    """Every key that an operator has named, oldest first."""
    logs = find_events(client, service, "KeyRegistered", first_block, operator=operator)
    found = []
    for log in logs:
        _, kind, since, until = service.key(log.args["key"])
        found.append(HotKey(log.args["key"].lower(), KeyKind(kind), since, until))
    return found
