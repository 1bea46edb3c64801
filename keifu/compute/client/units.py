"""What a request may use, and what an answer says that it used: OpenAI's `usage`, of a whole answer or of a stream's
last event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from keifu.compute.events import EVENT, documents_of

__all__ = ["USUAL_OUTPUT", "Usage", "question", "usage_of"]

USUAL_OUTPUT = 1_024  # units, where nobody names a limit


class _Counts(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int = 0  # embeddings have none


class _Answer(msgspec.Struct):
    usage: _Counts | None = None


@dataclass(frozen=True)
class Usage:
    """Units in and out."""

    units_in: int
    units_out: int


def question(text: str, endpoint: str = "chat/completions") -> dict[str, Any]:
    """A request about a text. It names its limit: one that the provider has to add is not the one that a TEE signs."""
    if endpoint in ("embeddings", "classify"):
        return {"input": text}
    if endpoint == "completions":
        return {"prompt": text, "max_tokens": USUAL_OUTPUT}
    return {"messages": [{"role": "user", "content": text}], "max_tokens": USUAL_OUTPUT}


def usage_of(body: bytes) -> Usage | None:
    """None where the answer names none, or is none of OpenAI's."""
    found = _counts(body)
    if found is None and EVENT in body:
        found = next((item for item in map(_counts, reversed(documents_of(body))) if item is not None), None)
    return Usage(found.prompt_tokens, found.completion_tokens) if found else None


def _counts(document: bytes) -> _Counts | None:
    try:
        return msgspec.json.decode(document, type=_Answer).usage
    except (ValueError, RecursionError):
        return None
