"""What a challenger has seen of a provider's trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keifu.errors import CheckFailed
from keifu.inference.disputes.turns import LIST, Turn, first_other
from keifu.spec.inference_trees import boundary, position_root

__all__ = ["Seen"]

_LEAVES = 3  # of a boundary: last tensor, keys, values


@dataclass
class Seen:
    """Roots of positions with the reply, the rest in a dispute."""

    positions: Sequence[bytes]
    boundaries: Sequence[bytes] = ()  # of the groups at the position
    # Of a text's vector: what the boundaries are made of, by position and group.
    leaves: Sequence[Sequence[Sequence[bytes]]] = ()
    roots: Sequence[bytes] = ()  # of the record's tensors
    committed: Sequence[bytes] = ()  # of which the group's boundary is made
    slot: int = 0  # whose nodes and chunks were shown
    nodes: Sequence[bytes] = ()
    part: int = 0  # of the chunks that were shown
    chunks: bytes = b""
    count: int = 0  # of the tensor's chunks, as the provider says
    sums: bytes = b""

    @classmethod
    def of_vector(cls, leaves: Sequence[Sequence[Sequence[bytes]]]) -> Seen:
        """All that groups committed to, as it came with a text's vector. Raises CheckFailed for another list."""
        if not all(len(places) == len(leaves[0]) and all(len(item) == _LEAVES for item in places) for places in leaves):
            raise CheckFailed("what the model's groups committed to is not whole", remedy="ask another node")
        return cls([position_root([boundary(*item) for item in places]) for places in leaves], leaves=leaves)

    def at(self, position: int) -> None:
        """The groups there are those that are looked at."""
        self.boundaries = [boundary(*item) for item in self.leaves[position]]

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
