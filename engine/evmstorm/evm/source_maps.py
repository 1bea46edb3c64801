"""Which piece of a Solidity source each instruction stems from, as the compiler's artefact says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from evmstorm.evm.bytecode import instructions

__all__ = ["Piece", "SourceMap", "blanks", "read"]

BUILDS = "build-info"
UNFILLED = b"\x73" + bytes(20)  # how a library begins, until its own address is written there
FIELDS = 3  # start, length, file; what follows is for debuggers


class Piece(NamedTuple):
    """Bytes [start, end) of a source."""

    file: str
    start: int
    end: int


class SourceMap(msgspec.Struct, frozen=True):
    """The compiler's maps of creation and run-time code; `files` names the sources by their numbers in them."""

    creation: str
    runtime: str
    files: dict[int, str]
    via_ir: bool = False

    def pieces(self, part: int, code: bytes) -> Iterator[tuple[int, int, bytes, Piece | None]]:
        """Position, opcode and pushed bytes of every instruction that the map of creation (0) or run-time code (1)
        holds, with its piece of the source: None for what the compiler adds on its own."""
        last = ["0", "0", "-1"]
        for entry, found in zip((self.creation, self.runtime)[part].split(";"), instructions(code), strict=False):
            for number, value in enumerate(entry.split(":")[:FIELDS]):
                if value:
                    last[number] = value
            start, length, file = map(int, last)
            name = self.files.get(file)
            yield *found, None if name is None else Piece(name, start, start + length)


def read(path: Path, found: dict[str, Any], metadata: dict[str, Any]) -> SourceMap | None:
    """That of the artefact in `path`, or None where it holds none or does not say which sources it is of."""
    creation, runtime = (_part(found, name) for name in ("bytecode", "deployedBytecode"))
    files = found.get("sourceIds") or _files(path, found, metadata)
    if not runtime.get("sourceMap") or not files:
        return None
    return SourceMap(
        creation=creation.get("sourceMap", ""),
        runtime=runtime["sourceMap"],
        files={int(number): str(name) for number, name in files.items()},
        via_ir=bool(metadata.get("settings", {}).get("viaIR")),
    )


def blanks(found: dict[str, Any], runtime: bytes) -> list[tuple[int, int]]:
    """Places in the run-time code (start, length) that deployment fills in: immutables, a library's own address."""
    references = _part(found, "deployedBytecode").get("immutableReferences") or found.get("immutableReferences") or {}
    places = [(int(item["start"]), int(item["length"])) for items in references.values() for item in items]
    return [*places, (1, len(UNFILLED) - 1)] if runtime.startswith(UNFILLED) else places


def _part(found: dict[str, Any], name: str) -> dict[str, Any]:
    kept = found["evm"] if isinstance(found.get("evm"), dict) else found
    part = kept.get(name)
    return part if isinstance(part, dict) else {}


def _files(path: Path, found: dict[str, Any], metadata: dict[str, Any]) -> dict[Any, str]:
    """Sources by number. Foundry keeps them beside its artefacts, for each of its runs: the newest that has given the
    contract's own source the number that the artefact says, and knows all of its sources."""
    own = next(iter(metadata.get("settings", {}).get("compilationTarget", {})), None)
    number, wanted = found.get("id"), set(metadata.get("sources", {}))
    if own is None or not isinstance(number, int):
        return {}
    folder = next((parent / BUILDS for parent in path.parents if (parent / BUILDS).is_dir()), None)
    runs = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns, reverse=True) if folder else []
    for run in runs:
        try:
            names = json.loads(run.read_text()).get("source_id_to_path", {})
        except (ValueError, AttributeError):
            continue
        if names.get(str(number)) == own and wanted <= set(names.values()):
            return dict(names)
    return {number: own}
