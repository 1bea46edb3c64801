"""A contract that lost a check of its constructor is refused before the first call."""

from __future__ import annotations

import pytest

from evmstorm.fuzz import DescriptionError, Engine
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from evmstorm.project import load
from tests.profiles import quick_or_deep

LOST = [
    ("hub", Bug("itself insured", "staking/lib/slashing.vy", "_insurance not in [empty(address), self]",
                "_insurance != empty(address)", ("StakingHub",))),
    ("token", Bug("no holder", "token/KeifuToken.vy", "assert _holder != empty(address)", "assert _holder != self")),
]  # fmt: skip


@pytest.mark.parametrize(("system", "bug"), quick_or_deep(LOST[1:], LOST), ids=lambda item: getattr(item, "name", item))
def test_a_lost_check_is_noticed(system: str, bug: Bug) -> None:
    with pytest.raises(DescriptionError, match=r"must be refused for .*, was deployed"):
        Engine(load(system), compile_with(bug))


@pytest.mark.parametrize("system", sorted({system for system, _ in LOST}))
def test_the_right_code_is_not(system: str) -> None:
    Engine(load(system))
