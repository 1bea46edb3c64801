"""A node one of whose layers makes another number at one position of each text, and that defends it.

    python -m tests.faking_encoders node compute run FOLDER

The command line is keifu's. Behind the second layer lane 3 of position 1 is larger by 1; all that reads it follows.
"""

from __future__ import annotations

from typing import Any

from keifu.cli import main
from keifu.inference.embeddings.executor import Executor

honest = Executor._layer
LAYER, POSITION, LANE = 1, 1, 3


def faked(self: Executor, layer: int, h: Any, lanes: Any, out: Any) -> None:
    honest(self, layer, h, lanes, out)
    if layer == LAYER:
        out[POSITION, LANE] += 1


if __name__ == "__main__":
    # A node compares its first layer when it starts, and the next one an hour later: till then it answers.
    Executor._layer = faked  # type: ignore[method-assign]
    main()
