"""The command line as a person runs it: whole processes of `keifu`, from the fork to the exit."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from keifu.errors import CheckFailed

__all__ = ["timed_keifu"]


def timed_keifu(*words: str, status: int, rounds: int, environment: dict[str, str]) -> tuple[float, str]:
    """Median seconds of so many runs, after one that is not counted, and what the last one printed. Raises CheckFailed
    when one ends with another exit status."""
    command = [str(Path(sys.executable).parent / "keifu"), *words]
    # Byte code is kept, as it is for everybody who installed the package.
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | environment

    def run() -> tuple[float, str]:
        started = time.perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=kept)
        taken = time.perf_counter() - started
        if done.returncode != status:
            raise CheckFailed(
                f"keifu {' '.join(words)} ended with {done.returncode}, not {status}: {done.stderr[-300:]}"
            )
        return taken, done.stdout

    run()  # compiled, and in the page cache
    runs = [run() for _ in range(rounds)]
    return median(taken for taken, _ in runs), runs[-1][1]
