"""A process that sends is killed at each line, and started again: nothing is lost and nothing is paid twice."""

from __future__ import annotations

import pytest

from tests.killed_process import require_nothing_wrong

pytestmark = [pytest.mark.case("tools-17")]

LEAST_PLACES = 300  # lines of the sender that run when three intents are sent
EVERY = 15  # of them is killed


@pytest.mark.parametrize(("mode", "which"), [("mined", "first"), ("dropped", "last")])
def test_killed_at_each_line(anvil, tmp_path, mode, which):
    """`mined` and `dropped` are what the node has done when the process starts again."""
    program = "tests.unit.chain.sender.killed_at_each_line"
    require_nothing_wrong(program, [anvil.url, tmp_path, mode], which, EVERY, LEAST_PLACES)
