"""The load of the benchmark, small: every request is answered and charged once, and receipts are as they should be."""

from __future__ import annotations

import pytest

from benchmarks import compute
from benchmarks._served import CNN, MLP


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for name, count in (("REQUESTS", 24), ("PAIRS", 1), ("ROUNDS", 2), ("WARM", 1)):
        monkeypatch.setattr(compute, name, count)


@pytest.mark.parametrize(("model", "ahead"), [(MLP, 1), (CNN, 64)])
def test_every_request_is_answered_and_charged_once(model, ahead):
    """`measure_load` compares the last receipt of every channel with all that was asked there."""
    load = compute.measure_load(model, payers=4, ahead=ahead)
    assert min(load.rate, load.plain, load.overhead) > 0
