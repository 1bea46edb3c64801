"""What a test run says before its first test: a line for each phase, and dots while one lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

__all__ = ["Progress", "starting"]

DOT_SECONDS = 2.0

Step = Callable[[int, int], None]  # how much of a phase is done, of how much


class Progress:
    """Speaks through pytest's reporter, past its capturing, and only in the process that has one: not in workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._reporter = config.pluginmanager.get_plugin("terminalreporter")
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        self._write(text + "\n")

    @contextmanager
    def phase(self, what: str) -> Iterator[Step]:
        """Announce a phase and its end. The block may call what it is given with how much is done, of how much."""
        ended = threading.Event()
        dots = threading.Thread(target=self._dots, args=(ended,), daemon=True)
        self._write(f"{what} ")
        dots.start()
        try:
            yield lambda done, total: self._write(f"{done}/{total} ")
        finally:
            ended.set()
            dots.join()
            self._write("- done\n")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        self.say(f"tests: worker {node.gateway.id} has collected {len(ids):,}")

    def _dots(self, ended: threading.Event) -> None:
        while not ended.wait(DOT_SECONDS):
            self._write(".")

    def _write(self, text: str) -> None:
        if self._reporter is None:
            return
        with self._lock:  # a pipe would keep the text back otherwise
            self._reporter.write(text, flush=True)


def starting(config: pytest.Config, phases: Mapping[str, Callable[[Step], object]]) -> None:
    """Go through what comes before the tests are collected, and tell it."""
    progress = Progress(config)
    config.pluginmanager.register(progress, "keifu-progress")
    for what, work in phases.items():
        with progress.phase(what) as step:
            work(step)
    progress.say("tests: collecting")
