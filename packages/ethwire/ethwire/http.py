"""httpx as a library. At its first import httpx looks for its own command-line client too, whose imports (rich, click,
pygments) take longer than all the rest of it, where they are installed; here it is told that there is none.
"""

from __future__ import annotations

import ssl

from ethwire.hidden import hidden

__all__ = ["certificates", "httpx"]

with hidden("httpx._main"):
    import httpx


def certificates(url: str) -> ssl.SSLContext | bool:
    """What a client of `url` alone, which follows nobody elsewhere, verifies by. This machine's certificates are read
    only where they are needed: that takes a tenth of a second."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if url.startswith("http://") else True
