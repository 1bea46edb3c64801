"""The one build step: fresh after every change, errors that name what is missing."""

from __future__ import annotations

import re
import shutil

import pytest

from ethwire.constants import DAY
from ethwire.errors import ArtifactError
from evmstorm.evm import artifacts
from evmstorm.evm.artifacts import Project


def test_slot_and_unknown_slot():
    meter = artifacts.load("Meter")
    assert meter.slot("total") == meter.storage_layout["total"]["slot"]
    with pytest.raises(ArtifactError, match="Meter has no storage variable missing"):
        meter.slot("missing")


def test_unknown_contract_names_the_known():
    with pytest.raises(ArtifactError, match=r"no contract Nothing.*Meter"):
        artifacts.load("Nothing")


def test_constant_is_read_from_the_source():
    assert artifacts.constant("ThirdPartyVault.vy", "EXIT_DELAY") == 3 * DAY
    with pytest.raises(ArtifactError, match="has no constant NOTHING"):
        artifacts.constant("ThirdPartyVault.vy", "NOTHING")


@pytest.fixture
def small_project(tmp_path):
    """A contract that uses a module and an interface."""
    contracts = tmp_path / "contracts"
    for folder in ("lib", "interfaces"):
        (contracts / folder).mkdir(parents=True)
    (contracts / "lib" / "rate.vy").write_text("# pragma version 0.4.3\nRATE: constant(uint256) = 3\n")
    (contracts / "interfaces" / "IPrice.vyi").write_text("# pragma version 0.4.3\nevent Priced:\n    price: uint256\n")
    (contracts / "Shop.vy").write_text(
        "# pragma version 0.4.3\n"
        "from .lib import rate\n"
        "from .interfaces import IPrice\n"
        "@external\n"
        "def price(amount: uint256) -> uint256:\n"
        "    log IPrice.Priced(price=amount * rate.RATE)\n"
        "    return amount * rate.RATE\n"
    )
    return Project(tmp_path)


def test_a_changed_module_is_noticed(small_project):
    before = small_project.load("Shop")
    module = small_project.root / "contracts" / "lib" / "rate.vy"
    module.write_text(module.read_text().replace("= 3", "= 4"))
    assert small_project.load("Shop").runtime_code != before.runtime_code


def test_a_changed_interface_is_noticed(small_project):
    before = small_project.load("Shop")
    interface = small_project.root / "contracts" / "interfaces" / "IPrice.vyi"
    interface.write_text(interface.read_text().replace("price: uint256", "price: indexed(uint256)"))
    assert small_project.load("Shop").abi != before.abi


def test_a_moved_project_gives_the_same_bytes(small_project, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(small_project.root / "contracts", moved / "contracts")
    assert Project(moved).load("Shop").creation_code == small_project.load("Shop").creation_code


def test_a_contract_that_does_not_compile_is_named(small_project):
    path = small_project.root / "contracts" / "Shop.vy"
    path.write_text(path.read_text().replace("amount * rate.RATE", "amount * nothing", 1))
    with pytest.raises(ArtifactError, match=r"^Shop\.vy does not compile: 'nothing' has not been declared\.") as caught:
        small_project.load("Shop")
    assert re.search(r" \(correct \S*contracts/Shop\.vy:6\)$", str(caught.value))
    assert "\n" not in str(caught.value)


def test_a_contract_that_is_no_vyper_is_named_in_one_line(small_project):
    (small_project.root / "contracts" / "Shop.vy").write_text("# pragma version 0.4.3\ndef (:\n")
    with pytest.raises(ArtifactError, match=r"^Shop\.vy does not compile: .* \(correct .*Shop\.vy") as caught:
        small_project.load("Shop")
    assert "\n" not in str(caught.value)


def test_two_contracts_of_one_name_are_refused(small_project):
    shop = small_project.root / "contracts" / "Shop.vy"
    (shop.parent / "other").mkdir()
    shutil.copy(shop, shop.parent / "other" / "Shop.vy")
    with pytest.raises(ArtifactError, match="two contracts are called Shop"):
        small_project.paths()
