"""What a stranger may register without end: pages end all the same."""

from __future__ import annotations

import pytest

from benchmarks.explorer_world import record
from keifu.explorer import records
from tests.unit.explorer.conftest import text

MOST = 20  # records, in the place of hundreds


@pytest.fixture
def deep(changing, monkeypatch):
    """A chain of records that is longer than what is looked at; its ids."""
    monkeypatch.setattr(records, "MOST", MOST)
    explorer, scribe = changing
    ids = [record(scribe, "deepest", 1, "0x" + "1" * 40)]
    for number in range(2 * MOST):
        ids.append(record(scribe, f"on top {number}", 5, "0x" + "1" * 40, [(1, ids[-1])]))
    scribe.write()
    return explorer, ids


def test_a_lineage_of_any_size_is_cut_and_says_so(deep):
    explorer, ids = deep
    page = text(explorer, f"/en/record/{ids[-1][2:]}")
    assert "not known here" in page
    assert page.count("derived from") == MOST


def test_what_rests_on_a_record_is_cut_and_says_so(deep):
    explorer, ids = deep
    page = text(explorer, f"/en/record/{ids[0][2:]}/impact")
    assert f"directly or through others: {MOST}" in page
    assert "There are more" in page
