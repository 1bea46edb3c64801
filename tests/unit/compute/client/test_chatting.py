"""What a chat shows of a stream is what its checks read."""

from __future__ import annotations

import msgspec
import pytest

from keifu.compute.canonical import events_of
from keifu.errors import CheckFailed
from keifu.sdk.chatting import texts_of


def event(text: str) -> bytes:
    return b"data: " + said(text) + b"\n\n"


def said(text: str) -> bytes:
    return msgspec.json.encode({"choices": [{"delta": {"content": text}}]})


def shown(parts: list[bytes]) -> str:
    return "".join(text for part in parts for text in texts_of(part))


@pytest.mark.parametrize(
    "parts",
    [
        [event("a"), event("b") + event("c")],
        [event("a"), said("evil") + b"\n\n", event("c")],  # no event
        [event("a"), b": a comment\n\n" + event("b")],
        [event("a"), b"event: x\n" + event("b"), b"data: [DONE]\n\n"],
        [event("a"), b'data: {"choices":[{"delta":{"content":null}}]}\n\n', b'data: {"choices":[]}\n\n'],
    ],
)
def test_a_stream_shows_the_events_that_are_compared(parts):
    compared = [msgspec.json.decode(document) for document in events_of(b"".join(parts))]
    texts = [choice["delta"]["content"] or "" for document in compared for choice in document["choices"]]
    assert shown(parts) == "".join(texts)


@pytest.mark.parametrize("document", ['{"error":"x"}', '{"error":{"message":"x"}}', '{"choices":[5]}', "[]", "{"])
def test_what_is_no_reply_is_a_reason(document):
    with pytest.raises(CheckFailed):
        shown([b"data: " + document.encode() + b"\n\n"])
