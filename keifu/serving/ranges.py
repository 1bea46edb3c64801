"""The one range of bytes that a request asks for."""

from __future__ import annotations

import re

__all__ = ["span_of"]

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


def span_of(text: str, size: int) -> tuple[int, int] | None:
    """(start, length) of the one range that is asked for. All of it, for several or for what is no range; None for one
    that is not there."""
    found = _RANGE.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        length = min(int(found[2]), size)
        return (size - length, length) if length else None
    start, end = int(found[1]), min(int(found[2] or size - 1), size - 1)
    return (start, end - start + 1) if start <= end else None
