"""A line of memory that is read soon, asked for by code of LLVM's own."""

from __future__ import annotations

from typing import Any, TypeAlias

from llvmlite import ir

__all__ = ["LINE", "prefetch"]

LINE = 64  # bytes
_I32 = ir.IntType(32)
_Value: TypeAlias = Any  # llvmlite has no types of its own


def prefetch(b: Any, place: _Value, *, near: bool) -> None:
    """Into the nearest cache or the one behind it; it changes nothing else, wherever the place may be."""
    kind = ir.FunctionType(ir.VoidType(), [place.type, _I32, _I32, _I32])
    call = b.module.declare_intrinsic("llvm.prefetch", (place.type,), kind)
    b.call(call, [place, *(ir.Constant(_I32, word) for word in (0, 3 if near else 2, 1))])
