"""What a node counts, in the form that Prometheus reads. A registry of its own: two nodes in one process share none."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Info, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

__all__ = ["PREFIX", "Metrics"]

PREFIX = "keifu_node"


class Metrics:
    """Counters and gauges by their names without the prefix; a kind makes its own."""

    content_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self, kind: str, version: str, chain_id: int) -> None:
        self.registry = CollectorRegistry()
        info = Info(PREFIX, "What this node is.", registry=self.registry)
        info.info({"kind": kind, "version": version, "chain": str(chain_id)})
        self.head = self.gauge("chain_head_block", "Newest block that the endpoint has shown.")
        self.steps = self.counter("steps", "Rounds of work.")
        self.failures = self.counter("rpc_failures", "Rounds that ended because no endpoint served.")
        self.refused = self.counter("http_refused", "Requests of others that were refused, by reason.", "reason")
        self.is_ready = self.gauge("ready", "1 while the node does all that its kind does.")

    def counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", what, labels, registry=self.registry)

    def gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"{PREFIX}_{name}", what, labels, registry=self.registry)

    def text(self) -> bytes:
        return generate_latest(self.registry)
