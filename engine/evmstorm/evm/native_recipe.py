"""How the machine in C is compiled: for a wheel when it is built, or at its first use.

The build of the wheel reads this file by itself, before anything is installed, so it imports nothing of the package.
"""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

__all__ = ["FLAGS", "PACKAGED", "SOURCES", "command", "file_name"]

SOURCES = Path(__file__).parent / "native"
PACKAGED = Path(__file__).parent  # where a wheel has its library
FLAGS: tuple[str, ...] = ("-std=gnu11", "-O2", "-fno-strict-aliasing", "-fPIC", "-shared", "-Wall", "-Wextra")


def file_name(sources: Path = SOURCES, flags: tuple[str, ...] = FLAGS) -> str:
    """The name says what the library was made of: one of other sources, flags or processor is never taken for it."""
    digest = hashlib.sha256(f"{platform.machine()} {flags}".encode())
    for source in sorted(sources.glob("*.[ch]")):
        digest.update(source.name.encode() + source.read_bytes())
    return f"machine-{digest.hexdigest()[:16]}.so"


def command(compiler: str, target: Path, sources: Path = SOURCES, flags: tuple[str, ...] = FLAGS) -> list[str]:
    return [compiler, *flags, "-o", str(target), *map(str, sorted(sources.glob("*.c")))]
