"""The native machine's library, compiled from native/ at its first use and whenever those sources change."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from cffi import FFI

from ethwire.errors import EnvironmentFault

__all__ = ["library"]

SOURCES = Path(__file__).parent / "native"
INTERFACE = "api.h"
FLAGS: tuple[str, ...] = ("-std=gnu11", "-O2", "-fno-strict-aliasing", "-fPIC", "-shared", "-Wall", "-Wextra")


@cache
def library() -> tuple[FFI, Any]:
    """(cffi's interface, the library). Raises EnvironmentFault when there is no compiler or it refuses."""
    interface = FFI()
    interface.cdef((SOURCES / INTERFACE).read_text())
    return interface, interface.dlopen(str(_built()))


def _built() -> Path:
    sources = sorted(SOURCES.glob("*.[ch]"))
    digest = hashlib.sha256(f"{platform.machine()} {FLAGS}".encode())
    for source in sources:
        digest.update(source.name.encode() + source.read_bytes())
    target = _folder() / f"machine-{digest.hexdigest()[:16]}.so"
    if not target.is_file():
        _compile([source for source in sources if source.suffix == ".c"], target)
    return target


def _folder() -> Path:
    """Beside the other caches of a checkout, or in the user's for an installed package."""
    distribution = Path(__file__).resolve().parents[2]
    if (distribution / "pyproject.toml").is_file():
        return distribution.parent / ".cache" / "machine"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evmstorm"


def _compile(sources: list[Path], target: Path) -> None:
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        raise EnvironmentFault(
            "no C compiler for the in-process EVM", remedy="sudo apt install build-essential, or --machine revm"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.partial")  # others may compile at the same time
    command = [compiler, *FLAGS, "-o", str(partial), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise EnvironmentFault(f"the in-process EVM does not compile: {done.stderr.strip()[:500]}")
    partial.replace(target)
