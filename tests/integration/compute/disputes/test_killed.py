"""A node that answers a dispute is killed at its lines: it answers all the same, and has the bond once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.compute.disputes.killed_at_each_line import PROGRAM
from tests.profiles import quick_or_deep

EVERY = quick_or_deep({"answer": 71, "close": 71}, {"answer": 1, "close": 1})  # so many lines


@pytest.mark.parametrize("mode", EVERY)
def test_killed_at_its_lines(tmp_path: Path, mode: str) -> None:
    command = [sys.executable, "-m", PROGRAM, str(tmp_path), mode, str(EVERY[mode])]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert [(line, fault) for line, fault in found if fault] == []
    assert len(found) > 1
