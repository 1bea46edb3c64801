"""Where the factory of the suite is: one and the same on every chain that has the deterministic deployment proxy.

The proxy at 0x4e59b44847b379578588920cA78FbF26c0B4956C makes a contract by CREATE2 at an address that follows from a
salt and the code alone. A chain that refuses the proxy's own transaction has none; there the factory is the deploying
account's, and its address is another one.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from ethwire import rlp
from ethwire.rpc import Rpc, octets, quantity
from keifu.keys import keccak256

__all__ = [
    "PROXY",
    "PROXY_CODE",
    "Birth",
    "canonical_factory",
    "created_address",
    "find_birth",
    "has_proxy",
    "made_factory",
    "proxy_call",
]

PROXY = "0x4e59b44847b379578588920ca78fbf26c0b4956c"
PROXY_CODE = bytes.fromhex(
    "7f" + "ff" * 31 + "e03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)
SALT = keccak256(b"keifu:Create3Factory")
SEARCHED = 100  # blocks, from the first one of a deployment on
Birth = tuple[str, int]  # transaction and block that made it; "" and 0 where the chain does not say


class _Codes(Protocol):
    def code(self, address: str, /) -> bytes: ...


class _Transaction(msgspec.Struct, rename={"sender": "from"}):
    hash: str
    nonce: str
    input: str
    sender: str
    to: str | None = None


class _Full(msgspec.Struct):
    """A block with its transactions."""

    transactions: list[_Transaction]


def created_address(sender: str, nonce: int) -> str:
    """Where a CREATE by `sender` with `nonce` puts its contract."""
    return "0x" + keccak256(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:].hex()


def canonical_factory(init_code: bytes) -> str:
    """Where the proxy puts the factory that this creation code makes."""
    return "0x" + keccak256(b"\xff" + bytes.fromhex(PROXY[2:]) + SALT + keccak256(init_code))[12:].hex()


def proxy_call(init_code: bytes) -> bytes:
    """The data of the transaction to the proxy that makes the factory."""
    return SALT + init_code


def has_proxy(chain: _Codes) -> bool:
    """Whether the proxy is there, with its own code."""
    return chain.code(PROXY) == PROXY_CODE


def find_birth(rpc: Rpc, sender: str, where: str, init_code: bytes, first: int, last: int) -> Birth:
    """What made the factory at `where`, among the sender's transactions in the first blocks of a deployment."""
    for number in range(first, min(last, first + SEARCHED) + 1):
        for item in rpc.call_as(_Full, "eth_getBlockByNumber", hex(number), True).transactions:
            nonce, data = quantity(item.nonce, "a nonce", rpc.url), octets(item.input, "an input", rpc.url)
            mine = item.sender.lower() == sender
            if mine and made_factory(sender, nonce, item.to, data, init_code) == where:
                return item.hash, number
    return "", 0


def made_factory(sender: str, nonce: int, to: str | None, data: bytes, init_code: bytes) -> str:
    """Where a transaction put the factory; "" when it made none."""
    if not to:
        return created_address(sender, nonce)
    is_proxy = to.lower() == PROXY and data == proxy_call(init_code)
    return canonical_factory(init_code) if is_proxy else ""
