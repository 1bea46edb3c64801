"""What carries a request to a node and brings its answer."""

from __future__ import annotations

from typing import NamedTuple, Protocol

__all__ = ["CONNECT_SECONDS", "Answer", "BrokenOff", "Transport"]

CONNECT_SECONDS = 30.0


class Answer(NamedTuple):
    """Of HTTP, as far as JSON-RPC needs it."""

    status: int
    retry_after: str  # the header; empty where there is none
    body: bytes


class BrokenOff(Exception):
    """No whole answer came; the message says what was seen. Rpc makes it its own error."""


class Transport(Protocol):
    """To one node."""

    def post(self, content: bytes, seconds: float) -> Answer:
        """One request and its answer; `seconds` may be infinite. Raises BrokenOff."""

    def close(self) -> None:
        """Leave no socket open."""
