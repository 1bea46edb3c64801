"""A proxy that runs in a thread of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from keifu.compute.client.client import ComputeClient
from keifu.compute.proxy import Proxy

__all__ = ["running"]


@contextmanager
def running(client: ComputeClient, asked: Any, **how: Any) -> Iterator[str]:
    """The address of one that asks by this client."""
    proxy, over = Proxy(client, asked, host="127.0.0.1", port=0, **how), threading.Event()
    thread = threading.Thread(target=proxy.run, args=(over.is_set,))
    thread.start()
    try:
        yield proxy.url
    finally:
        over.set()
        thread.join()
