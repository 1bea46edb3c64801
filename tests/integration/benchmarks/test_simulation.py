"""A small run of the staking simulation: contract and model agree, and its slashes reach delegators."""

from __future__ import annotations

import pytest

from benchmarks.simulation import simulate
from keifu.errors import CheckFailed
from keifu.fuzz.models.staking import HubModel


def test_contract_and_model_agree():
    outcome = simulate(operators=200, delegators=1_000, epochs=30, seed=1)
    assert outcome.slashes > 0
    assert outcome.deep_slashes > 0


def test_one_wei_of_difference_is_found(monkeypatch):
    claim = HubModel.claim_rewards
    monkeypatch.setattr(HubModel, "claim_rewards", lambda model, *args: claim(model, *args) + 1)
    with pytest.raises(CheckFailed, match="the contract says"):
        simulate(operators=200, delegators=200, epochs=3, seed=1)
