"""A network of processes, as `keifu up` starts it, until a measure is taken."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keifu.errors import CheckFailed
from keifu.network.folder import NetworkFolder

__all__ = ["network"]


@contextmanager
def network(*counts: str) -> Iterator[NetworkFolder]:
    """A network that `keifu up` has started, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="keifu-network-") as parent:
        folder = NetworkFolder(Path(parent) / "network")
        named = ("--folder", str(folder.path), "--json")
        try:
            _keifu("up", *counts, *named)
            yield folder
        finally:
            if folder.is_made:
                _keifu("down", *named)


def _keifu(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "keifu", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise CheckFailed(f"keifu {words[0]}: {done.stderr.strip()}")
    return done.stdout
