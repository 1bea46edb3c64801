"""A loop of fixed work, run beside time bars: it tells a slow run from a slow machine."""

from __future__ import annotations

from benchmarks._rows import seconds
from keifu.keys import keccak256

__all__ = ["REFERENCE_SECONDS", "calibrate"]

HASHES = 400_000
REFERENCE_SECONDS = 0.6  # on the machine for which the time bars were set, at rest


def _work() -> None:
    digest = b"\0" * 32
    for number in range(HASHES):
        digest = keccak256(digest + number.to_bytes(4, "big"))


def calibrate() -> float:
    """Seconds that the fixed loop takes now."""
    return seconds(_work)
