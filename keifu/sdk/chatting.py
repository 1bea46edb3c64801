"""Chats that are paid for and compared, and computed again where the account's owner has the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from keifu.compute.client.units import USUAL_OUTPUT
from keifu.compute.events import documents_of
from keifu.errors import CheckFailed
from keifu.provenance.verify import Finding
from keifu.sdk.link import Link
from keifu.sdk.paying import Asked, asking
from keifu.sdk.recomputing import computed_again

__all__ = ["Reply", "chat", "texts_of"]

CHAT = "/v1/chat/completions"


@dataclass(frozen=True)
class Reply:
    """A reply that holds. `evidence` is the word under which it may be shown; `is_recomputed` says that this machine
    has computed all of it again. `findings` are all checks."""

    text: str
    evidence: str
    is_recomputed: bool
    fee: int
    units_in: int
    units_out: int
    findings: tuple[Finding, ...]
    receipt: str  # as it came, for `keifu verify-reply` and the market


def chat(
    link: Link,
    model: str,
    messages: str | Sequence[Mapping[str, str]],
    to: Asked,
    on_text: Callable[[str], object] | None,
    integers: str | Path | None,
    options: Mapping[str, Any],
) -> Reply:
    """See `Keifu.chat`."""
    given = [{"role": "user", "content": messages}] if isinstance(messages, str) else [dict(item) for item in messages]
    asked = {"model": model, "messages": given, "max_tokens": USUAL_OUTPUT, **options, "stream": True}
    parts: list[str] = []
    with asking(link, to) as (client, where), client.stream(where, CHAT, asked) as stream:
        for part in stream:
            for text in texts_of(part):
                parts.append(text)
                if on_text is not None:
                    on_text(text)
        answer = stream.answer
    found = answer.findings + (computed_again(integers, answer) if integers else ())
    item = answer.receipt
    return Reply(
        "".join(parts), answer.evidence.word, bool(integers), item.fee, item.input_units, item.output_units,
        found, answer.receipt_text,
    )  # fmt: skip


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta = _Delta()


class _Fault(msgspec.Struct, frozen=True):
    message: str = ""


class _Event(msgspec.Struct):
    choices: list[_Choice] = []
    error: _Fault | None = None


def texts_of(part: bytes) -> list[str]:
    """Of the events alone: beside them nothing is compared. Raises CheckFailed where the stream says that the model
    failed, or is none."""
    try:
        found = [msgspec.json.decode(document, type=_Event) for document in documents_of(part)]
    except (ValueError, RecursionError) as error:
        raise CheckFailed(f"the reply is no stream of a chat: {error}", remedy="ask another provider") from error
    for event in found:
        if event.error is not None:
            raise CheckFailed(f"the reply broke off: {event.error.message}", remedy="ask again")
    return [choice.delta.content for event in found for choice in event.choices if choice.delta.content]
