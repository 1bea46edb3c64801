"""What Hardhat keeps beside an artefact: input and output of the compiler, for each of its runs."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from ethwire.errors import ArtifactError
from ethwire.keys import keccak256

__all__ = ["DEBUG", "completed"]

DEBUG = ".dbg"  # Hardhat 2 has a second file for each artefact, with this at the end of its name
BUILDS = "build-info"
OWN = "project/"  # how Hardhat 3 begins the names of the project's own sources


def completed(path: Path, artifact: dict[str, Any]) -> dict[str, Any]:
    """The artefact in `path` with what the compiler said of the contract beside it: its storage layout, its source map,
    and metadata with the hash of each source. As it was for what Hardhat did not make."""
    run = _run(path, artifact)
    if not run:
        return artifact
    source = artifact.get("inputSourceName") or artifact.get("sourceName", "")
    name = artifact.get("contractName", path.stem)
    contract = run.get("output", {}).get("contracts", {}).get(source, {}).get(name, {})
    said = json.loads(contract.get("metadata") or "{}")
    settings = run.get("input", {}).get("settings", {})
    content = run.get("input", {}).get("sources", {}).get(source, {}).get("content", "")
    hashes = said.get("sources") or {source: {"keccak256": "0x" + keccak256(content.encode()).hex()}}
    metadata = {"settings": settings} | said | {"sources": {key.removeprefix(OWN): of for key, of in hashes.items()}}
    numbers = {item["id"]: key.removeprefix(OWN) for key, item in run.get("output", {}).get("sources", {}).items()}
    more = {"storageLayout": contract.get("storageLayout"), "evm": contract.get("evm"), "sourceIds": numbers}
    return more | {"metadata": metadata} | artifact


def _run(path: Path, artifact: dict[str, Any]) -> dict[str, Any]:
    """Of Hardhat 3 the artefact names it, and its output is in a file of its own; of Hardhat 2 the second file names
    the one file. Empty where there is none."""
    if isinstance(number := artifact.get("buildInfoId"), str):
        folder = next((parent / BUILDS for parent in path.parents if (parent / BUILDS).is_dir()), path.parent)
        return _read(folder / f"{number}.json") | _read(folder / f"{number}.output.json")
    debug = _read(path.with_name(f"{path.stem}{DEBUG}.json"))
    return _read(path.parent / debug["buildInfo"]) if "buildInfo" in debug else {}


def _read(path: Path) -> dict[str, Any]:
    """Empty where there is no such file. Raises ArtifactError for one that is broken."""
    return _parsed(path, path.stat().st_mtime_ns) if path.is_file() else {}


@lru_cache(maxsize=4)  # the contracts of one run share a file, which is large
def _parsed(path: Path, _mtime_ns: int) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except ValueError as error:
        raise ArtifactError(f"{path} is no JSON: {error}", remedy="npx hardhat clean, then compile again") from error
    return found if isinstance(found, dict) else {}
