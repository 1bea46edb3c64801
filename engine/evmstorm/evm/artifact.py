"""One contract as a compiler made it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from ethwire.abi import Interface
from ethwire.errors import ArtifactError
from evmstorm.evm.source_maps import SourceMap

__all__ = ["Artifact"]

TESTING = "testing"  # mocks and hostile contracts, never packaged


class Artifact(msgspec.Struct, frozen=True):
    """What the compiler made of one contract; the names in `abi` are the published ones (`abi_names`).

    `storage_layout` maps a variable (modules nested) to {"slot", "n_slots", "type"}, and for a packed one "bit" and
    "bits"; `sources` maps each file that went in, by its path below the project's root, to its SHA-256.
    """

    name: str
    path: str
    abi: list[dict[str, Any]]
    creation_code: bytes
    runtime_code: bytes
    storage_layout: dict[str, Any]
    immutables_layout: dict[str, Any]
    source_map: dict[str, Any]
    method_identifiers: dict[str, str]
    sources: dict[str, str]
    compiler: str
    evm_version: str
    key_first: bool = False  # in the hash that finds a map's value: Solidity's order, where Vyper's slot comes first
    no_layout: str = ""  # why there is none, and what brings it
    solidity: SourceMap | None = None  # where Solidity's compiler made it, and the artefact has its source map
    blanks: list[tuple[int, int]] = []  # (start, length) in the run-time code, filled in at deployment

    @property
    def interface(self) -> Interface:
        return _interface(self.name, self.sources_key, self)

    @property
    def sources_key(self) -> str:
        """SHA-256 over every source that went in: equal keys, equal code."""
        joined = "".join(f"{path}={digest};" for path, digest in sorted(self.sources.items()))
        return hashlib.sha256(f"{self.compiler};{joined}".encode()).hexdigest()

    @property
    def immutables_size(self) -> int:
        return sum(int(item["length"]) for item in _leaves(self.immutables_layout, "length"))

    def made(self, code: bytes) -> bool:
        """Whether a contract with this run-time code is one of this artefact."""
        kept = bytearray(code[: len(code) - self.immutables_size])
        for start, length in self.blanks:
            kept[start : start + length] = bytes(length)
        return bytes(kept) == self.runtime_code

    @property
    def is_testing(self) -> bool:
        return f"/{TESTING}/" in f"/{self.path}"

    def slot(self, variable: str) -> int:
        """Storage slot of `variable`; a module's variable is `module.variable`. Raises ArtifactError when unknown."""
        return int(self._variable(variable)["slot"])

    def bits(self, variable: str) -> tuple[int, int]:
        """First bit and width of `variable` in its slot."""
        found = self._variable(variable)
        return int(found.get("bit", 0)), int(found.get("bits", 256))

    def _variable(self, variable: str) -> dict[str, Any]:
        if self.no_layout:
            raise ArtifactError(f"{self.path} has no storage layout", remedy=self.no_layout)
        node: Any = self.storage_layout
        for part in variable.split("."):
            if not isinstance(node, dict) or part not in node:
                raise ArtifactError(f"{self.name} has no storage variable {variable}")
            node = node[part]
        if not isinstance(node, dict) or "slot" not in node:
            raise ArtifactError(f"{self.name} has no storage variable {variable}, but a module of this name")
        return node


_INTERFACES: dict[tuple[str, str], Interface] = {}


def _interface(name: str, key: str, artifact: Artifact) -> Interface:
    if (name, key) not in _INTERFACES:
        _INTERFACES[name, key] = Interface(name, artifact.abi)
    return _INTERFACES[name, key]


def _leaves(layout: dict[str, Any], key: str) -> Iterable[dict[str, Any]]:
    for value in layout.values():
        if isinstance(value, dict):
            if key in value and not isinstance(value[key], dict):
                yield value
            else:
                yield from _leaves(value, key)
