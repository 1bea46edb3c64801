"""The record of our gas: growth needs a reason."""

from __future__ import annotations

import pytest

from benchmarks.gas import Recorded, growth, recorded, updated
from keifu.errors import UsageError

BEFORE = {"gas.attest": Recorded(50_000, "first")}


@pytest.mark.parametrize("gas", [40_000, 50_000, 51_000])
def test_up_to_two_percent_passes(gas):
    assert growth(BEFORE, {"gas.attest": gas}, {}) == []


def test_more_than_two_percent_is_named_with_both_figures():
    assert growth(BEFORE, {"gas.attest": 51_001}, {}) == ["gas.attest: 51,001 gas, +2.0% over 50,000"]


def test_a_figure_that_vanished_is_named():
    assert growth(BEFORE, {}, {}) == ["gas.attest: recorded, but no row"]
    reverts = {"gas.attest": "ours not measured: reverted"}
    assert growth(BEFORE, {}, reverts) == ["gas.attest: ours not measured: reverted"]


def test_a_new_figure_is_no_growth():
    assert growth({}, {"gas.attest": 50_000}, {}) == []


def test_recording_a_change_needs_a_reason():
    with pytest.raises(UsageError, match="1 figures changed"):
        updated(BEFORE, {"gas.attest": 60_000}, " ")


def test_a_figure_that_stayed_keeps_its_reason():
    after = updated(BEFORE, {"gas.attest": 50_000, "gas.slash": 7}, "second")
    assert after == {"gas.attest": Recorded(50_000, "first"), "gas.slash": Recorded(7, "second")}


def test_every_committed_figure_has_a_reason():
    assert all(figure.why for figure in recorded().values())
