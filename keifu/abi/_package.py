"""The committed artefacts: one JSON file a contract."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from ethwire.abi import Interface
from keifu.errors import ArtifactError

__all__ = ["CONTRACTS", "PackagedContract", "load", "names"]

CONTRACTS = "contracts"


@dataclass(frozen=True)
class PackagedContract:
    """What is needed to deploy a contract and to talk to it; hashes are SHA-256 of the code, in hex. `reasons` are
    those with which its sources revert."""

    name: str
    interface: Interface
    creation_code: bytes
    runtime_sha256: str
    source_sha256: str
    immutables_size: int
    reasons: tuple[str, ...] = ()


class _File(msgspec.Struct):
    name: str
    abi: list[dict[str, Any]]
    creation_code: str
    runtime_sha256: str
    source_sha256: str
    immutables_size: int
    reasons: tuple[str, ...]


def names() -> list[str]:
    """Every contract that the package can deploy, sorted."""
    folder = resources.files(__package__) / CONTRACTS
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".json"))


@cache
def load(name: str) -> PackagedContract:
    """The committed artefact of `name`; raises ArtifactError when there is none."""
    path = resources.files(__package__) / CONTRACTS / f"{name}.json"
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(f"no packaged contract {name}", remedy=f"there are: {', '.join(names())}") from None
    file = msgspec.json.decode(raw, type=_File)
    return PackagedContract(
        name=file.name,
        interface=Interface(file.name, file.abi),
        creation_code=bytes.fromhex(file.creation_code.removeprefix("0x")),
        runtime_sha256=file.runtime_sha256,
        source_sha256=file.source_sha256,
        immutables_size=file.immutables_size,
        reasons=file.reasons,
    )
