"""Processes beside this one, and what they take: processor seconds and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from keifu.errors import CheckFailed, EnvironmentFault

__all__ = ["PATIENCE_SECONDS", "line_of", "own_state", "peak_bytes", "processor_seconds", "python_beside"]

PATIENCE_SECONDS = 60.0
ROOT = Path(__file__).parents[1]


@contextmanager
def python_beside(
    module: str, *words: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A module of this tree as a process, killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise CheckFailed("a process of the load ended before its time")
    return line


@contextmanager
def own_state() -> Iterator[None]:
    """A state folder for this process alone: locks of a benchmark are nobody else's."""
    before = os.environ.get("XDG_STATE_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        try:
            yield
        finally:
            os.environ.pop("XDG_STATE_HOME")
            if before is not None:
                os.environ["XDG_STATE_HOME"] = before


def processor_seconds(pid: int) -> float:
    """Of all threads of another process, its kernel time included. The scheduler counts in nanoseconds."""
    try:
        threads = [task.read_text().split() for task in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    except OSError as error:
        raise EnvironmentFault("this machine has no /proc", remedy="measure on Linux") from error
    if not threads:
        raise EnvironmentFault("this kernel counts no time of threads", remedy="measure on Linux with schedstats")
    return sum(int(thread[0]) for thread in threads) / 1e9


def process_seconds(pid: int) -> float:
    """Processor time of another process since it began, threads that have ended included."""
    try:
        return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid makes of it on Linux
    except OSError as error:
        raise EnvironmentFault("this machine has no clock of other processes", remedy="measure on Linux") from error


def peak_bytes(pid: int) -> int:
    """The most memory that another process has had."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError as error:
        raise EnvironmentFault("this machine has no /proc", remedy="measure on Linux") from error
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))
