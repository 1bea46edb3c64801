"""Single operators with SmolLM2's sizes, in trees as high as its own, between tensors that are drawn by lot."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from keifu.spec import inference as arithmetic
from keifu.spec.inference import LARGEST_RESIDUAL, Row
from keifu.spec.inference_calls import Call, alone, check, drawn
from keifu.spec.inference_drawing import Drawing
from keifu.spec.inference_model import WITH_EXPONENT, Operator
from keifu.spec.inference_openings import NO_LANES, NO_LINES, Openings, packed_sums
from keifu.spec.inference_trees import BLOCKS_4, BLOCKS_8, PART, ROWS_8, piece

__all__ = ["INNER", "TOKENS", "WIDTH", "calls", "drawn_token", "long_norm", "long_residual", "parts_of"]

WIDTH, INNER, TOKENS, GROUPS = 576, 1_536, 49_152, 32
LANE = 5
SIXTEEN, THIRTY_TWO = Operator("gated", height=1), Operator("embedding", height=1)  # tensors of so many bits
FORMATS = (("rows of 8 bits", ROWS_8), ("blocks of 4 bits", BLOCKS_4), ("blocks of 8 bits", BLOCKS_8))


def _row(random: Random, products: int, layout: int) -> Row:
    blocks = products // 32
    if layout == BLOCKS_4:
        pairs = tuple((random.randint(500, 2_000), random.randint(-15_000, -5_000)) for _ in range(blocks))
        return Row(tuple(random.randint(0, 15) for _ in range(products)), 90_001, 40, 77, pairs)
    scales = tuple((random.randint(9_000, 32_767), 0) for _ in range(blocks)) if layout == BLOCKS_8 else ()
    shift = 30 if layout == ROWS_8 else 40
    return Row(tuple(random.randint(-127, 127) for _ in range(products)), 90_001, shift, -5, scales)


def _rows(random: Random, count: int, products: int, layout: int) -> list[Row]:
    """Four rows, again and again: what differs costs time and no gas."""
    few = [_row(random, products, layout) for _ in range(4)]
    return [few[number % 4] for number in range(count)]


def _lanes(random: Random, count: int, limit: int = 8_191) -> list[int]:
    return [random.randint(-limit, limit) for _ in range(count)]


def long_residual(layout: int, height: int = 64, groups: int = 1) -> Openings:
    """Slot 3 is a residual from 1,536 lanes with an exponent: two parts."""
    random = Random(layout)
    x, h, exponent = _lanes(random, INNER), _lanes(random, height, 2**24), 9
    rows = _rows(random, height, INNER, layout)
    operator = Operator(
        "residual", 1, 2, width=INNER, height=height, limit=LARGEST_RESIDUAL, layout=layout, flags=WITH_EXPONENT,
        rows=rows,
    )  # fmt: skip
    out = arithmetic.residual(rows, x, h, exponent)
    return alone([SIXTEEN, THIRTY_TWO, operator], [[0], [*x, exponent, 3], h, out], groups)


def long_norm(width: int, groups: int = 1) -> Openings:
    """Slot 1 is a norm."""
    random = Random(width)
    h, gains = _lanes(random, width, LARGEST_RESIDUAL), [random.randint(1, 2**28) for _ in range(width)]
    operator = Operator("rms_norm", width=width, height=width, multiplier=168, shift=30, lanes=gains)
    return alone([operator], [h, arithmetic.rms_norm(h, gains, 30, 168, 8_191)], groups)


def parts_of(o: Openings, slot: int, lane: int) -> bytes:
    """What an honest provider shows of a lane's long sum."""
    operator, sums = o.operator(slot), [0]
    x = o.trace.records[0][0][operator.first][: operator.width]
    is_norm = operator.type == "rms_norm"
    each = PART if is_norm else piece(operator.width)
    for first in range(0, operator.width, each):
        part = x[first : first + each]
        more = sum(v * v for v in part) if is_norm else arithmetic.dot(operator.rows[lane], part, first)
        sums.append(sums[-1] + more)
    return packed_sums(sums[1:])


def drawn_token(tokens: int = TOKENS) -> tuple[Any, ...]:
    """Arguments of `drawn` about one of so many tokens, in blocks of 8 bits."""
    _, layout = FORMATS[-1]
    random = Random(layout)
    x, table = _lanes(random, WIDTH), _rows(random, tokens, WIDTH, layout)
    token = Operator("token", 1, width=WIDTH, height=tokens, layout=layout, rows=table)
    o = alone([SIXTEEN, token], [[0], x, [5]], GROUPS)
    drawing, tree = Drawing(bytes(32), 40, 1_500), o.trace.tree_root()
    fixed = (o.published.root, drawing.root(tree), bytes(32), bytes(32), 2, 1, 0, GROUPS, 0)
    bound = (*fixed, bytes(32), o.trace.record_root(0, 0), 0, 0)
    return bound, *drawn(o, drawing, tree, 2, tokens - 3, 5)


def calls(tokens: int = TOKENS) -> Iterator[tuple[str, Call]]:
    """The dearest steps, with their names. `tokens` shortens the table of tokens, for a test."""
    for name, layout in FORMATS:
        o = long_residual(layout, WIDTH, GROUPS)
        sums = parts_of(o, 3, LANE)
        claim, descriptor = o.claim(sums, stride=1), o.descriptor(3)
        part = (*o.products(3, LANE, 0), NO_LANES, NO_LANES, NO_LANES, LANE, (sums, 0))
        yield f"128 products, {name}", Call("linear", claim, descriptor, part)
        lanes = (o.lanes(3, 0), o.lanes(2, 0), o.lanes(1, INNER // 64))
        whole = (o.row(3, LANE), NO_LINES, *lanes, LANE, (sums, len(sums) // 8))
        yield f"total of products, {name}", Call("linear", claim, descriptor, whole)
        random = Random(layout)
        x, rows = _lanes(random, WIDTH), _rows(random, INNER, WIDTH, layout)
        dense = Operator("dense", 1, width=WIDTH, height=INNER, limit=8_191, layout=layout, rows=rows)
        yield f"dense, {name}", check(alone([SIXTEEN, dense], [[0], x, arithmetic.dense(rows, x, 8_191)], GROUPS), 2, 7)
        table = _rows(random, tokens, WIDTH, layout)
        token = Operator("token", 1, width=WIDTH, height=tokens, layout=layout, rows=table)
        best = arithmetic.token(table[:4], x)
        yield f"token, {name}", check(alone([SIXTEEN, token], [[0], x, [best]], GROUPS), 2, tokens - 3)
    yield "norm", check(long_norm(WIDTH, GROUPS), 1, 7)
