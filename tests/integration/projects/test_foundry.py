"""A Foundry project is searched where it lies: forge's artefacts, solc's layout, the fork that it was compiled for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ethwire.errors import EthwireError
from evmstorm import project
from evmstorm.evm import artifacts
from evmstorm.fuzz.engine import Engine
from tests.integration.projects.conftest import BANK, FORGE, Run

pytestmark = pytest.mark.case("tools-30")
CALLS = ("--calls", "6000", "--processes", "1")
WITHOUT_FORGE = os.pathsep.join(("/usr/bin", "/bin"))


def test_a_system_of_the_project_is_searched(foundry: Path, storm: Run) -> None:
    done = storm("fuzz", "--project", str(foundry), *CALLS, PATH=WITHOUT_FORGE)

    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    assert "held after" in done.stdout
    assert "BANK-1" in done.stdout


def test_the_file_of_a_description_is_enough(foundry: Path, storm: Run) -> None:
    """A fault is compiled in, found, and found again by its file; nothing was copied."""
    source = foundry / "src" / "Bank.sol"
    source.write_text(BANK.replace("amount LIMIT saved[msg.sender]", "amount <= total"))

    done = storm("fuzz", str(foundry / "described" / "bank.py"), *CALLS, PATH=f"{FORGE.parent}:{WITHOUT_FORGE}")

    assert done.returncode == 1, done.stderr
    assert "bank: withdraw: refusal: must be refused (bank: not enough), but succeeded" in done.stdout
    saved = next((foundry.parent / ".cache" / "fuzz" / "findings").glob("bank-withdraw-*.json"))
    assert json.loads(saved.read_text())["described"] == str(foundry / "described" / "bank.py")


def test_the_fork_and_the_layout_are_the_compiler_s(foundry: Path) -> None:
    with project.using(foundry):
        assert artifacts.load("Bank").evm_version == "prague"
        engine = Engine(project.load(str(foundry / "described" / "bank.py")))
        assert engine.evm.fork.name == "prague"
        assert artifacts.load("Bank").bits("total") == (0, 128)
        assert artifacts.load("Bank").bits("closed") == (128, 8)
        assert engine.run(bytes(range(256)) * 2) is None


def test_an_artefact_older_than_its_source_is_one_line(foundry: Path, storm: Run) -> None:
    (foundry / "src" / "Bank.sol").write_text(BANK.replace("LIMIT", "<"))

    done = storm("fuzz", "--project", str(foundry), *CALLS, PATH=WITHOUT_FORGE)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "evmstorm: out/Bank.sol/Bank.json is of an older src/Bank.sol (forge build)\n"


def test_a_project_that_does_not_compile_is_one_line(foundry: Path, storm: Run) -> None:
    (foundry / "src" / "Bank.sol").write_text(BANK)

    done = storm("fuzz", "--project", str(foundry), *CALLS, PATH=f"{FORGE.parent}:{WITHOUT_FORGE}")

    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert f"the project at {foundry} does not compile: " in done.stderr
    assert done.stderr.endswith("(forge build)\n")


def test_an_artefact_without_a_layout_is_one_line(foundry: Path, storm: Run) -> None:
    path = foundry / "out" / "Bank.sol" / "Bank.json"
    found = json.loads(path.read_text())
    del found["storageLayout"]
    path.write_text(json.dumps(found))

    done = storm("fuzz", "--project", str(foundry), *CALLS, PATH=WITHOUT_FORGE)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("evmstorm: bank: Bank.json has no storage layout (extra_output = ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("before", "after", "reported"),
    [
        ('evm.deploy("Bank"', 'evm.deploy("Bark"', r"no contract Bark \(there are: Bank\)"),
        ("self.saved = dict.fromkeys(self.addresses, 0)", "self.saved = None + 1", "bank: start: TypeError: "),
        ("self.total = self.read", "self.total = self.raed", r"bank: setup: AttributeError: .*\(correct bank.py:9\)"),
        ("self.saved[who] += amount", "self.svaed[who] += amount", r"bank: deposit: AttributeError: .*\(correct bank"),
        ("self.saved[who] -= amount", "self.emitted(1)", "bank: withdraw: AttributeError: "),
        ("class Bank(System):", "class Bank(Sistem):", "bank.py cannot be imported: NameError: "),
    ],
    ids=["name", "start", "setup", "action", "second action", "import"],
)
def test_a_slip_in_a_description_is_named(foundry: Path, before: str, after: str, reported: str) -> None:
    path = foundry / "described" / "bank.py"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))

    with project.using(foundry), pytest.raises(EthwireError, match=reported):
        Engine(project.load(str(path))).run(bytes(range(256)) * 2)


def test_a_slip_in_a_description_is_one_line(foundry: Path, storm: Run) -> None:
    path = foundry / "described" / "bank.py"
    path.write_text(path.read_text().replace("self.saved[who] += amount", "self.svaed[who] += amount"))

    done = storm("fuzz", str(path), *CALLS, PATH=WITHOUT_FORGE)

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("evmstorm: bank: deposit: AttributeError: ")
    assert done.stderr.endswith("(correct bank.py:20)\n")


def test_two_artefacts_of_one_name_are_told_apart_by_path(foundry: Path) -> None:
    other = foundry / "out" / "Other.sol" / "Bank.json"
    other.parent.mkdir()
    other.write_bytes((foundry / "out" / "Bank.sol" / "Bank.json").read_bytes())
    with project.using(foundry):
        made = artifacts.Project(foundry)
        with pytest.raises(artifacts.ArtifactError, match=r"2 artefacts are called Bank: .*name one by its path"):
            made.load("Bank")
        assert made.load("out/Other.sol/Bank.json").creation_code
