"""A port for a server that somebody else starts."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["reserved_port"]


@contextmanager
def reserved_port() -> Iterator[int]:
    """A free port of this machine for a server that a child process starts. On Linux it stays reserved until the block
    ends. Servers set SO_REUSEADDR and may listen on it; the kernel gives it to no other socket. macOS would keep the
    server out as well, so there the port is only free at the moment when it is chosen."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()
        yield port
