"""What a node counts of the segments that come and go."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.registry import Collector

from keifu.node.metrics import Metrics
from keifu.storage.layout import SEGMENT_BYTES

__all__ = ["Counts"]


class Counts(Collector):
    """Series of /metrics. Each label's own counter is looked up once. What is sent is added up by the event loop alone,
    and counted when somebody asks: a counter's lock and checks cost an answer more than its own lookup."""

    def __init__(self, metrics: Metrics) -> None:
        self._segments = self._bytes = 0  # that were sent
        self._counted = 0, 0  # of these
        self._lock = threading.Lock()
        metrics.registry.register(self)  # before the counters, which are read after it
        segments = metrics.counter("storage_segments", "Segments, by where they went.", "way")
        sizes = metrics.counter("storage_bytes", "Bytes of segments, by where they went.", "way")
        self._sent, self._sent_bytes = segments.labels("sent"), sizes.labels("sent")
        self._kept, self._kept_bytes = segments.labels("kept"), sizes.labels("kept")
        self._again, self._again_bytes = segments.labels("again"), sizes.labels("again")
        self._refused = metrics.refused
        self._sealed = metrics.counter("storage_shards", "Shards that were sealed.")

    def sent(self, count: int, size: int) -> None:
        self._segments += count
        self._bytes += size

    def collect(self) -> Iterable[Metric]:
        """No series of its own: what was sent since the last time goes to its counters."""
        with self._lock:
            (segments, size), self._counted = self._counted, (self._segments, self._bytes)
            self._sent.inc(self._counted[0] - segments)
            self._sent_bytes.inc(self._counted[1] - size)
        return ()

    def kept(self, new: int, size: int) -> None:
        """Segments of so many bytes were acknowledged; those that were there already came again."""
        self._kept.inc(-(-new // SEGMENT_BYTES))
        self._kept_bytes.inc(new)
        self._again.inc(-(-(size - new) // SEGMENT_BYTES))
        self._again_bytes.inc(size - new)

    def sealed(self) -> None:
        self._sealed.inc()

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()
