"""Each typed struct of the suite hashes to what the contracts' sources say, wherever they say it."""

from __future__ import annotations

import re

import pytest

from ethwire.eip712 import StructType
from ethwire.keys import keccak256
from evmstorm.evm import artifacts
from keifu.abi import eip712

TYPE = re.compile(r'"([A-Z]\w+\([^"]*\)(?:[A-Z]\w+\([^"]*\))*)"')


@pytest.fixture(scope="module")
def sources() -> set[str]:
    """Every encoded type that a contract or module of ours hashes; long ones are written in parts."""
    root = artifacts.project().root / "contracts"
    text = "".join(path.read_text() for path in root.rglob("*.vy") if "testing" not in path.parts)
    return set(TYPE.findall(re.sub(r'"\s*\n?\s*"', "", text)))


@pytest.mark.parametrize("name", eip712.__all__)
def test_the_contracts_hash_the_same_type(name, sources):
    struct = getattr(eip712, name)
    assert isinstance(struct, StructType)
    assert struct.type_hash == keccak256(struct.encoding.encode())
    assert any(struct.encoding == found or struct.own_encoding in found for found in sources), struct.encoding
