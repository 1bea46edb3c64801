"""From nothing to a known bug in a released contract: the engine's wheel, an empty environment, no compiler."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks._installed import Installed, gather
from keifu.errors import CheckFailed

__all__ = ["seconds"]

EXAMPLE, DESCRIPTION, FINDING = "consecutive", "consecutive/tickets.py", "ERC721-1"


def seconds() -> float:
    """The wheels lie in a folder before the clock starts; what is timed is what a person waits for."""
    gather()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.monotonic()
        installed = Installed(folder)
        installed.run(folder, "evmstorm", "example", EXAMPLE)
        found = installed.run(folder, "evmstorm", "fuzz", DESCRIPTION)
        spent = time.monotonic() - began
    if found.returncode != 1 or FINDING not in found.stdout:
        raise CheckFailed(f"the known bug was not found: {(found.stdout + found.stderr).strip()[-300:]}")
    return spent
