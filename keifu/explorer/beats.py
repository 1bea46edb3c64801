"""Heartbeats that were verified here, the newest of each operator in each environment, as one value."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from keifu.provenance import Heartbeat

__all__ = ["Beat", "Beats"]


@dataclass(frozen=True)
class Beat:
    """One heartbeat, with the line that its node signed."""

    operator: str
    said: Heartbeat
    line: str

    @property
    def environment(self) -> str:
        return "0x" + self.said.environment.hex()

    @property
    def order(self) -> tuple[int, int]:
        """By which one is newer than another."""
        return self.said.promotion_seq, self.said.time


@dataclass(frozen=True)
class Beats:
    """All of one moment, by operator and environment."""

    kept: Mapping[tuple[str, bytes], Beat] = field(default_factory=dict)
    are_asked_for: bool = False  # whether any watcher is asked

    @cached_property
    def mark(self) -> str:
        """Another one after any of them changed; "" while there are none."""
        lines = "\n".join(sorted(beat.line for beat in self.kept.values()))
        return hashlib.sha256(lines.encode()).hexdigest()[:12] if lines else ""

    def of(self, *, operator: str = "", environment: str = "") -> list[Beat]:
        """Those of an operator, of an environment, or of both; the newest first."""
        found = (
            beat
            for beat in self.kept.values()
            if operator in ("", beat.operator) and environment in ("", beat.environment)
        )
        return sorted(found, key=lambda beat: beat.order, reverse=True)
