"""Seeded bugs are found, quickly and small; what does not fit its source is refused."""

from __future__ import annotations

import pytest
from systems.vault import Vault

from ethwire.errors import InputError
from evmstorm import project
from evmstorm.mutation.seeded_bugs import Bug, overlay_of, search_for_bug, seeder

MAX_STEPS = 6
MAX_CALLS = 200_000


@pytest.mark.slow
def test_bugs_of_the_vault_are_found() -> None:
    """Every fifth; `keifu fuzz vault --seeded-bugs` searches for all."""
    for bug in project.bugs_of("vault")[::5]:
        result = search_for_bug(Vault, bug, calls=MAX_CALLS)
        assert result.example is not None, f"{bug.name} was not found in {result.calls} calls"
        assert result.steps <= MAX_STEPS, result.example.script()


def test_a_budget_that_is_spent_ends_the_search() -> None:
    harmless = Bug("no bug", "ThirdPartyVault.vy", "@title ThirdPartyVault", "@title The same")

    result = search_for_bug(Vault, harmless, calls=500)

    assert (result.example, result.steps) == (None, 0)
    assert result.calls >= 500


def test_a_text_that_is_not_there_exactly_once_is_refused() -> None:
    for old in ("self.never_there", "self."):
        with pytest.raises(InputError, match=r"occurs \d+ times in ThirdPartyVault\.vy, not once"):
            overlay_of(Bug("wrong", "ThirdPartyVault.vy", old, ""))


def test_a_seeder_fills_in_file_and_contracts() -> None:
    bug = seeder("A.vy", "First", "Second")

    assert bug("x", "a", "b") == Bug("x", "A.vy", "a", "b", ("First", "Second"))
    assert bug("x", "a", "b", "lib/c.vy") == Bug("x", "lib/c.vy", "a", "b", ("First", "Second"))


def test_a_system_without_bugs_has_none() -> None:
    assert project.bugs_of("nothing") == []
