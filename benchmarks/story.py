"""The whole demo, as a person starts it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._lab import Lab
from benchmarks._rows import Row
from keifu.errors import CheckFailed

__all__ = ["ROWS"]

ROOT = Path(__file__).parents[1]


def _seconds(_: Lab) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "examples.demo", "--out", folder]
        began = time.monotonic()
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "CI": "true"}, capture_output=True, text=True, check=False
        )
        taken = time.monotonic() - began
    if done.returncode:
        raise CheckFailed(f"the demo failed: {(done.stdout + done.stderr).strip()[-300:]}")
    return taken


ROWS = (Row("time.demo", _seconds, "`make demo` with all its chapters, until its last claim", heavy=True),)
