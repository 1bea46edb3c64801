"""A node whose last layer gives another number than the model's, and that defends it: what it shows is faked alike.

    python -m tests.faking_layers node compute run FOLDER

The command line is keifu's. Lane 0 behind the last layer is larger by 1.
"""

from __future__ import annotations

from typing import Any

from keifu.cli import main
from keifu.inference.tokens.executor import Executor, Memory

honest = Executor.run


def faked(self: Executor, h: Any, spans: Any, memory: Memory, seen: Any) -> None:
    honest(self, h, spans, memory, seen)
    h[:, 0] += 1
    if len(seen):
        seen[-1, :, 0] += 1


if __name__ == "__main__":
    Executor.run = faked  # type: ignore[method-assign]
    main()
