"""Contracts that the engine did not compile: an artefact of another tool, or byte code with an ABI."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ethwire.errors import ArtifactError
from ethwire.keys import keccak256
from evmstorm.evm import hardhat, source_maps
from evmstorm.evm.artifact import Artifact
from evmstorm.evm.hardforks import CANCUN

__all__ = ["find", "metadata", "outdated", "read"]

PLACES = (  # of the creation code: Foundry, Moccasin and solc's JSON; ape (ethPM); Hardhat and Vyper; combined JSON
    ("bytecode", "object"),
    ("evm", "bytecode", "object"),
    ("deploymentBytecode", "bytecode"),
    ("bytecode",),
    ("bin",),
)
RUNTIME_PLACES = (
    ("deployedBytecode", "object"),
    ("evm", "deployedBytecode", "object"),
    ("runtimeBytecode", "bytecode"),
    ("deployedBytecode",),
    ("bytecode_runtime",),
    ("bin-runtime",),
)
NODE = "node_modules"  # where Hardhat finds what contracts import from packages
ETHPM = "contractTypes"  # ape keeps all contracts of a project in one file
SKIPPED = frozenset({"build-info", "cache", "dbg.json"})
NO_LAYOUT = 'extra_output = ["storageLayout"] in foundry.toml, or "storageLayout" in solc\'s outputSelection'


def read(path: Path, name: str = "") -> Artifact:
    """The artefact in a JSON file, or the one called `name` in ape's file of them all. Raises ArtifactError, with what
    is missing, for a file that is none."""
    found = _json(path)
    if name and isinstance(found.get(ETHPM), dict):
        found = found[ETHPM].get(name, {})
    if not isinstance(found.get("abi"), list):
        raise ArtifactError(f"{path} has no ABI", remedy="name the artefact of one contract")
    code = _code(found, PLACES)
    if not code:
        raise ArtifactError(f"{path} has no creation code", remedy="an interface or abstract contract has none")
    metadata = _metadata(found)
    try:
        creation, runtime = bytes.fromhex(code), bytes.fromhex(_code(found, RUNTIME_PLACES))
    except ValueError as error:
        raise ArtifactError(f"{path}: its libraries are not linked", remedy="link them, then compile again") from error
    layout, vyper = found.get("storageLayout"), found.get("layout")
    return Artifact(
        name=name or path.stem,
        path=path.name,
        abi=found["abi"],
        creation_code=creation,
        runtime_code=runtime,
        storage_layout=_layout(layout) if layout else (vyper or {}).get("storage_layout", {}),
        immutables_layout={},
        source_map={},
        method_identifiers={},
        sources={path.name: hashlib.sha256(creation).hexdigest()},
        compiler=str(metadata.get("compiler", {}).get("version", "unknown")),
        evm_version=_fork(metadata.get("settings", {}).get("evmVersion")),
        key_first=vyper is None,
        no_layout="" if layout or vyper else NO_LAYOUT,
        solidity=None if vyper else source_maps.read(path, found, metadata),
        blanks=source_maps.blanks(found, runtime),
    )


def find(folders: list[Path], name: str) -> list[Path]:
    """Files that hold an artefact called `name`, in the folders where compilers put them."""
    found: list[Path] = []
    for folder in folders:
        named = [path for path in folder.rglob(f"{name}.json") if not SKIPPED & set(path.parts)]
        found += sorted(named) or [path for path in folder.glob("__local__.json") if name in _json(path).get(ETHPM, {})]
    return found


def metadata(path: Path) -> dict[str, Any]:
    """What the compiler says of itself, its settings and sources; empty where the artefact holds none of it."""
    return _metadata(_json(path))


def outdated(path: Path, root: Path) -> str:
    """A source that has changed since an artefact was made of it, "" when there is none or it does not say."""
    for source, item in _metadata(_json(path)).get("sources", {}).items():
        for file in (root / source, root / NODE / source):
            if file.is_file() and "0x" + keccak256(file.read_bytes()).hex() != item.get("keccak256"):
                return str(source)
    return ""


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} is not there") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path} is no JSON: {error}", remedy="name an artefact of a compiler") from error
    return hardhat.completed(path, found) if isinstance(found, dict) else {}


def _metadata(found: dict[str, Any]) -> dict[str, Any]:
    """What solc says of a contract: as JSON, or as JSON in a string."""
    metadata = found.get("metadata") or found.get("rawMetadata")
    if isinstance(metadata, str):
        try:
            metadata = json.loads(metadata)
        except json.JSONDecodeError:
            return {}
    return metadata if isinstance(metadata, dict) else {}


def _fork(named: Any) -> str:
    """The fork that code was compiled for, if the artefact says; a description may name another one."""
    return named if isinstance(named, str) and named else CANCUN.name


def _layout(found: dict[str, Any]) -> dict[str, Any]:
    """solc's layout in the shape of Vyper's. Of a map or an array the value itself is one word."""
    variables = {}
    for item in found.get("storage", []):
        kind = found.get("types", {}).get(item["type"], {})
        size = int(kind.get("numberOfBytes", 32))
        place = {"slot": int(item["slot"]), "n_slots": -(-size // 32), "type": kind.get("label", item["type"])}
        if size < 32 and kind.get("encoding") == "inplace":  # noqa: PLR2004 - a word
            place |= {"bit": 8 * int(item["offset"]), "bits": 8 * size}
        variables[item["label"]] = place
    return variables


def _code(found: Any, places: tuple[tuple[str, ...], ...]) -> str:
    return next((text for place in places if (text := _at(found, place))), "").removeprefix("0x")


def _at(found: Any, place: tuple[str, ...]) -> str:
    for part in place:
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
