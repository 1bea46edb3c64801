"""httpx as a library. At its first import httpx looks for its own command-line client too, whose imports (rich, click,
pygments) take longer than all the rest of it, where they are installed; here it is told that there is none.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["httpx"]

_CLIENT: Any = "httpx._main"  # what httpx imports if it can

if "httpx" not in sys.modules:
    sys.modules[_CLIENT] = None  # type: ignore[assignment]  # Python's own way to say: there is no such module
import httpx  # noqa: E402

if sys.modules.get(_CLIENT, httpx) is None:
    del sys.modules[_CLIENT]
