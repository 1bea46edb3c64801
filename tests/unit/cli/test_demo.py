"""The demo as `make demo` calls it: a module that runs, and one line for a wrong chapter."""

from __future__ import annotations

import subprocess
import sys


def test_the_module_runs_and_refuses_a_chapter_that_is_not_there():
    command = [sys.executable, "-m", "examples.demo", "--chapter", "weather"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, "the module does not call its command"
    known = (
        "token", "provenance", "chains", "staking", "agents", "network", "compute", "chat", "storage", "minds",
        "grants", "deployment",
    )  # fmt: skip
    assert f"'weather' is not one of {', '.join(map(repr, known))}" in done.stderr
    assert "Traceback" not in done.stderr
