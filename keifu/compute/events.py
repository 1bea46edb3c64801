"""A stream's events, as OpenAI's clients read them: `data: ` and a document each, and `data: [DONE]` at the end."""

from __future__ import annotations

__all__ = ["DONE", "END", "EVENT", "LAST", "documents_of", "event_of"]

EVENT, DONE, END = b"data: ", b"[DONE]", b"\n\n"
LAST = EVENT + DONE + END


def event_of(document: bytes) -> bytes:
    """One event."""
    return EVENT + document + END


def documents_of(part: bytes) -> list[bytes]:
    """The documents of whole events, without the word that ends a stream."""
    lines = (line.removeprefix(EVENT) for line in part.splitlines() if line.startswith(EVENT))
    return [line for line in lines if line.strip() != DONE]
