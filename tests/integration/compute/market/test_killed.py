"""A node that answers a demand is killed at its lines: one answer on the chain, one receipt a number, one bond."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = "tests.integration.compute.market.killed_at_each_line"
EVERY = {"kept": 9, "made": 13}  # so many lines; run by hand without it, each of them


@pytest.mark.parametrize("mode", EVERY)
def test_killed_at_its_lines(tmp_path: Path, mode: str) -> None:
    command = [sys.executable, "-m", PROGRAM, str(tmp_path), mode, str(EVERY[mode])]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert [(line, fault) for line, fault in found if fault] == []
    assert len(found) > 5
