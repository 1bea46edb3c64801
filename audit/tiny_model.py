"""A token model of the same architecture as SmolLM2, small enough for Python's integers, its weights drawn by lot."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin
from random import Random
from typing import Any

from keifu.spec.inference import BLOCK, ROTATED, Row
from keifu.spec.inference_model import WITH_EXPONENT, Group, Operator
from keifu.spec.inference_trees import BLOCKS_4, BLOCKS_8, ROWS_8

__all__ = ["FORMATS", "Sizes", "tiny"]

FORMATS = {"rows": (ROWS_8, ROWS_8), "blocks": (BLOCKS_4, BLOCKS_8)}  # of the body, and of the table of tokens
QUERY, GATE = 4_095, 32_767
HEAD = 64


@dataclass(frozen=True)
class Sizes:
    width: int = 128
    heads: int = 2
    shared: int = 2
    inner: int = 192
    tokens: int = 96
    layers: int = 2
    positions: int = 80


class _Drawn:
    """Rows whose outputs have about the size of their inputs."""

    def __init__(self, seed: int, layout: int) -> None:
        self._random, self._layout = Random(seed), layout  # noqa: S311 - must repeat

    def rows(self, count: int, products: int, gain: float, shift: int = 34) -> list[Row]:
        return [self._row(products, gain, shift) for _ in range(count)]

    def _row(self, products: int, gain: float, shift: int) -> Row:
        draw = self._random.randint
        if self._layout == ROWS_8:
            weights, scales, size = [draw(-127, 127) for _ in range(products)], [], 73.0
        elif self._layout == BLOCKS_8:
            scales = [(draw(8_000, 32_767), 0) for _ in range(products // BLOCK)]
            weights, size = [draw(-127, 127) for _ in range(products)], 73.0 * 20_000
        else:
            scales = [(d, -15 * d // 2) for d in (draw(1_000, 4_000) for _ in range(products // BLOCK))]
            weights, size = [draw(0, 15) for _ in range(products)], 4.6 * 2_500
        multiplier = round(gain * 2**shift / (size * products**0.5))
        return Row(
            weights, max(1, multiplier + draw(-multiplier // 8, multiplier // 8)), shift, draw(-500, 500), scales
        )

    def gains(self, count: int) -> list[int]:
        return [self._random.randint(2**23, 2**24) for _ in range(count)]


def tiny(kind: str, sizes: Sizes = Sizes(), seed: int = 18) -> list[Group]:
    """Embedding, layers, and what makes a token. `kind` is a key of FORMATS."""
    body, table = FORMATS[kind]
    words = _Drawn(seed, table).rows(sizes.tokens, sizes.width, 0.02, 40)
    head = _Drawn(seed + 99, table).rows(sizes.tokens, sizes.width, 0.02, 40)
    embedding = Operator(
        "embedding", width=sizes.width, height=sizes.width, multiplier=sizes.tokens, shift=16, layout=table, rows=words
    )  # fmt: skip
    return [
        [embedding],
        *[_layer(_Drawn(seed + layer, body), body, sizes) for layer in range(1, sizes.layers + 1)],
        [
            _norm(_Drawn(seed, body), sizes.width),
            Operator("token", 1, width=sizes.width, height=sizes.tokens, layout=table, rows=head),
        ],
    ]


def _norm(drawn: _Drawn, width: int, source: int = 0) -> Operator:
    gains = drawn.gains(width)
    return Operator("rms_norm", source, width=width, height=width, multiplier=168, shift=27, lanes=gains)


def _turns(positions: int) -> list[int]:
    found = []
    for position in range(positions):
        for pair in range(HEAD // 2):
            angle = position * 100_000.0 ** (-2 * pair / HEAD)
            found += [round(cos(angle) * 16_384), round(sin(angle) * 16_384)]
    return found


def _layer(drawn: _Drawn, layout: int, sizes: Sizes) -> Group:
    width, inner, keys = sizes.width, sizes.inner, sizes.heads // sizes.shared * HEAD
    turns = _turns(sizes.positions)

    def dense(source: int, products: int, count: int, limit: int, gain: float) -> Operator:
        rows = drawn.rows(count, products, gain)
        return Operator("dense", source, width=products, height=count, limit=limit, layout=layout, rows=rows)

    def residual(source: int, second: int, products: int, gain: float, shift: int, flags: int = 0) -> Operator:
        rows = drawn.rows(width, products, gain, shift)
        return Operator(
            "residual", source, second, width=products, height=width, limit=2**27 - 1, layout=layout, flags=flags,
            rows=rows,
        )  # fmt: skip

    heads: dict[str, Any] = {"heads": sizes.heads, "shared": sizes.shared}
    return [
        _norm(drawn, width),
        dense(1, width, width, QUERY, 0.6),
        dense(1, width, keys, QUERY, 0.6),
        dense(1, width, keys, 8_191, 1.0),
        Operator("rope", 2, width=width, height=width, limit=ROTATED, multiplier=sizes.positions, lanes=turns),
        Operator("rope", 3, width=keys, height=keys, limit=ROTATED, multiplier=sizes.positions, lanes=turns),
        Operator("scores", 5, kept=6, width=width, limit=2**31 - 1, **heads),
        Operator("softmax", 7, multiplier=900_001, shift=26, **heads),
        Operator("attended", 7, 8, 4, height=width, multiplier=900_001, shift=26, **heads),
        residual(9, 0, width, 4.0, 30),
        _norm(drawn, width, 10),
        dense(11, width, inner, GATE, 3.0),
        dense(11, width, inner, GATE, 3.0),
        Operator("gated", 12, 13, width=inner, height=inner, multiplier=70_003, shift=14),
        residual(14, 10, inner, 0.000_004, 46, WITH_EXPONENT),
    ]
