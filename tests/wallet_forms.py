"""The forms in which real wallets send one signature, and the domain that viem makes of `eip712Domain`."""

from __future__ import annotations

from copy import copy

from keifu.keys import Domain

__all__ = ["FORMS", "as_it_is", "compact", "high_s", "low_v", "salted"]

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def as_it_is(signature: bytes) -> bytes:
    """r, s, v of 27 or 28."""
    return signature


def low_v(signature: bytes) -> bytes:
    """r, s, v of 0 or 1."""
    return signature[:64] + bytes([signature[64] - 27])


def compact(signature: bytes) -> bytes:
    """EIP-2098: r, and s with the parity in its highest bit."""
    parity = signature[64] - 27
    return signature[:32] + bytes([signature[32] | parity << 7]) + signature[33:64]


def high_s(signature: bytes) -> bytes:
    """The other signature that anyone can make of it: refused."""
    s = (ORDER - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    return signature[:32] + s + bytes([55 - signature[64]])


FORMS = (as_it_is, low_v, compact)


def salted(domain: Domain) -> Domain:
    """The same domain with a salt of zero, as viem signs."""
    other = copy(domain)
    other._prefix = domain._salted_prefix
    return other
