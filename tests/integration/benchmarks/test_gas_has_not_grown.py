"""Our gas on a real anvil beside the committed figures."""

from __future__ import annotations

from benchmarks import gas


def test_no_figure_grew_without_a_reason():
    grown = gas.growth(gas.recorded(), *gas.measured())
    assert not grown, "\n".join([*grown, 'if it must be so: python -m benchmarks.gas --update --why "..."'])
