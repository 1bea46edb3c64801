"""The canonical numbers of a request and its answer: whoever has the bytes computes the receipt's two roots again.

A request's numbers stand in `input`, an answer's in each `output` of `data`. What stands in one innermost list is one
leaf (`keifu.inference.tensors`), so nothing has to be known of the model.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from keifu.errors import UsageError
from keifu.inference import tensor_root

__all__ = ["roots_of"]


class _Asked(msgspec.Struct):
    input: list[Any]


class _Item(msgspec.Struct):
    output: list[int]


class _Answered(msgspec.Struct):
    data: list[_Item]


def roots_of(request: bytes, response: bytes) -> tuple[bytes, bytes] | None:
    """Input root and output root; None where the two are no numbers of that form."""
    try:
        given = msgspec.json.decode(request, type=_Asked).input
        outputs = [item.output for item in msgspec.json.decode(response, type=_Answered).data]
        if given and isinstance(given[0], int):  # one input alone, without a list around it
            given = [given]
        return _root(given), _root(outputs)
    except (ValueError, OverflowError, RecursionError, UsageError):
        return None


def _root(numbers: list[Any]) -> bytes:
    values = np.array(numbers)
    narrow = values.astype(np.int16) if values.dtype == np.int64 else values
    if values.ndim < 2 or (narrow != values).any():  # noqa: PLR2004 - inputs, and their numbers
        raise UsageError("these are no numbers of 16 bits")
    return tensor_root(np.ascontiguousarray(narrow), values.shape[-1])
