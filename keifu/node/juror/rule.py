"""A rule: the owner's program, which re-executes the evidence of a case and says what the juror votes.

It gets the case and what the parties said as JSON on its standard input. It prints `guilty`, `innocent` or `undecided`.
It runs beside the rounds, one at a time, with none of the node's variables, and for so long. Whatever else it does
leaves the case to the owner.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Rule", "Ruling"]

UNDECIDED = "undecided"
LARGEST_ANSWER = 4_096  # bytes of what a rule prints
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")  # variables; none of the node's


@dataclass(frozen=True)
class Ruling:
    """What a rule said: a vote, or why none."""

    guilty: bool | None
    why: str = ""


class Rule:
    """One program; `run` starts it, `done` gives what has ended since."""

    def __init__(self, command: Sequence[str], folder: Path, patience: float) -> None:
        self._command, self._folder, self._patience = list(command), folder, patience
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="rule")
        self._running: dict[tuple[int, int], Future[Ruling]] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_given(self) -> bool:
        return bool(self._command)

    def run(self, key: tuple[int, int], case: dict[str, Any]) -> None:
        """Ask about a case, unless it is being asked about."""
        if key not in self._running:
            self._running[key] = self._pool.submit(self._rule, json.dumps(case).encode())

    def done(self) -> dict[tuple[int, int], Ruling]:
        ended = {key: future.result() for key, future in self._running.items() if future.done()}
        for key in ended:
            del self._running[key]
        return ended

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._end()
        self._pool.shutdown()

    def _rule(self, case: bytes) -> Ruling:
        variables = {name: value for name, value in os.environ.items() if name in KEPT}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the owner's program
                self._command, cwd=self._folder, env=variables, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as error:
            return Ruling(None, f"{self._command[0]}: {error.strerror}")
        try:
            said, _ = self._process.communicate(case, timeout=self._patience)
        except subprocess.TimeoutExpired:
            self._end()
            self._process.communicate()
            return Ruling(None, f"it had not ended after {self._patience:.0f} s")
        if self._process.returncode:
            return Ruling(None, f"it ended with {self._process.returncode}")
        word = said[:LARGEST_ANSWER].decode(errors="replace").strip()
        if word not in ("guilty", "innocent", UNDECIDED):
            return Ruling(None, f"it printed {word[:60]!r}")
        return Ruling(None, "it is undecided") if word == UNDECIDED else Ruling(word == "guilty")

    def _end(self) -> None:
        """Whatever it has started ends with it."""
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
