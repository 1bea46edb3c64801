"""A reply computed again from its ids: faster than it was made, for all positions are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keifu.inference.tokens.committing import HASH_BYTES, boundaries, position_roots, token_boundaries, trace_root
from keifu.inference.tokens.executor import Conversation, Executor, Memory, read_together
from keifu.inference.tokens.sampling import Drawing

__all__ = ["computed_again"]

ROWS = 64


def computed_again(
    executor: Executor, prompt: Sequence[int], reply: Sequence[int], drawing: Drawing | None = None
) -> tuple[list[int], bytes]:
    """The tokens that the model gives where the reply has its own, and the root of the trace. They are the reply and
    its provider's root exactly when it computed what it says. Raises UsageError for ids that the model has not."""
    given, first = [*prompt, *reply[:-1]], len(prompt) - 1
    sizes = executor.program.sizes
    memory = Memory(executor, 1, len(given))
    talk = Conversation(memory, 0)
    tokens: list[int] = []
    roots = []
    for start in range(0, len(given), ROWS):
        ids = given[start : start + ROWS]
        seen = np.empty((sizes.layers + 1, len(ids), sizes.width), np.int32)
        (h,) = read_together([(talk, ids)], seen)
        last = np.zeros((len(ids), HASH_BYTES), np.uint8)
        if (at := max(0, first - start)) < len(ids):
            found = (
                executor.tokens(h[at:]).tolist()
                if drawing is None
                else [executor.drawn(h[row : row + 1], drawing, start + row) for row in range(at, len(ids))]
            )
            last[at:] = token_boundaries(found)
            tokens += found
        roots.append(position_roots(boundaries(seen, memory, 0, start), last))
    return tokens, trace_root(np.concatenate(roots))
