"""Projects of other tools, made with the tools themselves, and the engine's command line over them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FORGE = ROOT / ".venv" / "bin" / "forge"
SOLC = ROOT / "audit" / "second_engines" / "solc.mjs"  # npm's, behind the command line of the native one
Run = Callable[..., subprocess.CompletedProcess[str]]

BANK = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

contract Bank {
    uint128 public total;
    bool public closed;
    mapping(address => uint256) public saved;

    function deposit(uint256 amount) external {
        require(amount > 0 && amount < 1e30, "bank: amount");
        saved[msg.sender] += amount;
        total += uint128(amount);
    }

    function withdraw(uint256 amount) external {
        require(amount LIMIT saved[msg.sender], "bank: not enough");
        unchecked { saved[msg.sender] -= amount; total -= uint128(amount); }
    }
}
"""

DESCRIPTION = """from evmstorm.fuzz import Amount, System, action, invariant


class Bank(System):
    contracts = ("Bank",)

    def setup(self, evm):
        self.bind(bank=evm.deploy("Bank", sender=evm.account("owner")))
        self.total = self.read("bank.total")
        self.held = self.read("bank.saved")

    def start(self):
        self.saved = dict.fromkeys(self.addresses, 0)

    @action("bank.deposit", Amount(10**18))
    def deposit(self, who, amount):
        if not 0 < amount < 10**30:
            return "bank: amount"
        yield
        self.saved[who] += amount

    @action("bank.withdraw", Amount("saved"))
    def withdraw(self, who, amount):
        if amount > self.saved[who]:
            return "bank: not enough"
        yield
        self.saved[who] -= amount

    @invariant("BANK-1")
    def counts(self):
        "The total is the sum of what everyone saved."
        return self.total() == sum(self.held(who) for who in self.addresses) == sum(self.saved.values())
"""


@pytest.fixture
def storm(tmp_path: Path) -> Run:
    """The engine's command line as a person calls it, from a folder that is no project."""
    outside = {name: value for name, value in os.environ.items() if name != "EVMSTORM_PROJECT"}

    def run(*args: str, cwd: Path = tmp_path, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from evmstorm.cli import main; main()", *args]
        environment = outside | variables
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def built_foundry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Foundry project as `forge build` leaves it."""
    folder = tmp_path_factory.mktemp("foundry")
    (folder / "src").mkdir()
    (folder / "described").mkdir()
    (folder / "foundry.toml").write_text(
        f'[profile.default]\nsolc = "{SOLC}"\noffline = true\nevm_version = "prague"\n'
        'extra_output = ["storageLayout"]\nlibs = []\n'
    )
    (folder / "src" / "Bank.sol").write_text(BANK.replace("LIMIT", "<="))
    (folder / "described" / "bank.py").write_text(DESCRIPTION)
    subprocess.run([FORGE, "build", "--root", folder], check=True, capture_output=True)
    return folder


@pytest.fixture
def foundry(built_foundry: Path, tmp_path: Path) -> Path:
    """A copy to change. Its artefacts name no path of the first one."""
    folder = tmp_path / "project"
    subprocess.run(["cp", "-r", built_foundry, folder], check=True)
    return folder
