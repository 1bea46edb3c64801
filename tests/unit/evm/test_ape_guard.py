"""ape itself misses a change in an imported module or interface; the guard does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evmstorm.evm import artifacts
from evmstorm.evm.ape_guard import refresh
from evmstorm.evm.artifacts import Project
from tests.ape_chain import HOST, ape_host

ROOT = artifacts.project().root
MODULE = "# pragma version 0.4.3\nRATE: constant(uint256) = 3\n"
INTERFACE = "# pragma version 0.4.3\nevent Priced:\n    price: uint256\n"
CONTRACT = """# pragma version 0.4.3
from .lib import rate
from .interfaces import IPrice
@external
def price(amount: uint256) -> uint256:
    log IPrice.Priced(price=amount * rate.RATE)
    return amount * rate.RATE
"""
TEST = """
import pytest

@pytest.fixture
def receipt(project, accounts):
    return project.Shop.deploy(sender=accounts[0]).price(7, sender=accounts[0])

def test_module(receipt):
    assert receipt.events[0].price == 21

def test_interface(receipt):
    assert receipt.logs[0]["topics"][1:] == []
"""
PLANTED = [
    ("contracts/lib/rate.vy", MODULE, ("= 3", "= 4")),
    ("contracts/interfaces/IPrice.vyi", INTERFACE, ("price: uint256", "price: indexed(uint256)")),
]
CONFTEST = """
import ape
from pathlib import Path
from evmstorm.evm.ape_guard import refresh
from evmstorm.evm.artifacts import Project

def pytest_sessionstart(session):
    refresh(Project(Path(__file__).parent), lambda: ape.project.load_contracts(use_cache=False))
"""


@pytest.fixture
def ape_project(tmp_path):
    contracts = tmp_path / "contracts"
    for path, text in {
        contracts / "lib" / "rate.vy": MODULE,
        contracts / "interfaces" / "IPrice.vyi": INTERFACE,
        contracts / "Shop.vy": CONTRACT,
        tmp_path / "tests" / "test_price.py": TEST,
        tmp_path / "conftest.py": CONFTEST,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copy(ROOT / "ape-config.yaml", tmp_path)
    return tmp_path


def ape_test(project: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for name in [name for name in environment if name.startswith("PYTEST_")]:
        del environment[name]
    with ape_host() as host:
        return subprocess.run(
            [Path(sys.executable).parent / "ape", "test", "tests", "-q", "-p", "no:cacheprovider"],
            cwd=project,
            env={**environment, HOST: host},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.mark.slow
def test_a_bug_planted_in_a_module_or_an_interface_fails_the_suite(ape_project):
    """Both at once, each seen by a test of its own: ape takes long to start."""
    assert "2 passed" in ape_test(ape_project).stdout
    for path, right, wrong in PLANTED:
        (ape_project / path).write_text(right.replace(*wrong))
    assert "2 failed" in ape_test(ape_project).stdout


@pytest.mark.parametrize(("path", "right", "wrong"), PLANTED, ids=["module", "interface"])
def test_recompiles_only_after_a_change(ape_project, path, right, wrong):
    calls = []
    project = Project(ape_project)
    assert refresh(project, lambda: calls.append(1))
    assert not refresh(project, lambda: calls.append(1))
    (ape_project / path).write_text(right.replace(*wrong))
    assert refresh(project, lambda: calls.append(1))
    assert len(calls) == 2


def test_a_compilation_that_fails_is_not_taken_for_done(ape_project):
    def fail() -> None:
        raise RuntimeError("does not compile")

    with pytest.raises(RuntimeError, match="does not compile"):
        refresh(Project(ape_project), fail)
    assert refresh(Project(ape_project), lambda: None)
