"""Moccasin and ape projects in Vyper, ape's own artefacts, and descriptions as tests of pytest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evmstorm import project
from evmstorm.evm import artifacts
from evmstorm.evm.artifacts import Project
from evmstorm.fuzz.engine import Engine
from tests.integration.projects.conftest import DESCRIPTION

ROOT = Path(__file__).parents[3]
BANK = """# pragma version 0.4.3
# pragma evm-version prague
from lib import limit

total: public(uint256)
saved: public(HashMap[address, uint256])

@external
def deposit(amount: uint256):
    assert amount > 0 and amount < limit.MOST, "bank: amount"
    self.saved[msg.sender] += amount
    self.total += amount

@external
def withdraw(amount: uint256):
    assert amount <= self.saved[msg.sender], "bank: not enough"
    self.saved[msg.sender] -= amount
    self.total -= amount
"""
LIMIT = "# pragma version 0.4.3\nMOST: constant(uint256) = 10**30\n"
KINDS = {
    "moccasin": ("moccasin.toml", '[project]\nsrc = "src"\n', "src"),
    "named": ("moccasin.toml", '[project]\nsrc = "vyper"\n', "vyper"),
    "ape": ("ape-config.yaml", "contracts_folder: code\n", "code"),
}


def made(folder: Path, kind: str) -> Path:
    marker, text, sources = KINDS[kind]
    (folder / sources / "lib").mkdir(parents=True)
    (folder / marker).write_text(text)
    (folder / sources / "Bank.vy").write_text(BANK)
    (folder / sources / "lib" / "limit.vy").write_text(LIMIT)
    (folder / "described").mkdir()
    (folder / "described" / "bank.py").write_text(DESCRIPTION)
    return folder


@pytest.mark.case("tools-30")
@pytest.mark.parametrize("kind", KINDS)
def test_a_project_is_searched_where_it_lies(tmp_path: Path, kind: str) -> None:
    with project.using(made(tmp_path, kind)):
        engine = Engine(project.load(str(tmp_path / "described" / "bank.py")))
        assert project.names() == ["bank"]
        assert engine.run(bytes(range(256)) * 2) is None
        assert engine.evm.fork.name == "prague", "the pragma is obeyed"


@pytest.mark.case("tools-30")
def test_ape_s_artefacts_are_taken(tmp_path: Path) -> None:
    """Those of this repository, without their sources."""
    manifest = ROOT / ".build" / "__local__.json"
    (tmp_path / ".build").mkdir()
    (tmp_path / ".build" / "__local__.json").write_bytes(manifest.read_bytes())
    (tmp_path / "ape-config.yaml").write_text("name: other\n")

    taken = Project(tmp_path).load("KeifuToken")

    own = artifacts.load("KeifuToken")
    assert (taken.creation_code, taken.name) == (own.creation_code, "KeifuToken")
    assert json.loads(manifest.read_text())["contractTypes"]["KeifuToken"]["abi"] == taken.abi


def test_pytest_searches_descriptions(tmp_path: Path) -> None:
    folder = made(tmp_path, "moccasin")
    (folder / "pytest.ini").write_text("[pytest]\nevmstorm_descriptions = described\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:ape_test", "-p", "no:cacheprovider"]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, "--evmstorm-calls", "3000"], cwd=folder, capture_output=True, text=True, check=False
        )

    sound = run()
    (folder / "src" / "Bank.vy").write_text(BANK.replace("self.total -= amount", "self.total -= amount // 2"))
    broken = run()

    assert (sound.returncode, "1 passed" in sound.stdout) == (0, True), sound.stdout
    assert (broken.returncode, "1 failed" in broken.stdout) == (1, True), broken.stdout
    assert "bank: BANK-1: " in broken.stdout
    assert "Traceback" not in broken.stdout


def test_a_description_that_searches_nothing_fails(tmp_path: Path) -> None:
    folder = made(tmp_path, "moccasin")
    (folder / "pytest.ini").write_text("[pytest]\nevmstorm_descriptions = described\n")
    path = folder / "described" / "bank.py"
    path.write_text(path.read_text().replace('@action("bank.deposit", Amount(10**18))', "").replace("yield", "pass"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:ape_test", "-p", "no:cacheprovider"]

    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "withdraw never yields, so its call would never be made" in done.stdout
