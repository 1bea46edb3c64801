"""Bytes that compiled functions move, without a check at each of them. Whoever imports this imports numba."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["move"]

_copy: Any = cgutils.raw_memcpy  # numba's own code has no types


def _move(_: Any, out: Any, at: Any, data: Any, first: Any, count: Any) -> Any:  # noqa: ARG001 - types go by the names of arguments
    """So many bytes of `data` from `first` on go into another array from `at` on. Both are contiguous and have them:
    nothing is checked. Where the compiler knows how many, they are a few moves."""

    def code(context: Any, b: Any, signature: Any, values: Any) -> Any:
        target, source = (
            b.gep(context.make_array(signature.args[place])(context, b, values[place]).data, [values[place + 1]])
            for place in (0, 2)
        )
        _copy(b, target, source, values[4], 1)
        return context.get_dummy_value()

    return types.void(out, types.intp, data, types.intp, types.intp), code


move: Any = intrinsic(_move)
