"""A node whose vectors have one element that is not the model's, and that defends it: what it shows is faked alike.

    python -m tests.faking_vectors node compute run FOLDER

The command line is keifu's. Lane 5 of each vector is larger by 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keifu.cli import main
from keifu.inference.embeddings.executor import Executor, Ran

honest = Executor.run
LANE = 5


def faked(self: Executor, ids: Sequence[int]) -> Ran:
    ran = honest(self, ids)
    lanes = ran.vector.copy()
    lanes[LANE] += np.int16(1)
    vars(ran)["vector"] = lanes
    return ran


if __name__ == "__main__":
    Executor.run = faked  # type: ignore[method-assign]
    main()
