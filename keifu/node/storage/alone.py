"""A storage node without a chain, for measurements and tests: it takes what comes and serves it.

    python -m keifu.node.storage.alone settings.json

Prints the address that it serves, and ends when its input is closed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec
import uvloop

from keifu import __version__
from keifu.compute.http import Server
from keifu.node.metrics import Metrics
from keifu.node.storage.counts import Counts
from keifu.node.storage.service import HTTP_LIMITS, Service
from keifu.serving import collect_seldom
from keifu.storage.store import Limits, Store

__all__ = ["Settings"]


class Settings(msgspec.Struct):
    folder: str
    host: str = "127.0.0.1"
    port: int = 0
    quota: int = 1 << 40


async def _serve(settings: Settings) -> None:
    counts = Counts(Metrics("storage", __version__, 0))
    with Store(Path(settings.folder), limits=Limits(settings.quota, settings.quota)) as store:
        service = Service(store, counts)
        server = Server(
            service.handle, host=settings.host, port=settings.port, limits=HTTP_LIMITS, refused=counts.refused
        )
        await server.start()
        collect_seldom()
        print(server.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await server.stop()
        service.close()


if __name__ == "__main__":
    uvloop.run(_serve(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Settings)))
