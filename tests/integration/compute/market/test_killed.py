"""A node that answers a demand is killed at its lines: one answer on the chain, one receipt a number, one bond."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.profiles import quick_or_deep

PROGRAM = "tests.integration.compute.market.killed_at_each_line"
EVERY = quick_or_deep({"kept": 19, "made": 29}, {"kept": 1, "made": 1})  # so many lines


@pytest.mark.parametrize("mode", EVERY)
def test_killed_at_its_lines(tmp_path: Path, mode: str) -> None:
    command = [sys.executable, "-m", PROGRAM, str(tmp_path), mode, str(EVERY[mode])]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert [(line, fault) for line, fault in found if fault] == []
    assert len(found) > 3
