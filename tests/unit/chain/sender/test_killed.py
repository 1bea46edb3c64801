"""A process that sends is killed at each line, and started again: nothing is lost and nothing is paid twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.profiles import DEEP

pytestmark = [pytest.mark.case("tools-17")]

ROOT = Path(__file__).parents[4]
LEAST_PLACES = 300  # lines of the sender that run when three intents are sent
EVERY = 15  # of them is killed by the quick profile; `make fuzz-deep` kills at each time that each runs


@pytest.mark.parametrize(("mode", "which"), [("mined", "first"), ("dropped", "last")])
def test_killed_at_each_line(anvil, tmp_path, mode, which):
    """`mined` and `dropped` are what the node has done when the process starts again."""
    command = [sys.executable, "-m", "tests.unit.chain.sender.killed_at_each_line"]
    arguments = [anvil.url, str(tmp_path), mode, *(("all",) if DEEP else (which, str(EVERY)))]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(place, fault) for place, fault in found if fault] == []
    assert len({place for place, _ in found}) > LEAST_PLACES // (1 if DEEP else EVERY)
