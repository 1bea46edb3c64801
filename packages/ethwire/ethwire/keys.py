"""An account: one secp256k1 key and the address made of it."""

from __future__ import annotations

import secrets
from functools import cached_property

from coincurve import PrivateKey, PublicKey
from sha3 import keccak_256

from ethwire.errors import InputError

__all__ = ["Account", "canonical", "checksum", "keccak256", "message_digest", "recover"]

KEY_BYTES = 32
ADDRESS_BYTES = 20
SIGNATURE_BYTES = 65
COMPACT_BYTES = 64  # EIP-2098
V_OFFSET = 27  # the yellow paper's v is the recovery id plus 27
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HALF_ORDER = (_ORDER // 2).to_bytes(32, "big")
_PARITY = 0x80  # EIP-2098: highest bit of the second word
_NIBBLE_UPPER = 8


def keccak256(data: bytes) -> bytes:
    digest: bytes = keccak_256(data).digest()
    return digest


def message_digest(message: bytes) -> bytes:
    """What wallets sign of a message, as a dApp's login asks for (EIP-191)."""
    return keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(message), message))


def _address(public_key: PublicKey) -> str:
    return "0x" + keccak256(public_key.format(compressed=False)[1:])[-ADDRESS_BYTES:].hex()


def checksum(address: str) -> str:
    """EIP-55 form of an address; raises InputError when it is not 20 bytes of hex."""
    plain = address.lower().removeprefix("0x")
    if len(plain) != 2 * ADDRESS_BYTES or any(c not in "0123456789abcdef" for c in plain):
        raise InputError(f"{address!r} is not an address", remedy="20 bytes in hex, with 0x in front")
    digest = keccak256(plain.encode()).hex()
    return "0x" + "".join(
        c.upper() if int(nibble, 16) >= _NIBBLE_UPPER else c for c, nibble in zip(plain, digest, strict=False)
    )


def canonical(signature: bytes) -> bytes:
    """r, s and v of 27 or 28 (65 bytes) from any form that wallets send: v of 0 or 1, or the 64 bytes of EIP-2098.

    Raises ValueError for what the contracts would refuse, too, a large s among it.
    """
    if len(signature) == COMPACT_BYTES:
        parity, s = signature[32] >> 7, bytes([signature[32] & ~_PARITY]) + signature[33:]
        signature = signature[:32] + s + bytes([V_OFFSET + parity])
    elif len(signature) == SIGNATURE_BYTES and signature[-1] < 2:  # noqa: PLR2004 - a parity
        signature = signature[:-1] + bytes([V_OFFSET + signature[-1]])
    if len(signature) != SIGNATURE_BYTES or signature[-1] not in (V_OFFSET, V_OFFSET + 1):
        raise ValueError("a signature is 64 bytes, or 65 that end with 27, 28, 0 or 1")
    if signature[32:64] > _HALF_ORDER:
        raise ValueError("a signature whose s is large is another's in another form")
    return signature


def recover(digest: bytes, signature: bytes) -> str:
    """Address that made `signature` (any form that `canonical` takes) over a 32-byte digest; raises ValueError when
    nobody could."""
    signature = canonical(signature)
    try:
        key = PublicKey.from_signature_and_message(
            signature[:-1] + bytes([signature[-1] - V_OFFSET]), digest, hasher=None
        )
    except Exception as error:
        raise ValueError("not a signature over this digest") from error
    return _address(key)


class Account:
    """A key in memory. `repr` and logs show the address only."""

    def __init__(self, key: bytes, name: str = "") -> None:
        if len(key) != KEY_BYTES or not 0 < int.from_bytes(key, "big") < _ORDER:
            raise InputError("not a secp256k1 private key", remedy="32 bytes, above zero and below the curve's order")
        self._key = PrivateKey(key)
        self.name = name

    @classmethod
    def from_role(cls, name: str) -> Account:
        """The same account for the same role name everywhere. For tests and local chains only: anyone can make it."""
        return cls(keccak256(b"keifu local role: " + name.encode()), name)

    @classmethod
    def random(cls, name: str = "") -> Account:
        return cls(secrets.token_bytes(KEY_BYTES), name)

    @cached_property
    def address(self) -> str:
        """Lower-case hex, as ABI decoding gives it; `checksum` makes the form for people."""
        return _address(self._key.public_key)

    @property
    def public_key(self) -> bytes:
        """Uncompressed point without its tag: 64 bytes."""
        return self._key.public_key.format(compressed=False)[1:]

    def secret(self) -> bytes:
        """The private key itself, for writing an encrypted keystore. Never log it."""
        return self._key.secret

    def shared_point(self, public_key: bytes) -> bytes:
        """The point that both sides of two key pairs know: this key times the other's public key (64 bytes each).

        Raises ValueError when that is no point of the curve.
        """
        product = PublicKey(b"\x04" + public_key).multiply(self._key.secret)
        return bytes(product.format(compressed=False)[1:])

    def sign(self, digest: bytes) -> bytes:
        """r, s, v (65 bytes, v is 27 or 28) over a 32-byte digest; deterministic (RFC 6979), low s."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:-1] + bytes([signature[-1] + V_OFFSET])

    def __repr__(self) -> str:
        return f"Account({self.name or 'unnamed'}, {checksum(self.address)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Account) and other.address == self.address

    def __hash__(self) -> int:
        return hash(self.address)
