"""A small run of the staking simulation: contract and model agree, and its slashes reach delegators."""

from __future__ import annotations

from benchmarks.simulation import simulate


def test_contract_and_model_agree():
    outcome = simulate(operators=200, delegators=1_000, epochs=30, seed=1)
    assert outcome.slashes > 0
    assert outcome.deep_slashes > 0
