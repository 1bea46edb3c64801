"""From nothing to a known bug in a released contract: the engine's wheel, an empty environment, no compiler."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from keifu.errors import CheckFailed

__all__ = ["seconds"]

ROOT = Path(__file__).parents[1]
UV = ROOT / ".cache" / "uv" / "bin" / "uv"
WHEELS = ROOT / ".cache" / "wheelhouse"
EXAMPLE, DESCRIPTION, FINDING = "consecutive", "consecutive/tickets.py", "ERC721-1"


def seconds() -> float:
    """The wheels lie in a folder before the clock starts; what is timed is what a person waits for."""
    _gather()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tools = folder / "environment" / "bin"
        outside = {"PATH": str(tools), "HOME": name, "CC": "no-such-compiler"}

        def run(*command: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(command, cwd=folder, env=outside, capture_output=True, text=True, check=False)

        began = time.monotonic()
        venv.create(folder / "environment", with_pip=True)
        done = run(f"{tools}/pip", "install", "--quiet", "--no-index", "--find-links", str(WHEELS), "evmstorm")
        if done.returncode:
            raise CheckFailed(f"the wheel cannot be installed: {done.stderr.strip()[-300:]}")
        run(f"{tools}/evmstorm", "example", EXAMPLE)
        found = run(f"{tools}/evmstorm", "fuzz", DESCRIPTION)
        spent = time.monotonic() - began
    if found.returncode != 1 or FINDING not in found.stdout:
        raise CheckFailed(f"the known bug was not found: {(found.stdout + found.stderr).strip()[-300:]}")
    return spent


def _gather() -> None:
    """Our two wheels built anew, and those of others, which are fetched once."""
    WHEELS.mkdir(parents=True, exist_ok=True)
    for old in [*WHEELS.glob("evmstorm-*"), *WHEELS.glob("ethwire-*")]:
        old.unlink()
    for package in (ROOT / "packages" / "ethwire", ROOT / "engine"):
        build = [str(UV), "build", "--wheel", "--no-build-isolation", "--python", sys.executable, "-o", str(WHEELS)]
        subprocess.run([*build, str(package)], check=True, capture_output=True)
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", str(WHEELS)]
    subprocess.run([*fetch, "--find-links", str(WHEELS), "evmstorm"], check=True, capture_output=True)
