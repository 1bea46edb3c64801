"""The precompiled contracts of the native machine: revm's, asked by address, and remembered, for they are functions."""

from __future__ import annotations

from functools import cache, lru_cache

import pyrevm

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm.machine import GAS_LIMIT, intrinsic_gas

__all__ = ["precompile"]

REMEMBERED = 1 << 14


@cache
def _revm() -> pyrevm.EVM:
    return pyrevm.EVM(spec_id="CANCUN", gas_limit=GAS_LIMIT)


@lru_cache(maxsize=REMEMBERED)
def precompile(number: int, data: bytes) -> tuple[bytes, int] | None:
    """(output, gas) of precompile `number`, or None when it fails."""
    evm = _revm()
    try:
        output: bytes = evm.message_call(ZERO_ADDRESS, f"0x{number:040x}", data)
    except RuntimeError:
        return None
    assert evm.result is not None
    return output, evm.result.gas_used - intrinsic_gas(data)
