"""What is read next is asked of memory while something else is computed. It changes nothing but how long that takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from keifu._compiled import kept
from keifu._moves import address
from keifu._prefetch import LINE, prefetch
from keifu.inference.tokens.lanes import loop

__all__ = ["NOTHING", "ask"]

NOTHING = np.empty(0, np.uint8)


def _lines(_: Any, stream: Any, at: Any, lines: Any) -> Any:  # noqa: ARG001 - types go by the names of arguments
    """So many lines, one at least, from a byte on."""
    signature = types.void(stream, types.intp, types.intp)

    def code(context: Any, b: Any, signature: Any, values: Any) -> Any:
        stream, at, lines = values
        place = address(context, b, signature.args[0], stream, at)

        def body(number: Any, _: list[Any]) -> list[Any]:
            prefetch(b, b.gep(place, [b.mul(number, ir.Constant(number.type, LINE))]), near=False)
            return []

        loop(b, lines, [], body)
        return context.get_dummy_value()

    return signature, code


_asked: Any = intrinsic(_lines)


@kept
def ask(stream: Any, part: Any, parts: Any) -> None:
    """For one of so many equal parts of a stream."""
    lines = stream.shape[0] // (LINE * parts)
    if lines:
        _asked(stream, part * lines * LINE, lines)
