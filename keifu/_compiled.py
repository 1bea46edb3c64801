"""Functions that numba compiles. Whoever imports this imports numba, which takes a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

__all__ = ["kept"]


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled once for all processes; for this one where nothing may be written, as in a container of another user.

    It lets other threads run, and never assumes anything about floats."""
    try:
        compiled: Callable[..., Any] = njit(cache=True, nogil=True)(function)
    except RuntimeError:
        compiled = njit(nogil=True)(function)
    return compiled
