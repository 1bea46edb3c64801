"""A node whose last layer gives another number than the model's, and that defends it: what it shows is faked alike.

    python -m tests.faking_layers node compute run FOLDER

The command line is keifu's. Lane 0 behind the last layer is larger by 1.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from keifu.cli import main
from keifu.inference.tokens.committing import boundaries
from keifu.inference.tokens.executor import Executor, Kept, Memory

honest = Executor.run


def faked(self: Executor, h: Any, spans: Any, memory: Memory, left: Any) -> None:
    rows, lines, bounds = left
    seen = rows if len(rows) else np.empty((self.program.sizes.layers + 1, *h.shape), np.int32)
    seen[0] = h
    honest(self, h, spans, memory, (seen, lines, bounds))
    h[:, 0] += 1
    seen[-1, :, 0] += 1
    for begin, end, start, number in spans if len(bounds) else ():
        own = SimpleNamespace(keys=memory.keys[number : number + 1], values=memory.values[number : number + 1])
        whole = np.ascontiguousarray(seen[:, begin:end])
        bounds[begin:end] = boundaries(whole, cast("Kept", own), start).view(np.uint64)


if __name__ == "__main__":
    Executor.run = faked  # type: ignore[method-assign]
    main()
