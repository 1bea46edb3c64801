"""Faults of the past fit the sources of today, so that `python -m tests.seeded_cases` can put each of them back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.seeded_cases import FAULTS
from tests.seeded_fault import Fault

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.case} {fault.what}")
def test_a_fault_fits_its_source(fault: Fault):
    assert fault.right in (ROOT / fault.path).read_text(encoding="utf-8")
    assert (ROOT / fault.tests).exists()


def test_no_fault_stands_twice():
    assert len({(fault.path, fault.right, fault.wrong) for fault in FAULTS}) == len(FAULTS)
