"""The precompiled contracts of the native machine: revm's, asked by address, and remembered, for they are functions."""

from __future__ import annotations

from functools import cache, lru_cache

import pyrevm

from keifu.evm.machine import GAS_LIMIT

__all__ = ["precompile"]

NOBODY = "0x" + "00" * 20
INTRINSIC, ZERO_BYTE, BYTE = 21_000, 4, 16  # gas of a transaction and of its data
REMEMBERED = 1 << 14


@cache
def _revm() -> pyrevm.EVM:
    return pyrevm.EVM(spec_id="CANCUN", gas_limit=GAS_LIMIT)


@lru_cache(maxsize=REMEMBERED)
def precompile(number: int, data: bytes) -> tuple[bytes, int] | None:
    """(output, gas) of precompile `number`, or None when it fails."""
    evm = _revm()
    try:
        output: bytes = evm.message_call(NOBODY, f"0x{number:040x}", data)
    except RuntimeError:
        return None
    assert evm.result is not None
    zeros = data.count(0)
    return output, evm.result.gas_used - INTRINSIC - ZERO_BYTE * zeros - BYTE * (len(data) - zeros)
