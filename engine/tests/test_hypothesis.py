"""VAU-1 to VAU-4: the contract that is not ours, under Hypothesis."""

from __future__ import annotations

import pytest
from systems.vault import Vault

from ethwire.errors import CheckFailed
from evmstorm.fuzz import Steps, action
from evmstorm.fuzz.hypothesis import sequences

test_vault_keeps_its_invariants = sequences(Vault, examples=30)


class Forgetful(Vault):
    """A model that forgets the exit claims, so that every exit is a finding."""

    @action("vault.exit")
    def exit(self, who: str) -> Steps:
        yield


def test_hypothesis_finds_and_shrinks() -> None:
    with pytest.raises(CheckFailed, match=r"exit: liveness") as failure:
        sequences(Forgetful, examples=30)()

    assert str(failure.value).count(" -> ") == 1
