"""Keys and signatures: accounts on secp256k1 and EIP-712 digests, by coincurve and safe-pysha3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from ethwire.eip712 import Domain, StructType
    from ethwire.keys import Account, canonical, checksum, keccak256, message_digest, recover

__all__ = [
    "Account",
    "Domain",
    "StructType",
    "canonical",
    "checksum",
    "keccak256",
    "message_digest",
    "recover",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "ethwire.keys": ["Account", "canonical", "checksum", "keccak256", "message_digest", "recover"],
        "ethwire.eip712": ["Domain", "StructType"],
    },
)
