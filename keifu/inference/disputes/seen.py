"""What a challenger has seen of a provider's trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keifu.inference.disputes.turns import LIST, Turn, first_other

__all__ = ["Seen"]


@dataclass
class Seen:
    """Roots of positions with the reply, the rest in a dispute."""

    positions: Sequence[bytes]
    boundaries: Sequence[bytes] = ()  # of the groups at the position
    roots: Sequence[bytes] = ()  # of the record's tensors
    committed: Sequence[bytes] = ()  # of which the group's boundary is made
    slot: int = 0  # whose nodes and chunks were shown
    nodes: Sequence[bytes] = ()
    part: int = 0  # of the chunks that were shown
    chunks: bytes = b""
    count: int = 0  # of the tensor's chunks, as the provider says
    sums: bytes = b""

    def take(self, name: str, args: Sequence[Any], turn: Turn) -> None:
        """What an answer to a turn shows: its call's name, and the arguments behind the turn."""
        match name:
            case "show_groups":
                (self.boundaries,) = args
            case "show_record":
                self.roots, self.committed, _, count, data = args
                if slot := first_other(self.roots, turn.marks):
                    self._tensor(slot, count)
                    self._take(data)
            case "show_nodes":
                self._tensor(turn.slot, args[0])
                self.nodes = args[1]
            case "show_chunks":
                self._tensor(turn.slot, args[0])
                self.part, self.chunks = turn.part, args[1]
            case "show_sums":
                self.sums = turn.whole_sums(args[0])

    def _tensor(self, slot: int, count: int) -> None:
        """What was shown of another one is not asked for again."""
        if slot != self.slot:
            self.slot, self.nodes, self.part, self.chunks = slot, (), 0, b""
        self.count = count

    def _take(self, data: bytes) -> None:
        """All chunks, or the nodes over them."""
        if self.count <= LIST:
            self.chunks = data
        else:
            self.nodes = [data[at : at + 32] for at in range(0, len(data), 32)]
