"""Which logs are ours, and which blocks can hold one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keifu.chain.follower._model import Block, Event, Source
from keifu.chain.follower.bloom import bloom_mask

__all__ = ["Filter"]


class Filter:
    """Sources as a query for a node, and as tests of what it answers."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = {source.address: source for source in sources}
        self.topics = frozenset[str]()
        if all(source.topics for source in sources):
            self.topics = frozenset().union(*(source.topics for source in sources))
        self._masks = [mask for source in sources for mask in _masks(source)]

    @property
    def addresses(self) -> list[str]:
        return sorted(self._sources)

    def query(self, first: int, last: int) -> dict[str, Any]:
        """For eth_getLogs."""
        wanted: dict[str, Any] = {"address": self.addresses, "fromBlock": hex(first), "toBlock": hex(last)}
        return wanted | ({"topics": [sorted(self.topics)]} if self.topics else {})

    def announced(self, block: Block) -> bool:
        """Whether the block's filter allows a log of ours. It never misses one, and is sometimes wrong."""
        bloom = block.bloom
        for mask in self._masks:  # noqa: SIM110 - asked for every block: any() over a generator takes twice as long
            if bloom & mask == mask:
                return True
        return False

    def admits(self, event: Event) -> bool:
        """Whether the log is one of ours. Raises ValueError when a node that answers the query cannot give it."""
        source = self._sources.get(event.address)
        first = event.topics[0] if event.topics else ""
        if source is None or (self.topics and first not in self.topics):
            raise ValueError("nobody asked for it")
        return not source.topics or first in source.topics

    def wants(self, event: Event) -> bool:
        """Whether any log, in a node's own style, is one of ours."""
        source = self._sources.get(event.address) or self._sources.get(event.address.lower())
        if source is None:
            return False
        return not source.topics or bool(event.topics and event.topics[0].lower() in source.topics)


def _masks(source: Source) -> list[int]:
    address = bloom_mask(source.address)
    return [address | bloom_mask(topic) for topic in sorted(source.topics)] or [address]
