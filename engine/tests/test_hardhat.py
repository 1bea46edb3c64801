"""Hardhat's artefacts say nothing of sources and layout: the run of the compiler that made them does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ethwire.errors import ArtifactError
from ethwire.keys import keccak256
from evmstorm.evm.artifacts import Project

Change = Callable[[dict[str, Any]], None]
PLACE = Path("artifacts") / "contracts" / "Bank.sol"
SOURCES = {"contracts/Bank.sol": "contract Bank {}\n", "contracts/Math.sol": "library Math {}\n"}
PACKAGED = "@package/Base.sol"
LAYOUT = {
    "storage": [{"label": "total", "slot": "0", "offset": 0, "type": "t_uint128"}],
    "types": {"t_uint128": {"label": "uint128", "numberOfBytes": "16", "encoding": "inplace"}},
}


def hashed(text: str) -> dict[str, str]:
    return {"keccak256": "0x" + keccak256(text.encode()).hex()}


def run_of(sources: dict[str, str], own: str) -> dict[str, Any]:
    """Input and output as both editions of Hardhat keep them."""
    metadata = {
        "compiler": {"version": "0.8.28"},
        "settings": {"evmVersion": "prague"},
        "sources": {own + name: hashed(text) for name, text in sources.items()},
    }
    contract = {"metadata": json.dumps(metadata), "storageLayout": LAYOUT}
    return {
        "input": {
            "sources": {own + name: {"content": text} for name, text in sources.items()},
            "settings": {"evmVersion": "cancun"},
        },
        "output": {"contracts": {f"{own}contracts/Bank.sol": {"Bank": contract}}},
    }


def write(path: Path, found: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))


def artifact(**more: str) -> dict[str, Any]:
    code = {"bytecode": "0x00", "deployedBytecode": "0x00"}
    return {"contractName": "Bank", "sourceName": "contracts/Bank.sol", "abi": []} | code | more


def second(root: Path, change: Change) -> None:
    """Hardhat 2: a second file names the run."""
    run = run_of(SOURCES | {PACKAGED: "contract Base {}\n"}, "")
    change(run)
    write(root / PLACE / "Bank.json", artifact(_format="hh-sol-artifact-1"))
    write(root / PLACE / "Bank.dbg.json", {"_format": "hh-sol-dbg-1", "buildInfo": "../../build-info/1f.json"})
    write(root / "artifacts" / "build-info" / "1f.json", {"_format": "hh-sol-build-info-1"} | run)


def third(root: Path, change: Change) -> None:
    """Hardhat 3: the artefact names it, the output is in a file of its own."""
    run = run_of(SOURCES, "project/")
    change(run)
    more = {"_format": "hh3-artifact-1", "inputSourceName": "project/contracts/Bank.sol", "buildInfoId": "solc-1f"}
    write(root / PLACE / "Bank.json", artifact(**more))
    write(root / "artifacts" / "build-info" / "solc-1f.json", {"id": "solc-1f", "input": run["input"]})
    write(root / "artifacts" / "build-info" / "solc-1f.output.json", {"id": "solc-1f", "output": run["output"]})


Edition = Callable[[Path, Change], None]


@pytest.fixture(params=[second, third], ids=["2", "3"])
def edition(request: pytest.FixtureRequest) -> Edition:
    made: Edition = request.param
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hardhat.config.js").write_text("")
    for name, text in {**SOURCES, f"node_modules/{PACKAGED}": "contract Base {}\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def unchanged(run: dict[str, Any]) -> None:
    pass


def without(key: str) -> Change:
    def change(run: dict[str, Any]) -> None:
        for contracts in run["output"]["contracts"].values():
            del contracts["Bank"][key]

    return change


def test_layout_and_fork_are_those_of_the_run(folder: Path, edition: Edition) -> None:
    edition(folder, unchanged)

    bank = Project(folder).load("Bank")

    assert (bank.evm_version, bank.compiler, bank.bits("total")) == ("prague", "0.8.28", (0, 128))


@pytest.mark.parametrize("changed", SOURCES)
def test_an_artefact_older_than_a_source_is_noticed(folder: Path, edition: Edition, changed: str) -> None:
    edition(folder, unchanged)
    (folder / changed).write_text("// changed\n")

    with pytest.raises(ArtifactError, match=rf"Bank\.json is of an older {changed} \(npx hardhat compile\)"):
        Project(folder).load("Bank")


def test_an_artefact_older_than_a_package_is_noticed(folder: Path) -> None:
    second(folder, unchanged)
    (folder / "node_modules" / PACKAGED).write_text("// another release\n")

    with pytest.raises(ArtifactError, match=f"is of an older {PACKAGED}"):
        Project(folder).load("Bank")


def test_a_run_without_metadata_has_the_source_itself(folder: Path, edition: Edition) -> None:
    edition(folder, without("metadata"))
    project = Project(folder)
    assert project.load("Bank").evm_version == "cancun"

    (folder / "contracts" / "Bank.sol").write_text("// changed\n")

    with pytest.raises(ArtifactError, match=r"is of an older contracts/Bank\.sol"):
        Project(folder).load("Bank")


def test_a_run_without_a_layout_says_so(folder: Path, edition: Edition) -> None:
    edition(folder, without("storageLayout"))

    with pytest.raises(ArtifactError, match=r"has no storage layout \(.*outputSelection"):
        Project(folder).load("Bank").slot("total")


def test_an_artefact_by_itself_is_taken(folder: Path, edition: Edition) -> None:
    """As a package ships it, without what the compiler was given."""
    edition(folder, unchanged)
    for file in (folder / "artifacts" / "build-info").iterdir():
        file.unlink()
    (folder / "contracts" / "Bank.sol").write_text("// changed\n")

    assert Project(folder).load("Bank").runtime_code == b"\0"


def test_a_broken_run_is_one_line(folder: Path, edition: Edition) -> None:
    edition(folder, unchanged)
    for file in (folder / "artifacts" / "build-info").iterdir():
        file.write_text("{")

    with pytest.raises(ArtifactError, match=r"1f\.json is no JSON: .*\(npx hardhat clean, then compile again\)"):
        Project(folder).load("Bank")


def test_an_unknown_name_lists_contracts_alone(folder: Path, edition: Edition) -> None:
    edition(folder, unchanged)

    with pytest.raises(ArtifactError, match=r"no contract Bark \(there are: Bank\)"):
        Project(folder).load("Bark")
