"""Waiting for what real processes do."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["until"]

POLL_SECONDS = 0.05


def until(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it comes to hold within so many seconds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True
