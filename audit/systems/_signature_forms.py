"""Signatures as bytes in the forms of wallets, and in forms that no key's signature has."""

from __future__ import annotations

__all__ = ["FORMS", "REFUSED", "in_form"]

REFUSED = ("63", "66")  # a byte short of the shortest, one more than the longest
FORMS = ("65", "v of 0 or 1", "64", *REFUSED)


def in_form(r: bytes, s: bytes, v: int, form: str) -> bytes:
    """A signature in one of FORMS; "64" is EIP-2098's."""
    match form:
        case "64":
            return r + bytes([s[0] | (v - 27) << 7]) + s[1:]
        case "v of 0 or 1":
            return r + s + bytes([v - 27])
        case "63":
            return (r + s)[:63]
        case "66":
            return r + s + bytes([v, 0])
        case _:
            return r + s + bytes([v])
