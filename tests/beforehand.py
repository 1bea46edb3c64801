"""What a run needs before its tests, by processes beside: ape compiles with one core for minutes, and nothing else
waits for it. Meanwhile all tests are read once, so that not each worker has to compile them, too.

    python -m tests.beforehand          brings ape's build up to date
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from evmstorm.evm import artifacts
from evmstorm.evm.ape_guard import is_current, refresh

__all__ = ["compiled_by_ape"]

_APE = ["-m", "tests.beforehand"]
_READ = ["-m", "pytest", "-p", "no:ape_test", "-p", "no:cacheprovider", "--noconftest", "--collect-only", "--quiet"]


def _bring_up_to_date() -> None:
    """Here and now. Processes take turns, and only the first one compiles."""
    import ape  # noqa: PLC0415 - configures itself at import, after pytest has

    refresh(artifacts.project(), lambda: ape.project.load_contracts(use_cache=False))


@contextmanager
def compiled_by_ape(config: pytest.Config) -> Iterator[Callable[[object], None]]:
    """What the block is given ends when ape's build is up to date. Where that takes long, it has begun before. What the
    other process could not compile fails here once more, where it is read."""
    with ExitStack() as beside:
        if hasattr(config, "workerinput") or is_current(artifacts.project()):
            yield lambda _: _bring_up_to_date()
            return
        compiling = _started(beside, config.rootpath, _APE)

        def wait(_: object) -> None:
            reading = _started(beside, config.rootpath, _READ)
            compiling.wait()
            reading.wait()
            _bring_up_to_date()

        yield wait


def _started(beside: ExitStack, folder: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    """Ends with the block at the latest."""
    process = beside.enter_context(
        subprocess.Popen([sys.executable, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    )
    beside.callback(process.terminate)
    return process


if __name__ == "__main__":
    _bring_up_to_date()
