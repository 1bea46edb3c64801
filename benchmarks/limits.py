"""What the machine can do at most, measured beside our hot paths in interleaved rounds."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keifu.errors import EnvironmentFault

__all__ = ["GIB", "one_core", "openssl_speed", "sha256sum"]

GIB = 2**30


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


def openssl_speed(digest: str, size: int) -> float:
    """Bytes a processor second of `openssl speed` for messages of `size` bytes.

    SHA3-256 is Keccak-256 but for a padding byte.
    """
    command = [_tool("openssl", "openssl"), "speed", "-evp", digest, "-bytes", str(size), "-seconds", "1"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(rf"^{digest}\s+([\d.]+)k", output, re.IGNORECASE | re.MULTILINE)
    if found is None:
        raise EnvironmentFault(f"openssl speed printed no figure for {digest}", remedy="install OpenSSL 3")
    return float(found[1]) * 1_000


def sha256sum(files: list[Path]) -> float:
    """Processor seconds of one `sha256sum` over the files."""
    command = [_tool("sha256sum", "coreutils"), *map(str, files)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise EnvironmentFault(f"{name} is not installed", remedy=f"sudo apt install {package}")
    return path
