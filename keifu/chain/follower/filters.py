"""Which logs are ours, and which blocks can hold one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keifu.chain.follower._model import ANYWHERE, Block, Event, Source
from keifu.chain.follower.bloom import bloom_mask

__all__ = ["Filter"]


class Filter:
    """Sources as queries for a node, and as tests of what it answers."""

    def __init__(self, sources: Sequence[Source]) -> None:
        placed = [source for source in sources if source.address != ANYWHERE]
        self._sources = {source.address: source for source in placed}
        self._anywhere = frozenset[str]().union(*(item.topics for item in sources if item.address == ANYWHERE))
        self.topics = frozenset[str]()
        if all(source.topics for source in placed):
            self.topics = frozenset().union(*(source.topics for source in placed))
        self._anywhere_masks = [bloom_mask(topic) for topic in sorted(self._anywhere)]
        self._masks = [mask for source in placed for mask in _masks(source)] + self._anywhere_masks

    @property
    def addresses(self) -> list[str]:
        return sorted(self._sources)

    def query(self, first: int, last: int) -> dict[str, Any] | None:
        """For eth_getLogs, of the contracts that are known; None without any."""
        if not self._sources:
            return None
        wanted: dict[str, Any] = {"address": self.addresses, "fromBlock": hex(first), "toBlock": hex(last)}
        return wanted | ({"topics": [sorted(self.topics)]} if self.topics else {})

    def query_anywhere(self, first: int, last: int) -> dict[str, Any]:
        """The same of topics that any contract may log."""
        return {"topics": [sorted(self._anywhere)], "fromBlock": hex(first), "toBlock": hex(last)}

    def announced_anywhere(self, block: Block) -> bool:
        """Whether the block's filter allows a log of those."""
        return any(block.bloom & mask == mask for mask in self._anywhere_masks)

    def is_known(self, event: Event) -> bool:
        """Whether the other query gives it."""
        return event.address.lower() in self._sources

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
        if source is None and first in self._anywhere:
            return True
        if source is None or (self.topics and first not in self.topics):
            raise ValueError("nobody asked for it")
        return not source.topics or first in source.topics

    def wants(self, event: Event) -> bool:
        """Whether any log, in a node's own style, is one of ours."""
        source = self._sources.get(event.address) or self._sources.get(event.address.lower())
        first = event.topics[0].lower() if event.topics else ""
        if source is None:
            return first in self._anywhere
        return not source.topics or first in source.topics


def _masks(source: Source) -> list[int]:
    address = bloom_mask(source.address)
    return [address | bloom_mask(topic) for topic in sorted(source.topics)] or [address]
