"""Where a project keeps its sources and artefacts: Foundry, Moccasin, ape and Hardhat each have files that say so."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethwire.errors import InputError

__all__ = ["CONTRACTS", "MARKERS", "Layout", "is_project", "layout", "toml"]

CONTRACTS = "contracts"
MARKERS = (
    "foundry.toml", "moccasin.toml", "ape-config.yaml", "hardhat.config.js", "hardhat.config.ts", "evmstorm.toml",
    "pyproject.toml",
)  # fmt: skip
OWN = "evmstorm.toml"
_FOLDER = re.compile(r"^contracts_folder:\s*[\"']?([^\s\"'#]+)", re.MULTILINE)


@dataclass(frozen=True)
class Layout:
    """Folders below the project's root; `build` is the command that makes artefacts of what the engine compiles not."""

    sources: tuple[str, ...] = (CONTRACTS,)
    artifacts: tuple[str, ...] = ()
    build: str = ""


def is_project(folder: Path) -> bool:
    """Whether a folder has one of the files above and what it says is there; evmstorm.toml by itself is enough."""
    if (folder / OWN).is_file():
        return True
    if not any((folder / marker).is_file() for marker in MARKERS):
        return False
    found = layout(folder)
    return any((folder / name).is_dir() for name in (*found.sources, *found.artifacts))


def layout(folder: Path) -> Layout:
    """The layout of the project in `folder`. Raises InputError for a file that is no TOML."""
    if (folder / "foundry.toml").is_file():
        profile = toml(folder / "foundry.toml").get("profile", {}).get("default", {})
        return Layout((profile.get("src", "src"),), (profile.get("out", "out"),), "forge build")
    if (folder / "moccasin.toml").is_file():
        project = toml(folder / "moccasin.toml").get("project", {})
        return Layout((project.get("src", "src"),), (project.get("out", "out"),), "mox compile")
    if (folder / "ape-config.yaml").is_file():
        named = _FOLDER.search((folder / "ape-config.yaml").read_text())
        return Layout((named[1] if named else CONTRACTS,), (".build",), "ape compile")
    if any(folder.glob("hardhat.config.?s")):
        return Layout((CONTRACTS,), ("artifacts",), "npx hardhat compile")
    return Layout()


def toml(path: Path) -> dict[str, Any]:
    """What a TOML file says, {} when it is not there; raises InputError for a file that is none."""
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is no TOML: {error}") from error
