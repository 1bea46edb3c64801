"""Keys that speak for an operator: what each kind may sign, and how a key agrees to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import IntEnum
from functools import partial
from typing import Any

from ethwire.eip712 import Domain
from ethwire.keys import Account
from keifu.abi import Contract
from keifu.abi.eip712 import HOT_KEY
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.firsts import unless_done
from keifu.chain.logs import find_events
from keifu.chain.suite import COMPUTE, HEARTBEATS
from keifu.errors import CheckFailed

__all__ = [
    "HotKey",
    "KeyKind",
    "heartbeats_domain",
    "key_consent",
    "key_service",
    "keys_of",
    "name_key",
    "named_keys",
    "retire_at",
    "retire_key",
    "set_cap",
]

# The EIP-712 name of each contract that knows hot keys.
_NAMES = {HEARTBEATS: "Keifu Heartbeats", COMPUTE: "Keifu Compute"}


class KeyKind(IntEnum):
    """What a hot key signs, as contracts/lib/hotkeys.vy numbers it."""

    HEARTBEAT = 1
    RECEIPT = 2
    TRANSACTION = 3


def heartbeats_domain(chain_id: int, service: str) -> Domain:
    """EIP-712 domain of a HeartbeatService."""
    return Domain(_NAMES[HEARTBEATS], "1", chain_id, service)


def key_service(kind: KeyKind) -> str:
    """The contract that takes what keys of a kind sign."""
    return COMPUTE if kind == KeyKind.RECEIPT else HEARTBEATS


def key_consent(domain: Domain, operator: str, key: Account, kind: KeyKind) -> bytes:
    """The signature by which `key` agrees to speak for `operator`: the last argument of `register_key`."""
    return key.sign(domain.digest(HOT_KEY, operator, key.address, kind))


@dataclass(frozen=True)
class HotKey:
    """A key that an operator named; times in unix seconds, `until` 0 while it is not retired. `cap` is the wei of the
    operator's lock that promises of a receipt key may hold, and `held` what they hold; 0 for other kinds."""

    key: str
    kind: KeyKind
    since: int
    until: int
    cap: int = 0
    held: int = 0

    def data(self) -> dict[str, Any]:
        return {**asdict(self), "kind": self.kind.name.lower(), "cap": str(self.cap), "held": str(self.held)}


def name_key(chain: Deployer, suite: Deployment, chain_id: int, key: Account, kind: KeyKind) -> None:
    """Let `key` speak for the sender. Raises Revert."""
    contract = key_service(kind)
    domain = Domain(_NAMES[contract], "1", chain_id, suite[contract])
    consent = key_consent(domain, chain.sender, key, kind)
    chain.call(suite[contract], contract, "register_key", key.address, kind, consent)


def set_cap(chain: Deployer, suite: Deployment, key: str, cap: int) -> None:
    """Let promises that the sender's receipt key signs hold so many wei of its lock. Raises Revert."""
    chain.call(suite[COMPUTE], COMPUTE, "set_cap", key, cap)


def retire_key(chain: Deployer, suite: Deployment, key: str) -> None:
    """End a key wherever it speaks for the sender. Raises Revert, and CheckFailed where it speaks nowhere."""
    spoken = [
        contract
        for contract in _known(suite)
        if (found := chain.call(suite[contract], contract, "key", key))[0].lower() == chain.sender.lower()
        and not found[3]
    ]
    if not spoken:
        raise CheckFailed(f"{key} does not speak for {chain.sender}", remedy="keifu keys named --of OPERATOR")
    for contract in spoken:
        retire_at(chain, suite, contract, key)


def retire_at(chain: Deployer, suite: Deployment, contract: str, key: str) -> None:
    """End a key at one contract, unless it is ended: the key itself may be first. Raises Revert."""
    end = partial(chain.call, suite[contract], contract, "retire_key", key)
    unless_done(end, lambda: chain.call(suite[contract], contract, "key", key)[3] > 0)


def keys_of(client: ChainClient, suite: Deployment, operator: str, first_block: int = 0) -> list[HotKey]:
    """Every key that an operator has named, oldest first in each contract."""
    services = [suite.at(client, contract) for contract in _known(suite)]
    return [key for service in services for key in named_keys(client, service, operator, first_block)]


def named_keys(client: ChainClient, service: Contract, operator: str, first_block: int = 0) -> list[HotKey]:
    """Those of one contract."""
    found = []
    for log in find_events(client, service, "KeyRegistered", first_block, operator=operator):
        _, kind, since, until = service.key(log.args["key"])
        has_cap = kind == KeyKind.RECEIPT and service.interface.has("cap")
        cap, held = service.cap(operator, log.args["key"]) if has_cap else (0, 0)
        found.append(HotKey(log.args["key"].lower(), KeyKind(kind), since, until, cap, held))
    return found


def _known(suite: Deployment) -> list[str]:
    """The contracts of a suite that know keys: one that is older than the market has none of it."""
    return [contract for contract in _NAMES if contract in suite.addresses]
