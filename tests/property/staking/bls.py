"""BLS signatures on BN254 in plain Python: RFC 9380 step by step, over py_ecc's group. Slow and obvious.

A point of G1 is a pair (x, y), a key is (x imaginary, x real, y imaginary, y real), as drand publishes it.
"""

from __future__ import annotations

from typing import Any

from py_ecc import optimized_bn128 as bn

from keifu.keys import keccak256

__all__ = [
    "ORDER",
    "Key",
    "P",
    "Point",
    "candidate",
    "hash_to_curve",
    "map_to_curve",
    "public_key",
    "round_message",
    "sign",
]

P: int = bn.field_modulus
ORDER: int = bn.curve_order
TAG = b"BLS_SIG_BN254G1_XMD:KECCAK-256_SVDW_RO_NUL_"
HASH_BLOCK = 136  # bytes: the rate of keccak256
ELEMENT = 48  # bytes for an element of the field: 128 bits more than it has

Point = tuple[int, int]
Key = tuple[int, int, int, int]


def round_message(number: int) -> bytes:
    """What drand signs for a round in its unchained schemes for the EVM."""
    return keccak256(number.to_bytes(8, "big"))


def public_key(secret: int) -> Key:
    x, y = bn.normalize(bn.multiply(bn.G2, secret))
    return int(x.coeffs[1]), int(x.coeffs[0]), int(y.coeffs[1]), int(y.coeffs[0])


def sign(secret: int, message: bytes) -> Point:
    return _affine(bn.multiply(_projective(hash_to_curve(message)), secret))


def hash_to_curve(message: bytes) -> Point:
    """RFC 9380, 3: hash_to_curve. The curve has no cofactor to clear."""
    uniform = _expand(message, 2 * ELEMENT)
    first, second = (int.from_bytes(part, "big") % P for part in (uniform[:ELEMENT], uniform[ELEMENT:]))
    return _affine(bn.add(_projective(map_to_curve(first)), _projective(map_to_curve(second))))


def _expand(message: bytes, length: int) -> bytes:
    """RFC 9380, 5.3.1: expand_message_xmd."""
    tag = TAG + len(TAG).to_bytes(1, "big")
    zero = keccak256(bytes(HASH_BLOCK) + message + length.to_bytes(2, "big") + b"\0" + tag)
    block, uniform = bytes(32), b""
    for number in range(1, length // 32 + 1):
        mixed = bytes(a ^ b for a, b in zip(zero, block, strict=True))
        block = keccak256(mixed + number.to_bytes(1, "big") + tag)
        uniform += block
    return uniform


def map_to_curve(u: int) -> Point:
    """RFC 9380, 6.6.1 as it is defined, with Z = 1, A = 0, B = 3; inverses of zero are zero."""
    x = _candidates(u)[candidate(u)]
    y = _even_root(_g(x))
    return x, y if y % 2 == u % 2 else P - y


def candidate(u: int) -> int:
    """Which of the three candidates is the first that is the x of a point: 0, 1 or 2."""
    return next(number for number, x in enumerate(_candidates(u)) if _is_square(_g(x)))


def _candidates(u: int) -> tuple[int, int, int]:
    z = 1
    first = u * u * _g(z) % P
    second, first = (1 + first) % P, (1 - first) % P
    third = _inverse(first * second)
    fourth = _even_root(-_g(z) * 3 * z * z)
    fifth = u * first * third * fourth % P
    sixth = -4 * _g(z) * _inverse(3 * z * z) % P
    half = -z * _inverse(2) % P
    return (half - fifth) % P, (half + fifth) % P, (z + sixth * (second * second * third) ** 2) % P


def _g(x: int) -> int:
    return (x * x * x + 3) % P


def _inverse(value: int) -> int:
    return pow(value, -1, P) if value % P else 0


def _is_square(value: int) -> bool:
    return pow(value, (P - 1) // 2, P) in (0, 1)


def _even_root(value: int) -> int:
    root = pow(value, (P + 1) // 4, P)
    return root if root % 2 == 0 else P - root


def _projective(point: Point) -> Any:
    return bn.FQ(point[0]), bn.FQ(point[1]), bn.FQ(1)


def _affine(point: Any) -> Point:
    x, y = bn.normalize(point)
    return int(x), int(y)
