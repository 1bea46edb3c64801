"""The hub with many operators and delegators equals its model at the end; the full size is a benchmark."""

from __future__ import annotations

from keifu.staking.simulation import Size, simulate


def test_hub_12_many_operators_and_delegators_end_as_the_model_says():
    """HUB-12"""
    report = simulate(Size(operators=40, delegators=400, rounds=3, slash_one_in=4))
    assert report.slashed > 0
    assert report.operations > 1_000
