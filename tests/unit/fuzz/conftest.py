from __future__ import annotations

import pytest

from keifu.evm import LocalEvm
from keifu.fuzz import planted
from keifu.fuzz.counterexample import Counterexample
from keifu.fuzz.plant import Load, hunt, plant
from keifu.fuzz.systems.vault import Vault

EARLY = "exit one second early"


@pytest.fixture
def evm() -> LocalEvm:
    return LocalEvm()


@pytest.fixture(scope="session")
def early_exit() -> tuple[Counterexample, Load]:
    """A counterexample, and the artefacts with its bug in."""
    bug = next(bug for bug in planted.load("vault") if bug.name == EARLY)
    example = hunt(Vault, bug, calls=200_000).example
    assert example is not None
    return example, plant(bug)
