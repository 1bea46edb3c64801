"""Which answers are read past the disk's cache.

What nobody read lately goes past it: to fill fresh pages costs more of a processor than all else of an answer. What is
asked for again goes through the cache, stays there, and is sent from there.
"""

from __future__ import annotations

import threading

__all__ = ["Lately"]

REMEMBERED = 4_096  # answers
LARGEST_BYTES = 16 << 20  # in memory at a time: peers that read slowly get the others through the cache


class Lately:
    """Calls come from the event loop, but for `give_back`."""

    def __init__(self) -> None:
        self._asked: dict[bytes, None] = {}  # the oldest first
        self._bytes = 0
        self._lock = threading.RLock()  # once more by the same thread, when memory is freed in the middle

    def takes(self, name: bytes, size: int) -> bool:
        """Whether an answer of this name is read past the cache: then it has memory until that is given back."""
        is_new = name not in self._asked
        self._asked.pop(name, None)
        self._asked[name] = None
        if len(self._asked) > REMEMBERED:
            del self._asked[next(iter(self._asked))]
        with self._lock:
            if not is_new or self._bytes + size > LARGEST_BYTES:
                return False
            self._bytes += size
        return True

    def give_back(self, size: int) -> None:
        with self._lock:
            self._bytes -= size
