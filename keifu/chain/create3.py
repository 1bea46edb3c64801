"""Where Create3Factory puts a contract, and the call that makes it do so."""

from __future__ import annotations

from keifu.abi import Interface, encode_args
from keifu.keys import keccak256

__all__ = ["create3_address", "deployment_call", "salt_of"]


def salt_of(label: str) -> bytes:
    """The CREATE3 salt of a contract of the suite."""
    return keccak256(f"keifu:{label}".encode())


def create3_address(factory: str, deployer: str, salt: bytes) -> str:
    """Where `deployer` deploys with `salt` through the factory at `factory`."""
    guarded = keccak256(encode_args(["address", "bytes32"], [deployer, salt]))
    proxy_hash = keccak256(bytes.fromhex("67363d3d37363d34f03d5260086018f3"))
    proxy = keccak256(b"\xff" + bytes.fromhex(factory[2:]) + guarded + proxy_hash)[12:]
    return "0x" + keccak256(b"\xd6\x94" + proxy + b"\x01")[12:].hex()


def deployment_call(factory: Interface, label: str, init_code: bytes) -> bytes:
    """The data of the transaction to the factory that makes a contract."""
    return factory.function("deploy", 2).encode((salt_of(label), init_code))
