"""One layer with SmolLM2's sizes at the last of 512 positions, in trees as high as its own, made without running it 512
times: keys and values of earlier positions are drawn by lot."""

from __future__ import annotations

from dataclasses import replace
from math import cos, sin
from random import Random
from typing import Any

from keifu.inference.disputes import Challenger, Provider, Turn
from keifu.spec import inference as arithmetic
from keifu.spec.inference import LARGEST_RESIDUAL, ROTATED, Row
from keifu.spec.inference_model import WITH_EXPONENT, Operator, Trace
from keifu.spec.inference_openings import Published
from keifu.spec.inference_trees import BLOCKS_4

__all__ = ["PROMPT", "REPLY", "FalseSums", "Layer"]

WIDTH, INNER, HEADS, SHARED, HEAD, GROUPS = 576, 1_536, 9, 3, 64, 32
PROMPT, REPLY = 256, 257  # ids: 512 positions
LAYER = 1
QUERY, GATE = 4_095, 32_767
KEYS, VALUES = 6, 4  # slots
LAST_SLOT = 15


class FalseSums(Provider):
    """Says that one of a lane's sums is another, by its number; within a block it says what is right."""

    wrong = 0

    def sums(self, position: int, group: int, slot: int, turn: Turn) -> bytes:
        data = bytearray(super().sums(position, group, slot, turn))
        if not turn.within:
            data[8 * (self.wrong % turn.count) + 7] ^= 1
        return bytes(data)


class Layer:
    """An honest trace, and providers that computed one lane of it wrongly."""

    def __init__(self, layout: int = BLOCKS_4) -> None:
        self._random, self._layout = Random(18), layout
        self.positions = PROMPT + REPLY - 1
        idle = [*[Operator("gated", height=1)] * (LAST_SLOT - 1), Operator("residual", height=1)]
        token = [Operator("token", width=WIDTH, height=4, layout=layout, rows=self._rows(4, WIDTH))]
        program = [idle, self._operators(), *[idle] * (GROUPS - 3), token]
        self.published = Published.of(program)
        earlier = [self._position([[0]] * 4 + [self._lanes(192)] + [[0]] + [self._lanes(192, ROTATED)] + [[0]] * 9)
                   for _ in range(self.positions - 1)]  # fmt: skip
        self.honest = Trace(program, [*earlier, self._position(self._record(earlier))])
        self.prompt, self.ids = list(range(PROMPT)), [0] * REPLY

    def challenger(self) -> Challenger:
        return Challenger(self.published, self.honest, self.prompt, self.ids)

    def cheat(self, slot: int, lane: int, make: type[Provider] = Provider) -> Provider:
        """Its layer made something else, and its record says that this lane is why."""
        committed = self._changed(self.honest, LAST_SLOT, 0)
        return make(self.published, committed, self._changed(committed, slot, lane))

    def _changed(self, trace: Trace, slot: int, lane: int) -> Trace:
        groups = list(trace.records[-1])
        groups[LAYER] = [list(tensor) for tensor in groups[LAYER]]
        groups[LAYER][slot][lane] += 1
        return replace(trace, records=[*trace.records[:-1], groups])

    def _position(self, record: list[list[int]]) -> list[list[list[int]]]:
        idle = [[0]] * (LAST_SLOT + 1)
        return [idle, record, *[idle] * (GROUPS - 3), [[0], [0]]]

    def _lanes(self, count: int, limit: int = 8_191) -> list[int]:
        return [self._random.randint(-limit, limit) for _ in range(count)]

    def _rows(self, count: int, products: int, shift: int = 40) -> list[Row]:
        """Four rows, again and again."""
        draw = self._random.randint
        few = []
        for _ in range(4):
            scales = [(d, -15 * d // 2) for d in (draw(1_000, 4_000) for _ in range(products // 32))]
            weights = tuple(draw(0, 15) for _ in range(products))
            few.append(Row(weights, 3_000_001, shift, draw(-500, 500), tuple(scales)))
        return [few[number % 4] for number in range(count)]

    def _dense(self, first: int, products: int, count: int, limit: int) -> Operator:
        rows = self._rows(count, products)
        return Operator("dense", first, width=products, height=count, limit=limit, layout=self._layout, rows=rows)

    def _residual(self, first: int, second: int, products: int, flags: int = 0) -> Operator:
        sizes: dict[str, Any] = {"width": products, "height": WIDTH, "limit": LARGEST_RESIDUAL, "flags": flags}
        return Operator("residual", first, second, layout=self._layout, rows=self._rows(WIDTH, products, 46), **sizes)

    def _norm(self, first: int) -> Operator:
        gains = [self._random.randint(2**23, 2**24) for _ in range(WIDTH)]
        return Operator("rms_norm", first, width=WIDTH, height=WIDTH, multiplier=168, shift=27, lanes=gains)

    def _operators(self) -> list[Operator]:
        heads: dict[str, Any] = {"heads": HEADS, "shared": SHARED}
        keys = WIDTH // SHARED
        turns = [round(f(n * 0.01) * 16_384) for n in range(self.positions * HEAD // 2) for f in (cos, sin)]
        rope: dict[str, Any] = {"limit": ROTATED, "multiplier": self.positions, "lanes": turns}
        scale: dict[str, Any] = {"multiplier": 900_001, "shift": 26, **heads}
        return [
            self._norm(0),
            self._dense(1, WIDTH, WIDTH, QUERY),
            self._dense(1, WIDTH, keys, QUERY),
            self._dense(1, WIDTH, keys, 8_191),
            Operator("rope", 2, width=WIDTH, height=WIDTH, **rope),
            Operator("rope", 3, width=keys, height=keys, **rope),
            Operator("scores", 5, kept=KEYS, width=WIDTH, limit=2**31 - 1, **heads),
            Operator("softmax", 7, **scale),
            Operator("attended", 7, 8, VALUES, height=WIDTH, **scale),
            self._residual(9, 0, WIDTH),
            self._norm(10),
            self._dense(11, WIDTH, INNER, GATE),
            self._dense(11, WIDTH, INNER, GATE),
            Operator("gated", 12, 13, width=INNER, height=INNER, multiplier=70_003, shift=14),
            self._residual(14, 10, INNER, WITH_EXPONENT),
        ]

    def _record(self, earlier: list[list[list[list[int]]]]) -> list[list[int]]:
        """What the layer computes at the last position."""
        operators = self._operators_of
        given = self._lanes(WIDTH, 2**22)
        record = [given]
        norm, queries, keys, values = operators[:4]
        record.append(arithmetic.rms_norm(given, norm.lanes, norm.shift, norm.multiplier, norm.limit))
        record += [arithmetic.dense(item.rows, record[1], item.limit) for item in (queries, keys, values)]
        angles = operators[4].lanes[-HEAD:]
        record += [arithmetic.rope(record[slot], angles) for slot in (2, 3)]
        kept = [position[LAYER] for position in earlier]
        lines = arithmetic.scores(record[5], [*(one[KEYS] for one in kept), record[KEYS]], HEADS, SHARED)
        record.append([score for line in lines for score in line])
        scale = operators[7].multiplier, operators[7].shift
        statistics = [arithmetic.softmax(line, *scale) for line in lines]
        record.append([value for one in statistics for value in (*one, 0)])
        all_values = [*(one[VALUES] for one in kept), record[VALUES]]
        record.append(arithmetic.attended(lines, statistics, all_values, SHARED, scale))
        record.append(arithmetic.residual(operators[9].rows, record[9], given, 0))
        norm = operators[10]
        record.append(arithmetic.rms_norm(record[10], norm.lanes, norm.shift, norm.multiplier, norm.limit))
        record += [arithmetic.dense(item.rows, record[11], item.limit) for item in operators[11:13]]
        scale = operators[13].multiplier, operators[13].shift
        products = [arithmetic.gated(g, u, *scale) for g, u in zip(record[12], record[13], strict=True)]
        made, exponent, witness = arithmetic.exponent_of(products)
        record.append([*made, exponent, witness])
        record.append(arithmetic.residual(operators[14].rows, made, record[10], exponent))
        return record

    @property
    def _operators_of(self) -> Any:
        return self.published.program[LAYER]
