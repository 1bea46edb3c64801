"""What a node counts of the segments that come and go."""

from __future__ import annotations

from keifu.node.metrics import Metrics

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

    def sent(self, size: int) -> None:
        self._sent.inc()
        self._sent_bytes.inc(size)

    def kept(self, size: int, *, is_new: bool) -> None:
        """A segment was acknowledged; one that was there already came again."""
        (self._kept if is_new else self._again).inc()
        (self._kept_bytes if is_new else self._again_bytes).inc(size)

    def sealed(self) -> None:
        self._sealed.inc()

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()
