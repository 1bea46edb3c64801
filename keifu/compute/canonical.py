"""The canonical numbers of a request and its answer: whoever has the bytes computes the receipt's two roots again.

A request's numbers stand in `input`, an answer's in each `output` of `data`. What stands in one innermost list is one
leaf (`keifu.inference.tensors`), so nothing has to be known of the model. The answer of a token model, whole or
streamed, names the ids that went in and came out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np

from keifu.compute.events import EVENT, documents_of
from keifu.errors import UsageError
from keifu.inference import tensor_root
from keifu.spec.inference_trees import tensor_root as tensor_root_of

_Id = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]

__all__ = ["Tokens", "events_of", "roots_of", "tokens_of", "tokens_root"]


class _Asked(msgspec.Struct):
    input: list[Any]


class _Choice(msgspec.Struct):
    token_ids: list[_Id] = []


class _Event(msgspec.Struct):
    prompt_token_ids: list[_Id] = []
    choices: list[_Choice] = []


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


@dataclass(frozen=True)
class Tokens:
    """Ids that went in, and that came out."""

    prompt: tuple[int, ...]
    reply: tuple[int, ...]


def tokens_of(response: bytes) -> Tokens | None:
    """None for an answer that names none."""
    try:
        found = [msgspec.json.decode(event, type=_Event) for event in events_of(response)]
    except (ValueError, RecursionError):
        return None
    prompts = [event.prompt_token_ids for event in found if event.prompt_token_ids]
    reply = [number for event in found for choice in event.choices for number in choice.token_ids]
    return Tokens(tuple(prompts[0]), tuple(reply)) if len(prompts) == 1 and reply else None


def tokens_root(ids: Sequence[int]) -> bytes:
    """As one tensor of 32 bits (docs/inference-program.md)."""
    return tensor_root_of(ids, 32)


def events_of(response: bytes) -> list[bytes]:
    """The documents of a stream, or the only one."""
    return documents_of(response) if response.startswith(EVENT) else [response]


def _root(numbers: list[Any]) -> bytes:
    values = np.array(numbers)
    narrow = values.astype(np.int16) if values.dtype == np.int64 else values
    if values.ndim < 2 or (narrow != values).any():  # noqa: PLR2004 - inputs, and their numbers
        raise UsageError("these are no numbers of 16 bits")
    return tensor_root(np.ascontiguousarray(narrow), values.shape[-1])
