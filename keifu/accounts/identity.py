"""Where the account of a token is, before anybody makes it (ERC-6551).

    address_of(CANONICAL_REGISTRY, implementation, Token(16_661, nft, 7))

The account is an ERC-1167 proxy of `implementation` with salt, chain, contract and id of the token behind its code.
"""

from __future__ import annotations

from dataclasses import dataclass

from keifu.keys import keccak256

__all__ = ["CANONICAL_REGISTRY", "NO_SALT", "Token", "account_code", "address_of", "creation_code", "proxy_code"]

# The registry that many chains have at this address; ours makes the same accounts where it is missing.
CANONICAL_REGISTRY = "0x000000006551c19487814612e58fe06813775758"
NO_SALT = bytes(32)
_LOADER = bytes.fromhex("3d60ad80600a3d3981f3")  # copies the 173 bytes behind it
_PROXY_BEFORE, _PROXY_AFTER = bytes.fromhex("363d3d373d3d3d363d73"), bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
_CREATE2 = b"\xff"


@dataclass(frozen=True)
class Token:
    """A token of an ERC-721 contract on one chain."""

    chain_id: int
    contract: str
    number: int


def _bytes(address: str) -> bytes:
    return bytes.fromhex(address.removeprefix("0x"))


def proxy_code(implementation: str) -> bytes:
    """The run-time code of a minimal proxy (ERC-1167), 45 bytes."""
    return _PROXY_BEFORE + _bytes(implementation) + _PROXY_AFTER


def account_code(implementation: str, token: Token, salt: bytes = NO_SALT) -> bytes:
    """The run-time code of the account, 173 bytes."""
    footer = (
        salt,
        token.chain_id.to_bytes(32, "big"),
        _bytes(token.contract).rjust(32, b"\0"),
        token.number.to_bytes(32, "big"),
    )
    return proxy_code(implementation) + b"".join(footer)


def creation_code(implementation: str, token: Token, salt: bytes = NO_SALT) -> bytes:
    """What a registry creates the account with, 183 bytes."""
    return _LOADER + account_code(implementation, token, salt)


def address_of(registry: str, implementation: str, token: Token, salt: bytes = NO_SALT) -> str:
    """The account's address, in lower case."""
    code = keccak256(creation_code(implementation, token, salt))
    return "0x" + keccak256(_CREATE2 + _bytes(registry) + salt + code)[12:].hex()
