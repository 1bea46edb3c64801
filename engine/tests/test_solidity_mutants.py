"""Mutants of Solidity: made from the compiler's tree, compiled by the compiler that made the artefact."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ethwire.commands import exit_status
from ethwire.errors import ArtifactError, UsageError
from evmstorm import project
from evmstorm.cli import cli
from evmstorm.evm import artifacts, solc
from evmstorm.mutation import mutate, trial
from evmstorm.mutation.languages import language_of, sources
from evmstorm.mutation.solidity_mutants import mutants

FILE, LIBRARY = "src/Bank.sol", "lib/Limits.sol"
BANK = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;
import {Limits} from "../lib/Limits.sol";

contract Bank {
    mapping(address => uint256) public saved;
    uint256[3] private unused;
    error NotEnough(uint256 wanted, address who);

    modifier open() {
        require(!closed, "bank: closed"); // für alle: ≥ one byte a letter
        _;
    }

    bool private closed;

    function put(uint256 amount) external open {
        require(amount > 0, "bank: nothing");
        if (amount > Limits.HIGH) revert("bank: too much");
        saved[msg.sender] += amount;
    }

    function take(uint256 amount) external {
        if (amount > saved[msg.sender] /* all of it < */) revert NotEnough(amount, msg.sender);
        saved[msg.sender] -= amount;
    }

    function kinds(address a, address b, bool flag) external pure returns (uint256 n) {
        uint256[2] memory sizes;
        if (flag && a == b) n++;
        if (flag) n = same(a, b) + 1 days + 0x10 + 1e3 + sizes[0];
        assembly { n := add(n, 1) }
    }

    function same(address a, address) private pure returns (uint256) { return uint160(a) * 2; }
}
"""
LIMITS = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;
library Limits { uint256 internal constant HIGH = 1000; function one() internal pure returns (uint256) { return 1; } }
"""
DESCRIBED = '''from evmstorm.fuzz import Amount, Steps, System, action, invariant


class Bank(System):
    """Everybody has what they put in."""

    contracts = ("Bank",)
    actors = ("saver", "rival")

    def setup(self, evm):
        self.bind(bank=evm.deploy("Bank", sender=evm.account("owner")))

    def start(self):
        self.saved = dict.fromkeys(self.addresses, 0)

    @action("bank.put", Amount(1000))
    def put(self, who, amount) -> Steps:
        if amount == 0:
            return "bank: nothing"
        if amount > 1000:
            return "bank: too much"
        yield
        self.saved[who] += amount

    @action("bank.take", Amount("saved"))
    def take(self, who, amount) -> Steps:
        if amount > self.saved[who]:
            return "NotEnough"
        yield
        self.saved[who] -= amount

    @invariant("BANK-1")
    def everybodys(self):
        """As the model says."""
        return all(self.ask("bank.saved", who) == amount for who, amount in self.saved.items())
'''


@pytest.fixture(scope="module")
def compiler() -> Path:
    found = solc.found("", Path(__file__).parent)
    if found is None:
        reason = "no Solidity compiler: npm install solc"
        if os.environ.get("KEIFU_NO_SKIP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def made(compiler: Path) -> dict[str, Any]:
    """What the compiler says of both files."""
    given = {
        "language": "Solidity",
        "sources": {FILE: {"content": BANK}, LIBRARY: {"content": LIMITS}},
        "settings": {
            "outputSelection": {
                "*": {"": ["ast"], "*": ["abi", "metadata", "evm.bytecode.object", "evm.deployedBytecode.object"]}
            }
        },
    }
    (said,) = solc.compiled(compiler, [given])
    assert not [item for item in said.get("errors", ()) if item["severity"] == "error"]
    return said


@pytest.fixture
def folder(tmp_path: Path, made: dict[str, Any], compiler: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as Foundry leaves it."""
    monkeypatch.setenv(solc.VARIABLE, str(compiler))
    contract = made["contracts"][FILE]["Bank"]
    artifact = {
        "abi": contract["abi"],
        "bytecode": contract["evm"]["bytecode"],
        "deployedBytecode": contract["evm"]["deployedBytecode"],
        "metadata": json.loads(contract["metadata"]),
    }
    files = {"foundry.toml": "[profile.default]\n", FILE: BANK, LIBRARY: LIMITS, "described/bank.py": DESCRIBED}
    files["out/Bank.sol/Bank.json"] = json.dumps(artifact)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def bank(folder: Path) -> Path:
    return folder / "out" / "Bank.sol" / "Bank.json"


def changed(made: dict[str, Any]) -> set[tuple[str, str]]:
    return {mutant.diff(BANK) for mutant in mutants(FILE, BANK, made["sources"][FILE]["ast"])}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('require(amount > 0, "bank: nothing");', 'require(amount >= 0, "bank: nothing");'),
        ('require(amount > 0, "bank: nothing");', 'require(amount > 1, "bank: nothing");'),
        ('require(amount > 0, "bank: nothing");', "{}"),
        ('if (amount > Limits.HIGH) revert("bank: too much");', "if (amount > Limits.HIGH) {}"),
        ("saved[msg.sender] += amount;", "saved[msg.sender] -= amount;"),
        ("saved[msg.sender] += amount;", "{}"),
        ("if (flag && a == b) n++;", "if (flag || a == b) n++;"),
        ("if (flag && a == b) n++;", "if (flag && a == b) n--;"),
        (
            "if (amount > saved[msg.sender] /* all of it < */) revert NotEnough(amount, msg.sender);",
            "if (amount > saved[msg.sender] /* all of it < */) {}",
        ),
        (
            'require(!closed, "bank: closed"); // für alle: ≥ one byte a letter',
            'require(closed, "bank: closed"); // für alle: ≥ one byte a letter',
        ),
    ],
)
def test_every_kind_of_change_is_made(made: dict[str, Any], before: str, after: str) -> None:
    assert (before, after) in changed(made)


def test_numbers_are_changed_as_they_are_written(made: dict[str, Any]) -> None:
    line = "if (flag) n = same(a, b) + 1 days + 0x10 + 1e3 + sizes[0];"
    after = {text for before, text in changed(made) if before == line}

    assert {
        "if (!(flag)) n = same(a, b) + 1 days + 0x10 + 1e3 + sizes[0];",
        "if (flag) n = same(b, a) + 1 days + 0x10 + 1e3 + sizes[0];",
        "if (flag) n = same(a, b) + 2 days + 0x10 + 1e3 + sizes[0];",
        "if (flag) n = same(a, b) + 1 days + 15 + 1e3 + sizes[0];",
        "if (flag) n = same(a, b) + 1 days + 0x10 + 1001 + sizes[0];",
    } <= after


def test_sizes_of_types_and_assembly_are_left_alone(made: dict[str, Any]) -> None:
    after = [mutant.apply(BANK) for mutant in mutants(FILE, BANK, made["sources"][FILE]["ast"])]

    assert all("uint256[2] memory" in text and "add(n, 1)" in text and "uint256[3]" in text for text in after)


def test_what_the_project_has_from_others_is_left_alone(folder: Path) -> None:
    with project.using(folder):
        assert [*sources("Bank")] == [FILE]


def test_mutants_are_what_the_compiler_makes_of_them(folder: Path) -> None:
    with project.using(folder):
        language = language_of("Bank")
        first, second, *_ = language.mutants()
        language.prepare([first, second], 2)
        codes = [language.compiled(mutant) for mutant in (first, second)]

        assert len({language.code.creation, *(code.creation for code in codes)}) == 3
        assert language_of("Bank").compiled(second) == codes[1], "alone as with others"


def test_a_sample_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "CORPUS_CALLS", 3_000)
    monkeypatch.setattr(trial, "CALLS", 3_000)
    lines = range(18, 26)  # of put and take
    with project.using(folder):
        named = [mutant.name for mutant in language_of("Bank").mutants() if mutant.line in lines]
        result = mutate.score("Bank", only=named, processes=1)

    survived = [(item.before, item.after) for item in result.outcomes if item.fate == "survived"]
    assert survived == []
    assert result.count("killed") >= 10


def test_the_command_takes_a_compiler(
    folder: Path, compiler: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trial, "CORPUS_CALLS", 1_000)
    with project.using(folder):
        command = ["mutate", "Bank", "--sample", "2", "--bar", "0", "--json", "--solc", str(compiler)]
        assert exit_status(cli, command, program="evmstorm") == 0

    assert json.loads(capsys.readouterr().out)["made"] == 2


def test_another_compiler_or_setting_is_noticed(bank: Path, folder: Path) -> None:
    artifact = json.loads(bank.read_text())
    artifact["metadata"]["settings"]["optimizer"] = {"enabled": True, "runs": 7}
    bank.write_text(json.dumps(artifact))

    with project.using(folder), pytest.raises(ArtifactError, match=r"makes other code of Bank than its artefact holds"):
        mutate.score("Bank")


def test_without_a_compiler_one_is_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(solc.VARIABLE)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("HOME", str(folder))
    with project.using(folder), pytest.raises(ArtifactError, match=r"needs Solidity's compiler 0\.8.*--solc"):
        mutate.score("Bank")


def test_the_compiler_of_the_version_is_taken_where_foundry_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / ".svm" / "0.8.30" / "solc-0.8.30"
    kept.parent.mkdir(parents=True)
    kept.touch()
    monkeypatch.delenv(solc.VARIABLE, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert solc.found("0.8.30+commit.73712a01", tmp_path) == kept


def test_a_compiler_that_is_none_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = folder / "solc"
    broken.write_text("#!/bin/sh\necho no such option >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv(solc.VARIABLE, str(broken))

    with project.using(folder), pytest.raises(ArtifactError, match=r"solc failed: no such option \(name solc by"):
        mutate.score("Bank")
    with pytest.raises(UsageError, match="nowhere is not there"):
        solc.choose(Path("nowhere"))


def test_a_source_that_is_gone_is_named(folder: Path) -> None:
    with project.using(folder):
        artifacts.load("Bank")
        (folder / LIBRARY).unlink()
        with pytest.raises(ArtifactError, match=rf"{LIBRARY}, a source of Bank, is not there"):
            mutate.score("Bank")
