"""What a party says before the court, from a file."""

from __future__ import annotations

from pathlib import Path

from keifu._files import read_bounded
from keifu.errors import InputError

__all__ = ["read_evidence"]

MAXIMUM = 2_048  # bytes, as the court takes them
LARGEST_FILE = 1 << 20  # of which the size is said


def read_evidence(path: Path) -> bytes:
    """The bytes of the file. Raises InputError, before anything is sent, when the court would refuse them."""
    said = read_bounded(path, LARGEST_FILE, "evidence")
    if not 0 < len(said) <= MAXIMUM:
        raise InputError(
            f"{path} has {len(said):,} bytes, the court takes 1 to {MAXIMUM:,}",
            remedy="put the evidence somewhere public and give its digest here",
        )
    return said
