"""The one build step: same bytes as ape, fresh after every change."""

from __future__ import annotations

import shutil

import pytest

from evmstorm.evm import artifacts
from evmstorm.evm.artifacts import Project
from keifu.errors import ArtifactError
from scripts.packaged_abi import drift


@pytest.mark.parametrize("name", artifacts.names())
def test_code_is_byte_equal_with_ape(project, name):
    artifact = artifacts.load(name)
    ape_type = getattr(project, name).contract_type
    assert bytes(ape_type.get_deployment_bytecode()) == artifact.creation_code
    assert bytes(ape_type.get_runtime_bytecode()) == artifact.runtime_code


def test_committed_abi_is_what_the_sources_give():
    assert drift() == []


def test_sources_name_no_machine_and_no_python():
    sources = {source for name in artifacts.names() for source in artifacts.load(name).sources}
    assert {source.split("/")[0] for source in sources} == {"contracts", "site-packages"}


def test_selectors_have_eight_digits():
    selectors = [s for name in artifacts.names() for s in artifacts.load(name).method_identifiers.values()]
    assert {len(selector) for selector in selectors} == {8}


def test_slot_and_unknown_slot():
    counter = artifacts.load("Counter")
    assert counter.slot("total") == counter.storage_layout["total"]["slot"]
    with pytest.raises(ArtifactError, match="Counter has no storage variable missing"):
        counter.slot("missing")


def test_unknown_contract_names_the_known():
    with pytest.raises(ArtifactError, match=r"no contract Nothing.*Counter"):
        artifacts.load("Nothing")


def test_constant_is_read_from_the_source():
    assert artifacts.constant("governance/Create3Factory.vy", "MAX_INIT_CODE") == 49_152
    with pytest.raises(ArtifactError, match="has no constant NOTHING"):
        artifacts.constant("governance/Create3Factory.vy", "NOTHING")


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
    with pytest.raises(ArtifactError, match=r"Shop\.vy does not compile"):
        small_project.load("Shop")


def test_two_contracts_of_one_name_are_refused(small_project):
    shop = small_project.root / "contracts" / "Shop.vy"
    (shop.parent / "other").mkdir()
    shutil.copy(shop, shop.parent / "other" / "Shop.vy")
    with pytest.raises(ArtifactError, match="two contracts are called Shop"):
        small_project.paths()
