"""The engine as others get it: its wheel, installed into an empty environment without a compiler."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from keifu.errors import CheckFailed

__all__ = ["ROOT", "Installed", "gather"]

ROOT = Path(__file__).parents[1]
UV = ROOT / ".cache" / "uv" / "bin" / "uv"
WHEELS = ROOT / ".cache" / "wheelhouse"


def gather() -> None:
    """Our two wheels built anew, and those of others, which are fetched once."""
    WHEELS.mkdir(parents=True, exist_ok=True)
    for old in [*WHEELS.glob("evmstorm-*"), *WHEELS.glob("ethwire-*")]:
        old.unlink()
    for package in (ROOT / "packages" / "ethwire", ROOT / "engine"):
        build = [str(UV), "build", "--wheel", "--no-build-isolation", "--python", sys.executable, "-o", str(WHEELS)]
        subprocess.run([*build, str(package)], check=True, capture_output=True)
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", str(WHEELS)]
    subprocess.run([*fetch, "--find-links", str(WHEELS), "evmstorm"], check=True, capture_output=True)


class Installed:
    """An environment in `folder` that holds the gathered wheels and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.tools = folder / "environment" / "bin"
        self._outside = {"PATH": str(self.tools), "HOME": str(folder), "CC": "no-such-compiler"}
        venv.create(folder / "environment", with_pip=True)
        done = self.run(folder, "pip", "install", "--quiet", "--no-index", "--find-links", str(WHEELS), "evmstorm")
        if done.returncode:
            raise CheckFailed(f"the wheel cannot be installed: {done.stderr.strip()[-300:]}")

    def run(self, folder: Path, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of its commands, in `folder`."""
        command = [str(self.tools / tool), *arguments]
        return subprocess.run(command, cwd=folder, env=self._outside, capture_output=True, text=True, check=False)
