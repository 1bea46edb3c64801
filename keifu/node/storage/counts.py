"""What a node counts of the segments that come and go."""

from __future__ import annotations

from keifu.node.metrics import Metrics
from keifu.storage.layout import SEGMENT_BYTES

__all__ = ["Counts"]


class Counts:
    """Series of /metrics. Each label's own counter is looked up once."""

    def __init__(self, metrics: Metrics) -> None:
        segments = metrics.counter("storage_segments", "Segments, by where they went.", "way")
        sizes = metrics.counter("storage_bytes", "Bytes of segments, by where they went.", "way")
        self._sent, self._sent_bytes = segments.labels("sent"), sizes.labels("sent")
        self._kept, self._kept_bytes = segments.labels("kept"), sizes.labels("kept")
        self._again, self._again_bytes = segments.labels("again"), sizes.labels("again")
        self._refused = metrics.refused
        self._sealed = metrics.counter("storage_shards", "Shards that were sealed.")

    def sent(self, count: int, size: int) -> None:
        self._sent.inc(count)
        self._sent_bytes.inc(size)

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
