from __future__ import annotations

import pytest

from audit.systems.vault import Vault
from evmstorm import project
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.counterexample import Counterexample
from evmstorm.mutation.seeded_bugs import Load, compile_with, search_for_bug

EARLY = "exit one second early"


@pytest.fixture
def evm() -> LocalEvm:
    return LocalEvm()


@pytest.fixture(scope="session")
def early_exit() -> tuple[Counterexample, Load]:
    """A counterexample, and the artefacts with its bug in."""
    bug = next(bug for bug in project.bugs_of("vault") if bug.name == EARLY)
    example = search_for_bug(Vault, bug, calls=200_000).example
    assert example is not None
    return example, compile_with(bug)
