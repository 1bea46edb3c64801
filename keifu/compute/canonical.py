"""The canonical numbers of a request and its answer: whoever has the bytes computes the receipt's two roots again.

A request's numbers stand in `input`, an answer's in each `output` of `data`. What stands in one innermost list is one
leaf (`keifu.inference.tensors`), so nothing has to be known of the model. The answer of a token model, whole or
streamed, names the ids that went in and came out, and may have the roots of positions and what each group committed to.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np

from keifu.compute.events import EVENT, documents_of
from keifu.errors import UsageError
from keifu.inference import tensor_root
from keifu.inference.tokens.sampling import seed_of
from keifu.spec.inference_drawing import Drawing, committed
from keifu.spec.inference_trees import MAX_GROUPS, tree
from keifu.spec.inference_trees import tensor_root as tensor_root_of

_Id = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]

__all__ = [
    "HASH_BYTES",
    "Sampling",
    "Tokens",
    "events_of",
    "groups_at",
    "hashes_of",
    "numbers_of",
    "other_groups",
    "roots_of",
    "tokens_of",
    "tokens_root",
    "trace_of",
    "trace_root_of",
]


HASH_BYTES = 32


class _Asked(msgspec.Struct):
    input: list[Any]


class _Choice(msgspec.Struct):
    token_ids: list[_Id] = []


class _Sampling(msgspec.Struct, frozen=True):
    seed: int
    committed: str
    temperature: float
    shift: Annotated[int, msgspec.Meta(ge=0, lt=1 << 8)] = 0
    sharpness: Annotated[int, msgspec.Meta(ge=0, lt=1 << 16)] = 0


class _Extra(msgspec.Struct, frozen=True):
    positions: str = ""
    groups: str = ""
    sampling: _Sampling | None = None


class _Event(msgspec.Struct):
    prompt_token_ids: list[_Id] = []
    choices: list[_Choice] = []
    keifu: _Extra = _Extra()


class _Item(msgspec.Struct):
    output: list[int]


class _Answered(msgspec.Struct):
    data: list[_Item]


def numbers_of(request: bytes, response: bytes) -> tuple[list[int], list[list[int]]] | None:
    """All that a request gives, one after the other, and each output; None where the two are no numbers."""
    try:
        given: list[Any] = msgspec.json.decode(request, type=_Asked).input
        outputs = [item.output for item in msgspec.json.decode(response, type=_Answered).data]
        while given and isinstance(given[0], list):
            given = [item for inner in given for item in inner]
    except (ValueError, TypeError, RecursionError):
        return None
    return given, outputs


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
class Sampling:
    """By what an answer says that its tokens were drawn. `committed` is what the provider had named before."""

    nonce: int
    committed: bytes
    temperature: float
    drawing: Drawing


@dataclass(frozen=True)
class Tokens:
    """Ids that went in, and that came out. Of a reply that can be disputed, also the roots of its positions, and what
    each group committed to, position by position, where it came."""

    prompt: tuple[int, ...]
    reply: tuple[int, ...]
    positions: tuple[bytes, ...] = ()
    groups: bytes = b""
    sampling: Sampling | None = None  # None: the likeliest tokens


def tokens_of(response: bytes) -> Tokens | None:
    """None for an answer that names none."""
    try:
        found = [msgspec.json.decode(event, type=_Event) for event in events_of(response)]
    except (ValueError, RecursionError):
        return None
    prompts = [event.prompt_token_ids for event in found if event.prompt_token_ids]
    reply = [number for event in found for choice in event.choices for number in choice.token_ids]
    if len(prompts) != 1 or not reply:
        return None
    positions = hashes_of(_named([event.keifu.positions for event in found]))
    try:
        sampling = _sampling(found[0].keifu.sampling)
    except ValueError:
        return None
    groups = _named([event.keifu.groups for event in found])
    return Tokens(tuple(prompts[0]), tuple(reply), positions, groups, sampling)


def _sampling(said: _Sampling | None) -> Sampling | None:
    if said is None:
        return None
    committed = bytes.fromhex(said.committed)
    drawing = Drawing(seed_of(said.seed, committed), said.shift, said.sharpness)
    return Sampling(said.seed, committed, said.temperature, drawing)


def _named(texts: Sequence[str]) -> bytes:
    """What one event has, in base64; nothing where it is not that."""
    named = [text for text in texts if text]
    try:
        return binascii.a2b_base64(named[0], strict_mode=True) if len(named) == 1 else b""
    except ValueError:
        return b""


def hashes_of(data: bytes) -> tuple[bytes, ...]:
    """One after the other."""
    return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))


def groups_at(groups: bytes, positions: int, place: int) -> tuple[bytes, ...]:
    """What each group committed to at one of so many positions."""
    size = len(groups) // positions
    return hashes_of(groups[place * size : (place + 1) * size])


def other_groups(groups: bytes, positions: Sequence[bytes]) -> int | None:
    """The first position whose root is not made of its groups. That there are as many of them as a model has, only who
    has the model can say."""
    count, rest = divmod(len(groups), len(positions) * HASH_BYTES)
    if rest or not 0 < count <= MAX_GROUPS:
        return 0
    made = (trace_of(groups_at(groups, len(positions), place)) for place in range(len(positions)))
    return next((place for place, (own, root) in enumerate(zip(made, positions, strict=True)) if own != root), None)


def tokens_root(ids: Sequence[int]) -> bytes:
    """As one tensor of 32 bits (docs/inference-program.md)."""
    return tensor_root_of(ids, 32)


def trace_of(positions: Sequence[bytes]) -> bytes:
    """The root of a trace, from those of its positions."""
    return tree(list(positions))


def trace_root_of(positions: Sequence[bytes], drawing: Drawing | None) -> bytes:
    """What a receipt has for its trace, from the roots of positions and what its tokens are drawn by."""
    return committed(trace_of(positions), drawing)


def events_of(response: bytes) -> list[bytes]:
    """The documents of a stream, or the only one."""
    return documents_of(response) if response.startswith(EVENT) else [response]


def _root(numbers: list[Any]) -> bytes:
    values = np.array(numbers)
    narrow = values.astype(np.int16) if values.dtype == np.int64 else values
    if values.ndim < 2 or (narrow != values).any():  # noqa: PLR2004 - inputs, and their numbers
        raise UsageError("these are no numbers of 16 bits")
    return tensor_root(np.ascontiguousarray(narrow), values.shape[-1])
