"""A process that is killed at its first line of some files, at its second, and so on: what programs of that kind share.

A line that runs more than once is killed at its first time, its last, or each time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from keifu.chain import Anvil
from tests.profiles import DEEP

__all__ = ["ChainTrials", "require_nothing_wrong", "run", "trials"]


ROOT = Path(__file__).parents[1]


def require_nothing_wrong(program: str, arguments: Sequence[object], which: str, every: int, least: int) -> None:
    """Run such a program, which prints what `trials` found. At least so many lines have to run.

    Each so many of them is killed by the quick profile, and each time that each runs by `make fuzz-deep`.
    """
    portion = ("all",) if DEEP else (which, str(every))
    command = [sys.executable, "-m", program, *map(str, arguments), *portion]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(place, fault) for place, fault in found if fault] == []
    assert len({place for place, _ in found}) > least // (1 if DEEP else every)


def run(victim: Callable[[int], None], files: Collection[str], kill_at: int | None) -> list[str]:
    """What a process said until it was killed, or came to its end. `victim` gets the pipe to say it by.

    It is killed when so many lines of `files` have begun, in any of its threads. None kills nothing, and each line is
    said as "file:line"; of one that was killed, the last line says where.
    """
    listen, report = os.pipe()
    if (child := os.fork()) == 0:
        try:
            trace = _tracer(files, report, kill_at)
            threading.settrace(trace)
            sys.settrace(trace)
            victim(report)
        finally:
            os._exit(0)
    os.close(report)
    with os.fdopen(listen) as file:
        said = file.read().splitlines()
    os.waitpid(child, 0)
    return said


class ChainTrials(ABC):
    """A process on one chain, which is before each trial as it was. Its transactions are mined at once, or dropped."""

    files: Collection[str]  # at whose lines the process is killed

    def __init__(self, folder: Path, mode: str, anvil: Anvil) -> None:
        """Whoever inherits prepares the chain, and then calls `ready`."""
        self.folder, self.mode, self._anvil = folder, mode, anvil

    def ready(self) -> None:
        self._snapshot = self._anvil.snapshot()

    def run(self, kill_at: int | None) -> tuple[list[str], str]:
        """What the process said, and what is wrong afterwards."""
        folder, rpc = self.folder / f"{self.mode}-{kill_at}", self._anvil.rpc
        folder.mkdir()
        rpc.call("evm_setAutomine", self.mode == "mined")
        said = run(lambda report: self.victim(folder, report), self.files, kill_at)
        if self.mode == "dropped":
            rpc.call("anvil_dropAllTransactions")
            rpc.call("evm_setAutomine", True)
        try:
            return said, self.wrong(folder, [words.split()[1:] for words in said if words.startswith("answered ")])
        finally:
            self._anvil.restore(self._snapshot)
            self.ready()

    @abstractmethod
    def victim(self, folder: Path, report: int) -> None:
        """What is killed. It reports what it has answered, as "answered" and more words."""

    @abstractmethod
    def wrong(self, folder: Path, answered: list[list[str]]) -> str:
        """What is wrong after a restart."""

    def main(self, which: str, every: str = "1") -> None:
        """Print what every trial found."""
        found = trials(self.run, which, int(every))
        self._anvil.stop()
        print(json.dumps(found))


def trials(trial: Callable[[int | None], tuple[list[str], str]], which: str, every: int) -> list[tuple[str, str]]:
    """Where each process died, and what was wrong then. `trial` gets the number of the line to kill at, None for none;
    it gives what the process said, and what is wrong ("" for nothing). Each so many of the lines is killed at."""
    said, fault = trial(None)
    found = [("nowhere", fault)]
    for line in _chosen(said, which)[::every]:
        said, fault = trial(line)
        found.append((said[-1], fault))
    return found


def _chosen(said: list[str], which: str) -> list[int]:
    """Numbers of the lines at which to kill, of what a process said that was not: first, last or all of each."""
    places = [words for words in said if ":" in words]
    if which == "all":
        return list(range(len(places)))
    numbers = {place: number for number, place in sorted(enumerate(places), reverse=which == "first")}
    return sorted(numbers.values())


def _tracer(files: Collection[str], report: int, kill_at: int | None) -> Any:
    begun = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal begun
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            if kill_at is None or begun == kill_at:
                os.write(report, f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}\n".encode())
            if begun == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            begun += 1
        return trace

    return trace
