"""A node that sells other tokens than its model gives, and defends them: what it shows in disputes is faked alike.

    python -m tests.faking_node node compute run FOLDER

The command line is keifu's. Each token is the one behind it in the vocabulary.
"""

from __future__ import annotations

from typing import Any

from keifu.cli import main
from keifu.inference.tokens.executor import Executor

honest = Executor.tokens


def faked(self: Executor, h: Any) -> Any:
    return (honest(self, h) + 1) % self.program.sizes.tokens


if __name__ == "__main__":
    Executor.tokens = faked  # type: ignore[method-assign]
    main()
