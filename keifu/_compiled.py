"""Functions that numba compiles. Whoever imports this imports numba, which takes a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from llvmlite import ir
from numba import njit

__all__ = ["kept", "kept_as_numpy", "prefetch"]

Function = Callable[..., Any]


def kept(function: Function) -> Function:
    """Compiled once for all processes; for this one where nothing may be written, as in a container of another user.

    It lets other threads run, and never assumes anything about floats."""
    return _compiled(function, "python")


def kept_as_numpy(function: Function) -> Function:
    """The same for a division by what is never zero: without the check, loops become vectors."""
    return _compiled(function, "numpy")


def _compiled(function: Function, error_model: Literal["python", "numpy"]) -> Function:
    try:
        compiled: Function = njit(cache=True, nogil=True, error_model=error_model)(function)
    except RuntimeError:
        compiled = njit(nogil=True, error_model=error_model)(function)
    return compiled


def prefetch(b: Any, place: Any, *, near: bool) -> None:
    """Ask for what is read soon, into the nearest cache or the one behind it; it changes nothing else."""
    word = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [place.type, word, word, word])
    call = b.module.declare_intrinsic("llvm.prefetch", (place.type,), kind)
    b.call(call, [place, *(ir.Constant(word, value) for value in (0, 3 if near else 2, 1))])
