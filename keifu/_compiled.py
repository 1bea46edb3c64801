"""Functions that numba compiles. Whoever imports this imports numba, which takes a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from numba import njit

__all__ = ["kept", "kept_as_numpy"]

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
