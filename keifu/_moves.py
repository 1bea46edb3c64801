"""For compiled functions: where bytes stand, and moves of them without a check at each. Imports numba."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["address", "move"]

_copy: Any = cgutils.raw_memcpy  # numba's own code has no types


def address(context: Any, b: Any, kind: Any, array: Any, at: Any) -> Any:
    """Of an item of an array, in the code of an intrinsic."""
    return b.gep(context.make_array(kind)(context, b, array).data, [at])


def _move(_: Any, out: Any, at: Any, data: Any, first: Any, count: Any) -> Any:  # noqa: ARG001 - types go by the names of arguments
    """So many bytes of `data` from `first` on go into another array from `at` on. Both are contiguous and have them:
    nothing is checked. Where the compiler knows how many, they are a few moves."""

    def code(context: Any, b: Any, signature: Any, values: Any) -> Any:
        kinds, (out, at, data, first, count) = signature.args, values
        _copy(b, address(context, b, kinds[0], out, at), address(context, b, kinds[2], data, first), count, 1)
        return context.get_dummy_value()

    return types.void(out, types.intp, data, types.intp, types.intp), code


move: Any = intrinsic(_move)
