"""Contracts that this project did not compile: an artefact of another tool, or byte code with an ABI."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethwire.abi import Interface
from ethwire.errors import ArtifactError

__all__ = ["Foreign", "read"]

PLACES = (  # of the creation code: Foundry, Moccasin and solc's JSON; ape (ethPM); Hardhat and Vyper; combined JSON
    ("bytecode", "object"),
    ("evm", "bytecode", "object"),
    ("deploymentBytecode", "bytecode"),
    ("bytecode",),
    ("bin",),
)


@dataclass(frozen=True)
class Foreign:
    """What is needed to deploy: `evm.deploy_code(foreign.interface, foreign.creation_code, sender=…)`."""

    interface: Interface
    creation_code: bytes


def read(path: Path) -> Foreign:
    """The artefact in a JSON file. Raises ArtifactError, with what is missing, for a file that is none."""
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} is not there") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path} is no JSON: {error}", remedy="name an artefact of a compiler") from error
    if not isinstance(found, dict) or not isinstance(found.get("abi"), list):
        raise ArtifactError(f"{path} has no ABI", remedy="name the artefact of one contract")
    code = next((text for place in PLACES if (text := _at(found, place))), "").removeprefix("0x")
    if not code:
        raise ArtifactError(f"{path} has no creation code", remedy="an interface or abstract contract has none")
    try:
        return Foreign(Interface(path.stem, found["abi"]), bytes.fromhex(code))
    except ValueError as error:
        raise ArtifactError(f"{path}: its libraries are not linked", remedy="link them, then compile again") from error


def _at(found: Any, place: tuple[str, ...]) -> str:
    for part in place:
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
