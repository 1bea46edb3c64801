"""One layer with MiniLM's sizes and the mean behind it, at the last of 512 positions of a text, in trees as high as its
own. The model does not run: keys, values and what is pooled are drawn by lot at all other positions."""

from __future__ import annotations

from dataclasses import replace
from math import erf
from random import Random
from typing import Any

from keifu.inference.disputes import Challenger, Provider
from keifu.spec.inference import LARGEST, LARGEST_RESIDUAL, Row
from keifu.spec.inference_model import OF_ALL, Group, Operator, Record, Trace, tensor_of
from keifu.spec.inference_openings import Published
from keifu.spec.inference_trees import BLOCKS_8

__all__ = ["POOLED", "Text"]

WIDTH, INNER, HEADS, HEAD, GROUPS, POSITIONS = 384, 1_536, 12, 64, 8, 512
LAYER, LAST = 1, GROUPS - 1
KEYS, VALUES, NORM, POOLED = 3, 4, 1, 2  # slots
QUERY, TABLE, EPSILON, SHIFT = 5_791, 8_191, 3, 27


class Text:
    """An honest trace, and providers that computed one lane of it wrongly."""

    def __init__(self) -> None:
        self._random = Random(18)
        self.program = self._program()
        self.published = Published.of(self.program)
        self.ids = list(range(POSITIONS))
        self.honest = self._trace()
        self.vector = self.vector_of(Provider(self.published, self.honest))

    def challenger(self) -> Challenger:
        return Challenger(self.published, self.honest, self.ids, self.vector)

    def cheat(self, slot: int, lane: int, make: type[Provider] = Provider) -> Provider:
        """Its layer made something else, and its record says that this lane is why."""
        committed = self._changed(self.honest, LAYER, len(self.program[LAYER]), 0)
        return make(self.published, committed, self._changed(committed, LAYER, slot, lane))

    def other_vector(self, lane: int, make: type[Provider] = Provider) -> Provider:
        """A lane of the vector is another."""
        return make(self.published, self._changed(self.honest, LAST, POOLED, lane))

    def vector_of(self, provider: Provider) -> list[int]:
        """What its receipt says."""
        return provider.trace.records[-1][LAST][POOLED]

    def _changed(self, trace: Trace, group: int, slot: int, lane: int) -> Trace:
        groups = list(trace.records[-1])
        groups[group] = [list(tensor) for tensor in groups[group]]
        groups[group][slot][lane] += 1
        return replace(trace, records=[*trace.records[:-1], groups])

    def _trace(self) -> Trace:
        """The layer and the mean are computed at the last position alone."""
        records = [self._position() for _ in range(POSITIONS)]
        trace, own = Trace(self.program, records, POSITIONS - 1), records[-1]
        own[LAYER], own[LAST] = [self._lanes(WIDTH, 2**22)], [self._lanes(WIDTH, 2**22)]
        for group in (LAYER, LAST):
            for operator in self.program[group]:
                own[group].append(tensor_of(operator, own[group], trace, (POSITIONS - 1, group)))
        return trace

    def _position(self) -> list[Record]:
        idle = [[0]] * (len(self.program[0]) + 1)
        layer: Record = [[0]] * (len(self.program[LAYER]) + 1)
        layer[KEYS], layer[VALUES] = self._lanes(HEADS * HEAD, QUERY), self._lanes(HEADS * HEAD, TABLE)
        last = [[0], self._lanes(WIDTH, LARGEST), [0]]
        return [idle, layer, *[idle] * (GROUPS - 3), last]

    def _program(self) -> list[Group]:
        sums: Group = [Operator("add", height=1)]  # of 32 bits, as what groups are given
        mean = Operator("mean_pool", kept=NORM, width=WIDTH, height=WIDTH)
        return [sums, self._layer(), *[sums] * (GROUPS - 3), [self._norm(0), mean]]

    def _lanes(self, count: int, limit: int) -> list[int]:
        return [self._random.randint(-limit, limit) for _ in range(count)]

    def _dense(self, source: int, products: int, height: int, limit: int) -> Operator:
        """Four rows, again and again."""
        draw = self._random.randint
        few = []
        for _ in range(4):
            scales = [(draw(8_000, 32_767), 0) for _ in range(products // 32)]
            few.append(Row(self._lanes(products, 127), 3_000_001, 46, draw(-500, 500), scales))
        rows = [few[number % 4] for number in range(height)]
        return Operator("dense", source, width=products, height=height, limit=limit, layout=BLOCKS_8, rows=rows)

    def _norm(self, source: int) -> Operator:
        gains = [self._random.randint(1, 2**24) for _ in range(WIDTH)]
        sizes: dict[str, Any] = {"width": WIDTH, "height": WIDTH, "multiplier": EPSILON, "shift": SHIFT}
        return Operator("layer_norm", source, lanes=gains, more=self._lanes(WIDTH, 900), **sizes)

    def _layer(self) -> Group:
        heads: dict[str, Any] = {"heads": HEADS, "shared": 1, "flags": OF_ALL}
        scale: dict[str, Any] = {"multiplier": 900_001, "shift": 26, **heads}
        sizes: dict[str, Any] = {"width": WIDTH, "height": WIDTH, "limit": LARGEST_RESIDUAL}
        wide = HEADS * HEAD
        gelu = [round(x * (1 + erf(x / 4_000)) / 2) for x in [-TABLE, *range(-TABLE, TABLE + 1)]]
        return [
            self._norm(0),
            *(self._dense(1, WIDTH, wide, limit) for limit in (QUERY, QUERY, TABLE)),
            Operator("scores", 2, kept=KEYS, width=wide, limit=2**31 - 1, **heads),
            Operator("softmax", 5, **scale),
            Operator("attended", 5, 6, VALUES, height=wide, **scale),
            self._dense(7, wide, WIDTH, LARGEST),
            Operator("add", 8, 1, **sizes),
            self._norm(9),
            self._dense(10, WIDTH, INNER, TABLE),
            Operator("table", 11, width=INNER, height=INNER, limit=TABLE, lanes=gelu),
            self._dense(12, INNER, WIDTH, LARGEST),
            Operator("add", 13, 10, **sizes),
        ]
