"""An embedding model of MiniLM's architecture, small enough for Python's integers, its weights drawn by lot."""

from __future__ import annotations

from math import erf
from random import Random
from typing import Any

from keifu.inference.tokens.program import Sizes
from keifu.spec.inference import BLOCK, Row
from keifu.spec.inference_model import OF_ALL, Group, Operator
from keifu.spec.inference_trees import BLOCKS_8

__all__ = ["SIZES", "tiny"]

SIZES = Sizes(tokens=90, width=128, layers=2, heads=2, shared=1, inner=192, positions=24)
KEY, ADDED, LARGEST, RESIDUAL = 5_791, 32_767, 8_191, 2**27 - 1
HEAD, OWN = 64, 40  # lanes of a head, and those that are not filled up


class _Drawn:
    def __init__(self, seed: int, layout: int) -> None:
        self._draw, self.layout = Random(seed).randint, layout  # noqa: S311 - must repeat

    def rows(self, count: int, products: int, gain: float, shift: int = 34) -> list[Row]:
        return [self._row(products, gain, shift) for _ in range(count)]

    def heads(self, products: int, gain: float) -> list[Row]:
        """Two heads, each filled up with rows of zeros."""
        none = Row([0] * products, 1, 1, 0, [(1, 0)] * (products // BLOCK) if self.layout == BLOCKS_8 else [])
        return [*self.rows(OWN, products, gain), *[none] * (HEAD - OWN)] * 2

    def _row(self, products: int, gain: float, shift: int) -> Row:
        blocks = products // BLOCK if self.layout == BLOCKS_8 else 0
        scales = [(self._draw(8_000, 32_767), 0) for _ in range(blocks)]
        size = 73.0 * (20_000 if blocks else 1)
        weights = [self._draw(-127, 127) for _ in range(products)]
        multiplier = max(1, round(gain * 2**shift / (size * products**0.5)))
        return Row(weights, multiplier, shift, self._draw(-500, 500) * (20_000 if blocks else 1), scales)

    def norm(self, source: int = 0) -> Operator:
        width = SIZES.width
        gains = [self._draw(-(2**24), 2**24) for _ in range(width)]
        biases = [self._draw(-900, 900) for _ in range(width)]
        return Operator(
            "layer_norm", source, width=width, height=width, multiplier=3, shift=27, lanes=gains, more=biases
        )

    def lanes(self, count: int, most: int) -> list[int]:
        return [self._draw(-most, most) for _ in range(count)]


def tiny(layout: int = BLOCKS_8, seed: int = 18, positions: int = SIZES.positions) -> list[Group]:
    """Embedding, layers, and what makes a vector."""
    drawn, width = _Drawn(seed, layout), SIZES.width
    embedding = Operator(
        "embedding", width=width, height=width, multiplier=SIZES.tokens, shift=16, layout=layout,
        rows=drawn.rows(SIZES.tokens, width, 0.02, 40),
    )  # fmt: skip
    place = Operator(
        "place", 1, width=width, height=width, limit=RESIDUAL, multiplier=positions,
        lanes=drawn.lanes(positions * width, 9_000),
    )  # fmt: skip
    pool = Operator("mean_pool", kept=1, width=width, height=width)
    layers = [_layer(_Drawn(seed + number, layout)) for number in range(1, SIZES.layers + 1)]
    return [[embedding, place], *layers, [drawn.norm(), pool]]


def _layer(drawn: _Drawn) -> Group:
    width, inner = SIZES.width, SIZES.inner
    heads: dict[str, Any] = {"heads": SIZES.heads, "shared": 1, "flags": OF_ALL}
    wide = SIZES.heads * HEAD

    def dense(source: int, products: int, rows: list[Row], limit: int) -> Operator:
        return Operator("dense", source, width=products, height=len(rows), limit=limit, layout=drawn.layout, rows=rows)

    def add(first: int, second: int) -> Operator:
        return Operator("add", first, second, width=width, height=width, limit=RESIDUAL)

    gelu = [round(x * (1 + erf(x / 4_000)) / 2) for x in [-LARGEST, *range(-LARGEST, LARGEST + 1)]]
    scale: dict[str, Any] = {"multiplier": 900_001, "shift": 26}
    return [
        drawn.norm(),
        dense(1, width, drawn.heads(width, 0.6), KEY),
        dense(1, width, drawn.heads(width, 0.6), KEY),
        dense(1, width, drawn.heads(width, 1.0), LARGEST),
        Operator("scores", 2, kept=3, width=wide, limit=2**31 - 1, **heads),
        Operator("softmax", 5, **scale, **heads),
        Operator("attended", 5, 6, 4, height=wide, **scale, **heads),
        dense(7, wide, drawn.rows(width, wide, 1.0), ADDED),
        add(8, 1),
        drawn.norm(9),
        dense(10, width, drawn.rows(inner, width, 1.0), LARGEST),
        Operator("table", 11, width=inner, height=inner, limit=LARGEST, lanes=gelu),
        dense(12, inner, drawn.rows(width, inner, 1.0), ADDED),
        add(13, 10),
    ]
