"""What a challenger has seen of a provider's trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
