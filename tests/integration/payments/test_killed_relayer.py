"""A relayer is killed at each line of its room, and started again: what it was asked for takes effect once."""

from __future__ import annotations

import pytest

from tests.killed_process import require_nothing_wrong

LEAST_PLACES = 170  # lines that run
EVERY = 15  # of them is killed


@pytest.mark.parametrize(("mode", "which"), [("mined", "first"), ("dropped", "last")])
def test_killed_at_each_line(tmp_path, monkeypatch, mode, which):
    """`mined` and `dropped` are what the chain's node has done when the process starts again."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    program = "tests.integration.payments.killed_relayer"
    require_nothing_wrong(program, [tmp_path, mode], which, EVERY, LEAST_PLACES)
