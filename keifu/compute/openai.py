"""OpenAI's requests, read, and its answers, written. What is not of the form that an endpoint takes is refused by name.

Fields that nobody here uses are left alone: clients send more of them each year.
"""

from __future__ import annotations

import base64
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from keifu.compute.model import Call, ModelFault
from keifu.compute.products import ENDPOINT as PRODUCTS
from keifu.compute.products import Asked

__all__ = ["ENDPOINTS", "Read", "classified", "embedded", "models_body", "read_request"]

LARGEST_BATCH = 256  # items of one request
LARGEST_OUTPUT = 65_536  # units, that one answer may have
_Positive = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_OUTPUT)]
_Stop = str | Annotated[list[str], msgspec.Meta(max_length=16)] | None
_Text = str | list[Any]


class _StreamOptions(msgspec.Struct):
    include_usage: bool = False


class _Message(msgspec.Struct):
    role: str
    content: str | list[dict[str, Any]] | None = None


class _Generating(msgspec.Struct, kw_only=True):
    model: str
    max_tokens: _Positive | None = None
    max_completion_tokens: _Positive | None = None
    stream: bool | None = False
    stream_options: _StreamOptions | None = None
    stop: _Stop = None
    seed: int | None = None
    temperature: float | None = None
    n: int | None = 1


class _Chat(_Generating, kw_only=True):
    messages: Annotated[list[_Message], msgspec.Meta(min_length=1)]


class _Completion(_Generating, kw_only=True):
    prompt: _Text


class _Embedding(msgspec.Struct):
    model: str
    input: _Text
    encoding_format: str | None = "float"
    dimensions: _Positive | None = None


class _Classify(msgspec.Struct):
    model: str
    input: _Text


class Read(msgspec.Struct):
    """Which model is asked, and what."""

    model: str
    call: Call


_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "chat/completions": msgspec.json.Decoder(_Chat),
    "completions": msgspec.json.Decoder(_Completion),
    "embeddings": msgspec.json.Decoder(_Embedding),
    "classify": msgspec.json.Decoder(_Classify),
    PRODUCTS: msgspec.json.Decoder(Asked),
}
ENDPOINTS = frozenset(_DECODERS)


def read_request(endpoint: str, body: bytes, usual_output: int) -> Read:
    """Raises ModelFault for a body that is not of the endpoint's form."""
    try:
        asked = _DECODERS[endpoint].decode(body)
    except (ValueError, RecursionError) as error:
        raise ModelFault(400, "invalid_body", f"the request cannot be read: {error}") from error
    if isinstance(asked, Asked):
        return Read(asked.model, Call(endpoint, (asked,), body=body))
    if isinstance(asked, _Classify):
        return Read(asked.model, Call(endpoint, _items(asked.input), body=body))
    if isinstance(asked, _Embedding):
        if asked.encoding_format not in (None, "float", "base64"):
            raise ModelFault(400, "invalid_body", "encoding_format is float or base64")
        as_base64 = asked.encoding_format == "base64"
        call = Call(endpoint, _items(asked.input), as_base64=as_base64, dimensions=asked.dimensions, body=body)
        return Read(asked.model, call)
    return Read(asked.model, _generating(endpoint, asked, usual_output, body))


def _generating(endpoint: str, asked: Any, usual_output: int, body: bytes) -> Call:
    if asked.n not in (None, 1):
        raise ModelFault(400, "unsupported_n", "one answer a request is given: n is 1")
    stop = (asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ())
    inputs = asked.messages if endpoint == "chat/completions" else _items(asked.prompt)
    most = asked.max_completion_tokens or asked.max_tokens or usual_output
    return Call(
        endpoint, inputs, most * (1 if endpoint == "chat/completions" else len(inputs)), bool(asked.stream), stop,
        asked.seed, asked.temperature or 0.0, bool(asked.stream_options and asked.stream_options.include_usage),
        body=body,
    )  # fmt: skip


def _items(given: str | list[Any]) -> Sequence[Any]:
    """The items of a request: a text is one, a list of numbers is one, a list of either is many."""
    if isinstance(given, str):
        return (given,)
    if not given:
        raise ModelFault(400, "empty_input", "the request asks about nothing")
    if isinstance(given[0], int | float):
        return (given,)
    if len(given) > LARGEST_BATCH:
        raise ModelFault(400, "batch_too_large", f"{len(given):,} items: at most {LARGEST_BATCH} go into one request")
    return given


def classified(name: str, labels: Sequence[tuple[str, Sequence[float]]], units: tuple[int, int]) -> bytes:
    """An answer of /v1/classify: for each item the label and the scores of all. Units are those in and out."""
    data = [
        {"index": place, "label": label, "probs": probabilities, "num_classes": len(probabilities)}
        for place, (label, probabilities) in enumerate(labels)
    ]
    return msgspec.json.encode({"object": "list", "model": name, "data": data, "usage": _usage(*units)})


def embedded(
    name: str,
    vectors: Sequence[Sequence[float]],
    units: tuple[int, int],
    *,
    as_base64: bool,
    more: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """An answer of /v1/embeddings. Units are those in and out; `more` is what this server says of each vector."""
    data = [
        {"object": "embedding", "index": place, "embedding": _packed(vector) if as_base64 else vector, **beside}
        for place, (vector, beside) in enumerate(zip(vectors, more or [{}] * len(vectors), strict=True))
    ]
    return msgspec.json.encode({"object": "list", "model": name, "data": data, "usage": _usage(*units)})


def models_body(names: Sequence[tuple[str, dict[str, Any]]]) -> bytes:
    """An answer of /v1/models, with what this server adds about each."""
    data = [
        {"id": name, "object": "model", "created": int(time.time()), "owned_by": "keifu", **more}
        for name, more in names
    ]
    return msgspec.json.encode({"object": "list", "data": data})


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _usage(units_in: int, units_out: int) -> dict[str, int]:
    return {"prompt_tokens": units_in, "completion_tokens": units_out, "total_tokens": units_in + units_out}
