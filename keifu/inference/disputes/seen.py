"""What a challenger has seen of a provider's trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Seen"]


@dataclass
class Seen:
    """Roots of positions with the reply, the rest in a dispute."""

    positions: Sequence[bytes]
    boundaries: Sequence[bytes] = ()  # of the groups at the position
    roots: Sequence[bytes] = ()  # of the record's tensors
    committed: Sequence[bytes] = ()  # of which the group's boundary is made
    nodes: Sequence[bytes] = ()
    part: int = 0  # of the chunks that were shown
    chunks: bytes = b""
    count: int = 0  # of the tensor's chunks, as the provider says
    sums: bytes = b""

    def take(self, name: str, args: Sequence[Any], part: int) -> None:
        """What an answer shows: its call's name, the arguments behind the turn, and which part was asked for."""
        match name:
            case "show_groups":
                (self.boundaries,) = args
            case "show_record":
                self.roots, self.committed = args
            case "show_nodes":
                self.count, self.nodes, _ = args
            case "show_chunks":
                self.count, self.chunks, _ = args
                self.part = part
            case "show_sums":
                (self.sums,) = args
