"""The distributions, built as whoever publishes them builds them, and environments that have them installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
UV = ROOT / ".cache" / "uv" / "bin" / "uv"
DISTRIBUTIONS = {"ethwire": ROOT / "packages" / "ethwire", "evmstorm": ROOT / "engine", "keifu": ROOT}
OURS = (*DISTRIBUTIONS, "_editable_impl_", "__editable__")


@pytest.fixture(scope="package")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("wheels")
    for folder in DISTRIBUTIONS.values():
        command = [UV, "build", "--wheel", "--offline", "--no-build-isolation", "--python", sys.executable, "-o", out]
        subprocess.run([*command, folder], check=True, capture_output=True)
    return {name: next(out.glob(f"{name}-*.whl")) for name in DISTRIBUTIONS}


def environment_of(folder: Path, wheels: Sequence[Path]) -> Path:
    """A virtual environment with these wheels and everything else that this one has, but what is ours."""
    venv.create(folder, symlinks=True)
    target = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    for item in Path(sysconfig.get_path("purelib")).iterdir():
        if not item.name.startswith(OURS) and item.suffix != ".pth":
            (target / item.name).symlink_to(item)
    command = [UV, "pip", "install", "--no-deps", "--offline", "--python", folder / "bin" / "python", *wheels]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def run(environment: Path, *args: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EVMSTORM"))}
    outside |= variables
    command = [environment / "bin" / args[0], *args[1:]]
    return subprocess.run(command, cwd=cwd, env=outside, capture_output=True, text=True, check=False)
