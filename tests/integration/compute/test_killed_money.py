"""A provider is killed at each line of its money book, its room, and redemption, and started again.

No answer that left is lost, none is charged twice, and no more is paid out than was signed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.profiles import DEEP

ROOT = Path(__file__).parents[3]
LEAST_PLACES = 150  # lines that run
EVERY = 15  # of them is killed by the quick profile; `make fuzz-deep` kills at each time that each runs


@pytest.mark.parametrize(("mode", "which"), [("mined", "first"), ("dropped", "last")])
def test_killed_at_each_line(tmp_path, monkeypatch, mode, which):
    """`mined` and `dropped` are what the chain's node has done when the process starts again."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    command = [sys.executable, "-m", "tests.integration.compute.killed_money"]
    arguments = [str(tmp_path), mode, *(("all",) if DEEP else (which, str(EVERY)))]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(place, fault) for place, fault in found if fault] == []
    assert len({place for place, _ in found}) > LEAST_PLACES // (1 if DEEP else EVERY)
