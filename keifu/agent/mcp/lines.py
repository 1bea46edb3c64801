"""The protocol over standard input and output: a message a line. Nothing else is written there."""

from __future__ import annotations

from typing import BinaryIO

from keifu.agent.mcp.messages import LARGEST, Protocol

__all__ = ["serve_lines"]


def serve_lines(protocol: Protocol, source: BinaryIO, target: BinaryIO) -> None:
    """Answer until the client closes its side. A line that is too long is refused whole, and not kept."""
    while line := source.readline(LARGEST + 2):
        whole = line
        while not line.endswith(b"\n") and len(line) == LARGEST + 2:
            line = source.readline(LARGEST + 2)  # the rest of a line that is too long
        if not whole.strip():
            continue
        answer = protocol.answer(whole.strip())
        if answer.body:
            target.write(answer.body + b"\n")
            target.flush()
