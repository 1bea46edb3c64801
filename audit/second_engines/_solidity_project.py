"""A folder for the Solidity tools: the suites beside the artefacts' creation code as Solidity constants.

Nothing is compiled from Vyper twice, and nothing is generated inside the source tree. Seeded bugs get a folder
of their own.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from evmstorm.evm import artifacts

__all__ = ["FORGE", "ROOT", "SOLC", "write_solidity_project"]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SOLC = HERE / "solc.mjs"
FORGE = ROOT / ".venv" / "bin" / "forge"
PROJECTS = ROOT / ".cache" / "formal"
CONTRACTS = ("KeifuToken", "VestingEscrow", "TGEDistributor", "StakingHub")
HUB_SLOTS = ("locks.locks", "emission.totals")  # which no view shows as they stand
HEADER = "// SPDX-License-Identifier: MIT\n// Made from the artefacts.\npragma solidity 0.8.30;\n\n"


def write_solidity_project(label: str = "suites", load: Callable[[str], artifacts.Artifact] = artifacts.load) -> Path:
    """The folder `label`, brought up to date with the artefacts that `load` gives (seeded bugs: `compile_with`)."""
    folder = PROJECTS / label
    code = {_constant(name): load(name).creation_code for name in CONTRACTS}
    lines = [f'    bytes internal constant {name} = hex"{data.hex()}";\n' for name, data in code.items()]
    hub = load("StakingHub")
    slots = [f"    uint256 internal constant {_constant(name)} = {hub.slot(name)};\n" for name in HUB_SLOTS]
    libraries = f"library Code {{\n{''.join(lines)}}}\n\nlibrary HubSlots {{\n{''.join(slots)}}}\n"
    _write(folder / "generated" / "Code.sol", HEADER + libraries)
    for source in [HERE / "foundry.toml", *HERE.glob("*/*.sol")]:
        _write(folder / source.relative_to(HERE), source.read_text())
    shutil.rmtree(folder / "failures", ignore_errors=True)  # forge would begin with what failed before
    return folder


def _write(path: Path, text: str) -> None:
    """Only when it changed: an older file keeps the compiler's cache."""
    if not path.is_file() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _constant(name: str) -> str:
    words = name.replace(".", "_")
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", words).upper()
