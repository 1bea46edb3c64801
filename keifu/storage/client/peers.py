"""Providers' nodes as a client of the market asks them: uploads and segments, and what a deal needs beside them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from keifu.errors import KeifuError
from keifu.storage.client.ledger import Holder, Ledger
from keifu.storage.client.offers import Offer
from keifu.storage.deals import Placed
from keifu.storage.nodes import NodeClient, Paying
from keifu.storage.provider.messages import Leaf

__all__ = ["Peer", "Peers"]

ASK_SECONDS = 5.0  # for what a node says of itself
READ_SECONDS = 15.0  # for one segment: a slower node's shards are made from others
WRITE_SECONDS = 60.0
R = TypeVar("R")


class Peer:
    """One provider's node; how long answers take is noted, and what it refused last is kept."""

    def __init__(self, holder: Holder, node: NodeClient, saw: Callable[[str, int | None], None]) -> None:
        self.holder, self.url, self.node = holder, holder.url, node
        self._saw, self._asked = saw, False
        self.fault = ""

    def begin(self, upload: bytes, leaves: int) -> tuple[int, bytes | None]:
        return self._timed(lambda: self.node.begin(upload, leaves))

    def put(self, upload: bytes, number: int, data: Any, root: bytes) -> None:
        self._timed(lambda: self.node.put(upload, number, data, root))

    def seal(self, upload: bytes, root: bytes) -> None:
        self._timed(lambda: self.node.seal(upload, root))

    def segment(self, root: bytes, leaves: int, number: int) -> memoryview:
        return self._timed(lambda: self.node.segment(root, leaves, number))

    def segments(self, root: bytes, leaves: int, first: int, count: int) -> list[memoryview]:
        return self._timed(lambda: self.node.segments(root, leaves, first, count))

    def tell(
        self, deal: bytes, index: int, k: int, placed: Sequence[Placed], word: bytes, *, signs: bool = False
    ) -> tuple[str, int, bytes]:
        """Say of which deal a shard is that the node has: it accepts or signs, or says why not. See `hand_over`."""
        return self._timed(lambda: self.node.hand_over(deal, index, k, placed, word, signs=signs))

    def leaf(self, root: bytes, leaves: int, number: int) -> Leaf:
        return self._timed(lambda: self.node.leaf(root, leaves, number))

    def _timed(self, ask: Callable[[], R]) -> R:
        began = time.monotonic()
        try:
            answer = ask()
        except KeifuError as error:
            if not self.fault:
                self._saw(self.holder.provider, None)
            self.fault = str(error)
            raise
        if not self._asked:  # one a process: a put has thousands
            self._asked = True
            self._saw(self.holder.provider, round(1_000 * (time.monotonic() - began)))
        return answer


class Peers:
    """One connection pool for each address, closed together."""

    def __init__(self, ledger: Ledger | None, patience: float, payer: Paying | None = None) -> None:
        self._ledger, self._patience, self._payer = ledger, patience, payer
        self._nodes: dict[str, NodeClient] = {}
        self._lock = threading.Lock()

    def at(self, holder: Holder) -> Peer:
        return Peer(holder, self.node(holder.url), self._ledger.saw if self._ledger else lambda who, took: None)

    def about(self, offer: Offer) -> dict[str, Any]:
        """What a provider's node says of itself."""
        return self.node(offer.url).about()

    def node(self, url: str) -> NodeClient:
        with self._lock:
            if url not in self._nodes:
                self._nodes[url] = NodeClient(url, self._patience, payer=self._payer)
            return self._nodes[url]

    def close(self) -> None:
        for node in self._nodes.values():
            node.close()
