"""Build hook of the wheel: compiles the machine in C and puts it beside its sources.

An editable install compiles it at its first use instead: see evmstorm/evm/native_build.py.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = Path("evmstorm") / "evm"


class MachineHook(BuildHookInterface[Any]):
    """Adds the library to a wheel, and says in its name for which systems it is."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        compiler = shutil.which(os.environ.get("CC", "cc"))
        if compiler is None:
            sys.exit(
                "evmstorm: a wheel holds the machine compiled, and there is no C compiler (install one, or set CC)"
            )
        recipe = _recipe(Path(self.root) / PLACE / "native_recipe.py")
        self._folder = tempfile.mkdtemp()
        library = Path(self._folder) / recipe.file_name()
        subprocess.run(recipe.command(compiler, library), check=True)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform()}"
        build_data["force_include"][str(library)] = str(PLACE / library.name)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        del build_data, artifact_path
        if version != "editable":
            shutil.rmtree(self._folder)


def _recipe(path: Path) -> ModuleType:
    """The module alone: the package around it needs what is not there while a wheel is built."""
    spec = importlib.util.spec_from_file_location("native_recipe", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _platform() -> str:
    """The library needs libc alone: any Linux whose one is as new as this one's will do (PEP 600)."""
    name = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    library, version = platform.libc_ver()
    if name.startswith("linux_") and library == "glibc":
        return f"manylinux_{version.replace('.', '_')}_{name.removeprefix('linux_')}"
    return name
