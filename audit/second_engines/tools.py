"""Tools that cannot live beside the project's packages: each in an environment of its own, from a lock of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from keifu.errors import EnvironmentFault

__all__ = ["tool_environment"]

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".cache" / "tools"
UV = ROOT / ".cache" / "uv" / "bin" / "uv"


def tool_environment(name: str, lock: Path) -> Path:
    """The folder of programs of the environment `name`, made when it is missing or its lock has changed.

    Raises EnvironmentFault when it cannot be installed.
    """
    folder = TOOLS / name
    stamp = folder / "lock"
    if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
        env = os.environ | {"UV_NATIVE_TLS": "1"}
        python = str(folder / "bin" / "python")
        for command in (
            [str(UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
            [str(UV), "pip", "sync", "--quiet", "--python", python, "--require-hashes", str(lock)],
        ):
            try:
                done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
            except OSError as error:
                raise EnvironmentFault(f"there is no {UV}", remedy="make setup, then again") from error
            if done.returncode:
                raise EnvironmentFault(
                    f"{name} does not install: {done.stderr[-400:]}", remedy="make setup, then again"
                )
        stamp.write_bytes(lock.read_bytes())
    return folder / "bin"
