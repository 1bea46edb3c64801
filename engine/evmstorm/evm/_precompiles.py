"""The precompiled contracts that the native machine asks Python for, and remembers, for they are functions: pairings
and KZG proofs by revm, BLS12-381 by py-evm, signatures on P-256 by the formula."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import pyrevm

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm.machine import GAS_LIMIT, intrinsic_gas

__all__ = ["precompile"]

REMEMBERED = 1 << 14
FIRST_BLS, LAST_BLS, P256 = 0x0B, 0x11, 0x100
P256_GAS, P256_INPUT, WORD = 6_900, 160, 32

PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
GENERATOR = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

Point = tuple[int, int] | None  # None is the point at infinity


@lru_cache(maxsize=REMEMBERED)
def precompile(number: int, data: bytes) -> tuple[bytes, int] | None:
    """(output, gas) of precompile `number`, or None when it fails."""
    if number == P256:
        return _verified(data), P256_GAS
    return _bls(number, data) if FIRST_BLS <= number <= LAST_BLS else _by_revm(number, data)


@cache
def _revm() -> pyrevm.EVM:
    return pyrevm.EVM(spec_id="CANCUN", gas_limit=GAS_LIMIT)


def _by_revm(number: int, data: bytes) -> tuple[bytes, int] | None:
    evm = _revm()
    try:
        output: bytes = evm.message_call(ZERO_ADDRESS, f"0x{number:040x}", data)
    except RuntimeError:
        return None
    assert evm.result is not None
    return output, evm.result.gas_used - intrinsic_gas(data)


class _Computation:
    """As much of py-evm's computation as a precompile uses."""

    def __init__(self, data: bytes) -> None:
        self.msg = self
        self.data = data
        self.gas = 0
        self.output = b""

    def consume_gas(self, gas: int, reason: str) -> None:
        del reason
        self.gas += gas


@cache
def _functions() -> dict[int, Callable[[Any], Any]]:
    from eth.vm.forks.prague.computation import PRAGUE_PRECOMPILES  # noqa: PLC0415 - a second to import

    return {int.from_bytes(address, "big"): function for address, function in PRAGUE_PRECOMPILES.items()}


def _bls(number: int, data: bytes) -> tuple[bytes, int] | None:
    from eth.exceptions import VMError  # noqa: PLC0415
    from eth_utils.exceptions import ValidationError  # noqa: PLC0415

    computation = _Computation(data)
    try:
        _functions()[number](computation)
    except (VMError, ValidationError, ValueError):
        return None
    return computation.output, computation.gas


def _verified(data: bytes) -> bytes:
    """A word of one for a signature that is right, else nothing."""
    if len(data) != P256_INPUT:
        return b""
    digest, r, s, x, y = (int.from_bytes(data[at : at + WORD], "big") for at in range(0, P256_INPUT, WORD))
    if not (0 < r < ORDER and 0 < s < ORDER and x < PRIME and y < PRIME):
        return b""
    if (y * y - x**3 + 3 * x - B) % PRIME:
        return b""
    inverse = pow(s, -1, ORDER)
    point = _sum(_times(digest * inverse % ORDER, GENERATOR), _times(r * inverse % ORDER, (x, y)))
    return (1).to_bytes(WORD, "big") if point and point[0] % ORDER == r else b""


def _sum(a: Point, b: Point) -> Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % PRIME == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, PRIME)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, PRIME)
    x = (slope * slope - a[0] - b[0]) % PRIME
    return x, (slope * (a[0] - x) - a[1]) % PRIME


def _times(factor: int, point: Point) -> Point:
    found: Point = None
    for bit in bin(factor)[2:]:
        found = _sum(found, found)
        if bit == "1":
            found = _sum(found, point)
    return found
