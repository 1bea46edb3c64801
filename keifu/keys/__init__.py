"""Keys and signatures: accounts on secp256k1 and EIP-712 digests, by coincurve and safe-pysha3."""

from __future__ import annotations

from keifu.keys._account import Account, canonical, checksum, keccak256, recover
from keifu.keys.eip712 import Domain, StructType

__all__ = ["Account", "Domain", "StructType", "canonical", "checksum", "keccak256", "recover"]
