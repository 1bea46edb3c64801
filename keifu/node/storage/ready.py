"""Answers that are asked for again and again, ready to be sent.

To find sixteen segments and write down their paths costs a node as much as the rest of its own work for an answer, most
of all where other processes leave the processor's caches cold.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from keifu.compute.http import Sendable

__all__ = ["Ready", "ReadyAnswers"]

REMEMBERED = 256  # answers; one of sixteen segments takes about 20 KB


class Ready(msgspec.Struct, frozen=True):
    """A whole answer but for its payment: `size` bytes in `parts`, one for each segment."""

    headers: bytes
    parts: Sequence[Sendable]
    size: int


class ReadyAnswers:
    """By their addresses. `changes` is the store's own count: what was found before it grew may be gone."""

    def __init__(self) -> None:
        self._answers: dict[bytes, Ready] = {}  # the oldest first
        self._changes = 0

    def get(self, address: bytes, changes: int) -> Ready | None:
        if changes != self._changes:
            self._answers.clear()
            self._changes = changes
        return self._answers.get(address)

    def keep(self, address: bytes, ready: Ready, changes: int) -> None:
        """What was looked for when the count was `changes`."""
        if changes != self._changes:
            return
        self._answers[address] = ready
        if len(self._answers) > REMEMBERED:
            del self._answers[next(iter(self._answers))]
