"""Which models a dispute can be played about to the end, whatever is wrong: contracts take calls of bounded size."""

from __future__ import annotations

from keifu.inference.tokens.program import Sizes
from keifu.spec.inference_trees import MAX_GROUPS

__all__ = ["out_of_reach"]

# Lanes of a token's row and of a LayerNorm, and lanes of any row: 16 parts. Heads, so that all chunks of scores can be
# shown.
MAX_WIDTH, MAX_ROW, MAX_HEADS = 1_024, 16_384, 32


def out_of_reach(sizes: Sizes) -> str:
    """Why some wrong lane of a model could not be shown; "" when every one can."""
    for name, value, most in (
        ("lanes", sizes.width, MAX_WIDTH),
        ("groups", sizes.layers + 2, MAX_GROUPS),
        ("inner lanes", sizes.inner, MAX_ROW),
        ("heads", sizes.heads, MAX_HEADS),
    ):
        if value > most:
            return f"it has {value:,} {name}, and a dispute reaches {most:,}"
    return ""
