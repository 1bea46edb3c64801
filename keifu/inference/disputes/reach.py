"""Which models a dispute can be played about to the end, whatever is wrong: contracts take calls of bounded size."""

from __future__ import annotations

from keifu.inference.tokens.program import Sizes
from keifu.spec.inference_trees import MAX_GROUPS

__all__ = ["out_of_reach"]

# Lanes of a token's row, and lanes of any row: 16 parts.
MAX_WIDTH, MAX_ROW = 1_024, 16_384


def out_of_reach(sizes: Sizes) -> str:
    """Why some wrong lane of a model could not be shown; "" when every one can. Heads follow from the width: 16 at
    most, so a tensor of scores has few enough chunks."""
    for name, value, most in (
        ("lanes", sizes.width, MAX_WIDTH),
        ("groups", sizes.layers + 2, MAX_GROUPS),
        ("inner lanes", sizes.inner, MAX_ROW),
    ):
        if value > most:
            return f"it has {value:,} {name}, and a dispute reaches {most:,}"
    return ""
