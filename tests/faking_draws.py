"""A node that draws other tokens than seed and weights do, and defends them: what it shows in disputes is faked alike.

    python -m tests.faking_draws node compute run FOLDER

The command line is keifu's. Each drawn token is the one behind it in the vocabulary.
"""

from __future__ import annotations

from typing import Any

from keifu.cli import main
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.sampling import Drawing

honest = Executor.drawn


def faked(self: Executor, h: Any, drawing: Drawing, position: int) -> int:
    return (honest(self, h, drawing, position) + 1) % self.program.sizes.tokens


if __name__ == "__main__":
    Executor.drawn = faked  # type: ignore[method-assign]
    main()
