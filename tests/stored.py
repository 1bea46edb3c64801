"""A storage node in this process: a store behind a server, in an event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop

from keifu.compute.http import Limits, Server
from keifu.node.metrics import Metrics
from keifu.node.storage.counts import Counts
from keifu.node.storage.service import HTTP_LIMITS, Service
from keifu.node.web import Background
from keifu.storage.store import Store

__all__ = ["Node", "serving"]


class Node:
    def __init__(self, server: Server, metrics: Metrics, service: Service) -> None:
        self.server, self.metrics, self.service = server, metrics, service

    @property
    def url(self) -> str:
        return self.server.url

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"keifu_node_{name}_total", labels) or 0.0


@contextmanager
def serving(
    store: Store,
    limits: Limits = HTTP_LIMITS,
    loop: asyncio.AbstractEventLoop | None = None,
    kind: type[Service] = Service,
) -> Iterator[Node]:
    metrics = Metrics("storage", "0", 0)
    counts = Counts(metrics)
    service = kind(store, counts)
    background = Background(loop or uvloop.new_event_loop())
    server = Server(service.handle, host="127.0.0.1", port=0, limits=limits, refused=counts.refused)
    background.submit(server.start()).result()
    try:
        yield Node(server, metrics, service)
    finally:
        background.submit(server.stop()).result()
        service.close()
        background.close()
