"""The one build step gives the bytes that ape deploys, and the package holds what it gives."""

from __future__ import annotations

import pytest

from evmstorm.evm import artifacts
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
