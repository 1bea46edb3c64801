"""The hub with many operators and delegators equals its model at the end; the full size is a benchmark."""

from __future__ import annotations

import pytest

from audit.simulation import Size, simulate
from keifu.errors import CheckFailed
from keifu.spec.staking import HubModel


def test_hub_12_many_operators_and_delegators_end_as_the_model_says():
    """HUB-12"""
    report = simulate(Size(operators=40, delegators=400, rounds=3, slash_one_in=4))
    assert report.slashed > 0
    assert report.reached > 0
    assert report.operations > 1_000


def test_one_wei_of_difference_is_found(monkeypatch):
    claim = HubModel.claim_rewards
    monkeypatch.setattr(HubModel, "claim_rewards", lambda model, *args: claim(model, *args) + 1)
    with pytest.raises(CheckFailed, match="the chain says"):
        simulate(Size(operators=20, delegators=40, rounds=1))
