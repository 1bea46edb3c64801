"""An attestor is killed at each line of its room, and started again: it signs one statement, of what is stored."""

from __future__ import annotations

import pytest

from tests.killed_process import require_nothing_wrong

LEAST_PLACES = 110  # lines that run
EVERY = 12  # of them is killed


@pytest.mark.parametrize(("victim", "which"), [("first", "last"), ("second", "first")])
def test_killed_at_each_line(tmp_path, victim, which):
    """`first` leads and stores, `second` checks what the first one says."""
    require_nothing_wrong("tests.unit.node.killed_attestor", [tmp_path, victim], which, EVERY, LEAST_PLACES)
