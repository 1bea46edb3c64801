"""httpx as a library. At its first import httpx looks for its own command-line client too, whose imports (rich, click,
pygments) take longer than all the rest of it, where they are installed; here it is told that there is none.
"""

from __future__ import annotations

from ethwire.hidden import hidden

__all__ = ["httpx"]

with hidden("httpx._main"):
    import httpx
