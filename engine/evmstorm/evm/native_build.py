"""The native machine's library: the one that the wheel brings, or compiled from native/ at its first use and whenever
those sources change."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from cffi import FFI

from ethwire.errors import EnvironmentFault
from evmstorm.evm import native_recipe
from evmstorm.evm.native_recipe import PACKAGED, SOURCES

__all__ = ["library"]

INTERFACE = "api.h"
FLAGS = native_recipe.FLAGS


@cache
def library() -> tuple[FFI, Any]:
    """(cffi's interface, the library). Raises EnvironmentFault when there is no compiler or it refuses."""
    interface = FFI()
    interface.cdef((SOURCES / INTERFACE).read_text())
    return interface, interface.dlopen(str(_built()))


def _built() -> Path:
    name = native_recipe.file_name(SOURCES, FLAGS)
    if (packaged := PACKAGED / name).is_file():
        return packaged
    target = _folder() / name
    if not target.is_file():
        _compile(target)
    return target


def _folder() -> Path:
    """Beside the other caches of a checkout, or in the user's for an installed package."""
    distribution = Path(__file__).resolve().parents[2]
    if (distribution / "pyproject.toml").is_file():
        return distribution.parent / ".cache" / "machine"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evmstorm"


def _compile(target: Path) -> None:
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        raise EnvironmentFault(
            "no C compiler for the in-process EVM", remedy="sudo apt install build-essential, or --machine revm"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.partial")  # others may compile at the same time
    command = native_recipe.command(compiler, partial, SOURCES, FLAGS)
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise EnvironmentFault(f"the in-process EVM does not compile: {done.stderr.strip()[:500]}")
    partial.replace(target)
