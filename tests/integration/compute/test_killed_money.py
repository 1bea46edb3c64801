"""A provider is killed at each line of its money book, its room, and redemption, and started again.

No answer that left is lost, none is charged twice, and no more is paid out than was signed.
"""

from __future__ import annotations

import pytest

from tests.killed_process import require_nothing_wrong

LEAST_PLACES = 150  # lines that run
EVERY = 15  # of them is killed


@pytest.mark.parametrize(("mode", "which"), [("mined", "first"), ("dropped", "last")])
def test_killed_at_each_line(tmp_path, monkeypatch, mode, which):
    """`mined` and `dropped` are what the chain's node has done when the process starts again."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    require_nothing_wrong("tests.integration.compute.killed_money", [tmp_path, mode], which, EVERY, LEAST_PLACES)
