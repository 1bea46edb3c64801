"""natrix's findings are told by file and line; a file is left alone as long as all that it stands on is the same."""

from __future__ import annotations

import pytest

from scripts import check_natrix

MODULE = """# pragma version 0.4.3
@internal
@pure
def _double(amount: uint256) -> uint256:
    return amount * 2
"""
CONTRACT = """# pragma version 0.4.3
from contracts.lib import sums


@external
@pure
def twice(amount: uint256) -> uint256:
    return sums._double(amount)
"""


@pytest.fixture
def contract(tmp_path, monkeypatch):
    monkeypatch.setattr(check_natrix, "ROOT", tmp_path)
    monkeypatch.setattr(check_natrix, "CACHE", tmp_path / ".cache")
    (tmp_path / "contracts" / "lib").mkdir(parents=True)
    (tmp_path / "contracts" / "lib" / "sums.vy").write_text(MODULE)
    path = tmp_path / "contracts" / "Sums.vy"
    path.write_text(CONTRACT)
    return path


def test_a_clean_file_is_left_alone_until_a_module_of_it_changes(contract):
    assert not check_natrix.is_clean(contract)
    assert check_natrix.faults(contract) == []
    assert check_natrix.is_clean(contract)
    (contract.parent / "lib" / "sums.vy").write_text(MODULE.replace("2", "3"))
    assert not check_natrix.is_clean(contract)


def test_a_variable_that_nobody_reads_is_told_each_time(contract):
    contract.write_text(CONTRACT.replace("    return", "    spare: uint256 = amount + 1\n    return"))
    reported = "contracts/Sums.vy:8:4 NTX8 Variable 'spare' is declared but never used."
    for _ in range(2):
        assert check_natrix.faults(contract) == [reported]
        assert not check_natrix.is_clean(contract)


def test_a_clean_bill_of_other_tools_does_not_count(contract, monkeypatch):
    assert check_natrix.faults(contract) == []
    monkeypatch.setattr(check_natrix, "version", lambda name: "0.0")
    assert not check_natrix.is_clean(contract)
