"""ape itself misses a change in an imported module or interface; the guard does not."""

from __future__ import annotations

import shutil
from typing import Any

import ape
import pytest

from evmstorm.evm import artifacts
from evmstorm.evm.ape_guard import is_current, refresh
from evmstorm.evm.artifacts import Project

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
SEEDED = [
    ("contracts/lib/rate.vy", MODULE, ("= 3", "= 4")),
    ("contracts/interfaces/IPrice.vyi", INTERFACE, ("price: uint256", "price: indexed(uint256)")),
]


@pytest.fixture
def ape_project(tmp_path):
    contracts = tmp_path / "contracts"
    for path, text in {
        contracts / "lib" / "rate.vy": MODULE,
        contracts / "interfaces" / "IPrice.vyi": INTERFACE,
        contracts / "Shop.vy": CONTRACT,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copy(ROOT / "ape-config.yaml", tmp_path)
    return tmp_path


def sold(project: ape.Project, buyer: Any) -> tuple[int, list[bytes]]:
    """What is charged for seven, and the topics of the event beside its name."""
    receipt = project.Shop.deploy(sender=buyer).price(7, sender=buyer)
    return receipt.events[0].price, receipt.logs[0]["topics"][1:]


@pytest.mark.parametrize(("path", "right", "wrong"), SEEDED, ids=["module", "interface"])
def test_a_bug_seeded_in_a_module_or_an_interface_is_what_ape_deploys(ape_project, accounts, path, right, wrong):
    """Not without the guard: ape's cache keeps what it has."""

    def opened() -> ape.Project:
        return ape.Project(ape_project)

    ours = Project(ape_project)
    assert refresh(ours, lambda: opened().load_contracts(use_cache=False))
    assert sold(opened(), accounts[0]) == (21, [])
    (ape_project / path).write_text(right.replace(*wrong))
    opened().load_contracts()
    assert sold(opened(), accounts[0]) == (21, [])
    assert refresh(ours, lambda: opened().load_contracts(use_cache=False))
    assert sold(opened(), accounts[0]) != (21, [])


@pytest.mark.parametrize(("path", "right", "wrong"), SEEDED, ids=["module", "interface"])
def test_recompiles_only_after_a_change(ape_project, path, right, wrong):
    calls = []
    project = Project(ape_project)
    assert not is_current(project)
    assert refresh(project, lambda: calls.append(1))
    assert is_current(project)
    assert not refresh(project, lambda: calls.append(1))
    (ape_project / path).write_text(right.replace(*wrong))
    assert not is_current(project)
    assert refresh(project, lambda: calls.append(1))
    assert len(calls) == 2


def test_a_compilation_that_fails_is_not_taken_for_done(ape_project):
    def fail() -> None:
        raise RuntimeError("does not compile")

    with pytest.raises(RuntimeError, match="does not compile"):
        refresh(Project(ape_project), fail)
    assert refresh(Project(ape_project), lambda: None)
