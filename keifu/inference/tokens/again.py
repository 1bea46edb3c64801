"""A reply computed again from its ids: faster than it was made, for all positions are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keifu.inference.tokens.committing import HASH_BYTES, position_roots, token_boundaries, trace_root
from keifu.inference.tokens.executor import Conversation, Executor, Memory, read_together
from keifu.inference.tokens.sampling import Drawing
from keifu.spec.inference_drawing import committed

__all__ = ["Part", "computed_again", "parts_again"]

ROWS = 64


class Part(NamedTuple):
    """Some positions of a reply."""

    tokens: list[int]  # that the model gives, from the prompt's last position on
    seen: NDArray[Any]  # layers + 1 × positions × width: the embedding, and what is behind each layer
    groups: NDArray[np.uint8]  # what each of those committed to
    last: NDArray[np.uint8]  # and the group that makes a token


def parts_again(
    memory: Memory, prompt: Sequence[int], reply: Sequence[int], drawing: Drawing | None = None
) -> Iterator[Part]:
    """All positions of a reply, in order; keys and values stay in `memory`. Raises UsageError for ids that the model
    has not."""
    executor, given, first = memory.executor, [*prompt, *reply[:-1]], len(prompt) - 1
    sizes, talk = executor.program.sizes, Conversation(memory, 0)
    for start in range(0, len(given), ROWS):
        ids = given[start : start + ROWS]
        seen = np.empty((sizes.layers + 1, len(ids), sizes.width), np.int32)
        groups = np.empty((len(ids), sizes.layers + 1, HASH_BYTES), np.uint8)
        (h,) = read_together([(talk, ids)], seen, groups)
        last = np.zeros((len(ids), HASH_BYTES), np.uint8)
        found: list[int] = []
        if (at := max(0, first - start)) < len(ids):
            found = (
                executor.tokens(h[at:]).tolist()
                if drawing is None
                else [executor.drawn(h[row : row + 1], drawing, start + row) for row in range(at, len(ids))]
            )
            last[at:] = token_boundaries(found)
        yield Part(found, seen, groups, last)


def computed_again(
    executor: Executor, prompt: Sequence[int], reply: Sequence[int], drawing: Drawing | None = None
) -> tuple[list[int], bytes]:
    """The tokens that the model gives where the reply has its own, and the root of the trace. They are the reply and
    its provider's root exactly when it computed what it says. Raises UsageError for ids that the model has not."""
    memory = Memory(executor, 1, len(prompt) + len(reply) - 1)
    tokens: list[int] = []
    roots = []
    for part in parts_again(memory, prompt, reply, drawing):
        tokens += part.tokens
        roots.append(position_roots(part.groups, part.last))
    return tokens, committed(trace_root(np.concatenate(roots)), drawing)
