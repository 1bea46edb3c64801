"""What whole transactions cost on anvil, cold, beside the bars."""

from __future__ import annotations

import pytest

from benchmarks import inft
from benchmarks._lab import Lab
from benchmarks._rows import measure


@pytest.fixture(scope="module")
def lab():
    with Lab() as lab:
        yield lab


@pytest.mark.parametrize("row", inft.ROWS, ids=lambda row: row.id)
def test_within_its_bar(lab, row):
    assert measure(row, lab, peers=False).ours <= row.bar.figure
