"""What the machine can do at most, measured beside our hot paths in interleaved rounds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks._rows import seconds
from keifu.errors import EnvironmentFault

__all__ = ["GIB", "one_core", "openssl_sha3", "sha256sum"]

GIB = 2**30
LEAF_BYTES = 256
_SPEED = re.compile(r"^sha3-256\s+([\d.]+)k", re.IGNORECASE | re.MULTILINE)


@contextmanager
def one_core() -> Iterator[None]:
    """This process, and those that it starts, keep to one core inside."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def openssl_sha3() -> float:
    """Bytes a second of `openssl speed` for SHA3-256 of 256-byte messages: the same permutation as Keccak-256."""
    command = [_tool("openssl", "openssl"), "speed", "-evp", "sha3-256", "-bytes", str(LEAF_BYTES), "-seconds", "1"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if (found := _SPEED.search(output)) is None:
        raise EnvironmentFault("openssl speed printed no figure for sha3-256", remedy="install OpenSSL 3")
    return float(found[1]) * 1_000


def sha256sum(files: list[Path]) -> float:
    """Seconds of one `sha256sum` over the files."""
    command = [_tool("sha256sum", "coreutils"), *map(str, files)]
    return seconds(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))


def _tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise EnvironmentFault(f"{name} is not installed", remedy=f"sudo apt install {package}")
    return path
