"""Imports without what a library takes along only because it is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["hidden"]

_MODULES: dict[str, Any] = sys.modules


@contextmanager
def hidden(name: str) -> Iterator[None]:
    """As long as this lasts there is no module of this name, unless it is imported already."""
    if name not in _MODULES:
        _MODULES[name] = None  # Python's own way to say: there is no such module
    try:
        yield
    finally:
        if _MODULES.get(name, name) is None:
            del _MODULES[name]
