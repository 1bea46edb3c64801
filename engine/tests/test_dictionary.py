"""Constants worth trying are found in run-time code, and only those."""

from __future__ import annotations

from evmstorm.evm import artifacts
from evmstorm.fuzz import _dictionary


def _vault() -> list[int]:
    artifact = artifacts.load("ThirdPartyVault")
    return _dictionary.constants(artifact.runtime_code, b"", artifact.method_identifiers.values())


def test_constants_of_the_source_are_there() -> None:
    source = "ThirdPartyVault.vy"

    assert {artifacts.constant(source, name) for name in ("EXIT_DELAY", "STREAM", "VIRTUAL")} <= set(_vault())


def test_selectors_positions_and_text_are_not() -> None:
    artifact = artifacts.load("ThirdPartyVault")
    selectors = {int(selector, 16) for selector in artifact.method_identifiers.values()}

    assert not selectors & set(_vault())
    assert int.from_bytes(b"vault: exit is not ripe".ljust(32, b"\0"), "big") not in _vault()
    assert len(_vault()) < 60


def test_immutables_are_read_but_addresses_are_not() -> None:
    words = (12_345).to_bytes(32, "big") + bytes.fromhex("5b" * 20).rjust(32, b"\0")

    assert _dictionary.constants(b"", words) == [12_345]


def test_neighbours_stay_within_a_word() -> None:
    assert _dictionary.neighbours([0, 2**256 - 1]) == [0, 1, 2**256 - 2, 2**256 - 1]
