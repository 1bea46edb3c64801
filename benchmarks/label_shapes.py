"""A picture of 784 values and its label, by two convolutions and a dense layer of 6,272 products a row; and a token,
drawn or the likeliest one, of SmolLM2's 49,152, at the last of 512 positions, in trees as high as its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from benchmarks.dispute_shapes import PROMPT, REPLY
from keifu.inference.disputes import Challenger, Provider
from keifu.inference.pictures import traced
from keifu.spec import inference as arithmetic
from keifu.spec.inference import Row, Window
from keifu.spec.inference_drawing import Drawing, noise
from keifu.spec.inference_model import Group, Operator, Tensor, Trace
from keifu.spec.inference_openings import Published
from keifu.spec.inference_trees import BLOCKS_8, tensor_root

__all__ = ["Picture", "Token"]

VALUES, LABELS, WIDTH, TOKENS, GROUPS, NEAR = 784, 10, 576, 49_152, 32, 40
FIRST = Window((28, 28, 1), 14, (3, 3), (2, 2), (1, 1), 0, 0)
SECOND = Window((14, 14, 16), 14, (3, 3), (1, 1), (1, 1), 0, 0)
DENSE = Window((1, 1, 6_272), 1, (1, 1), (1, 1))
LAST = GROUPS - 1


@dataclass
class _Shared(Trace):
    """Positions hold the same tensors: each is hashed once."""

    roots: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def record_leaves(self, position: int, group: int) -> list[bytes]:
        record = self.records[position][group]
        return [self._root(lanes, self.bits(group, slot)) for slot, lanes in enumerate(record)]

    def _root(self, lanes: Tensor, bits: int) -> bytes:
        name = id(lanes), bits  # records keep them
        if name not in self.roots:
            self.roots[name] = tensor_root(lanes, bits)
        return self.roots[name]


class Picture:
    """An honest trace, and providers that computed one lane of it wrongly, at each position: all hold the same."""

    def __init__(self) -> None:
        random = Random(18)
        self.values = [random.randint(0, 255) for _ in range(VALUES)]
        rows = [Row([int(at == n) for at in range(32)], 1, 1) for n in range(LABELS)]
        first: Group = [
            Operator("picture", height=VALUES, limit=0),
            _convolution(random, 1, FIRST, 16, 9),
            _convolution(random, 2, SECOND, 32, 144),
            _convolution(random, 3, DENSE, LABELS, DENSE.source[2]),
        ]
        label = Operator("token", width=32, height=LABELS, limit=0, rows=rows)
        self.published = Published.of([first, [label]])
        made = traced(self.published, self.values)
        self.honest = self._with(made.records[-1][0][1:], made.records[-1][1][1])
        self.label = self.honest.records[-1][1][1]
        self.other_label = [(self.label[0] + 1) % LABELS]

    def challenger(self, label: Tensor) -> Challenger:
        return Challenger(self.published, self.honest, self.values, label)

    def cheat(self, slot: int, lane: int, make: type[Provider] = Provider) -> Provider:
        """Its first group made something else, and its record says that this lane is why."""
        committed = self._changed(self.honest, 4, 0)
        return make(self.published, committed, self._changed(committed, slot, lane))

    def _changed(self, trace: Trace, slot: int, lane: int) -> Trace:
        shared = [list(tensor) for tensor in trace.records[-1][0][1:]]
        shared[slot - 1][lane] += 1
        return self._with(shared, trace.records[-1][1][1])

    def _with(self, shared: Sequence[Tensor], label: Tensor) -> Trace:
        records = [[[[value], *shared], [shared[-1], label]] for value in self.values]
        return _Shared(self.published.program, records, VALUES - 1)


class Token:
    """Of SmolLM2's sizes, drawn at random where there is a drawing: the honest one is better than one beside it."""

    def __init__(self) -> None:
        random = Random(18)
        self._given = [random.randint(-8_191, 8_191) for _ in range(WIDTH)]
        few = [_blocks(random) for _ in range(4)]
        self._rows = [few[number % 4] for number in range(TOKENS)]
        idle: Group = [Operator("residual", height=1)]
        token = Operator("token", 1, width=WIDTH, height=TOKENS, layout=BLOCKS_8, rows=self._rows)
        self.published = Published.of([*[idle] * LAST, [Operator("gated", height=1), token]])
        self.prompt, self.drawing = list(range(PROMPT)), Drawing(bytes(range(32)), 40, 1_500)

    def honest(self, drawing: Drawing | None) -> Trace:
        return self._with(self._best(drawing), drawing)

    def cheat(self, drawing: Drawing | None) -> Provider:
        """It says another token than the one that is drawn, or the likeliest, and hides nothing."""
        return Provider(self.published, self._with((self._best(drawing) + 1) % NEAR, drawing))

    def challenger(self, drawing: Drawing | None, ids: list[int]) -> Challenger:
        return Challenger(self.published, self.honest(drawing), self.prompt, ids)

    def ids(self, provider: Provider) -> list[int]:
        return [0] * (REPLY - 1) + provider.trace.records[-1][LAST][-1]

    def _best(self, drawing: Drawing | None) -> int:
        near = self._rows[:NEAR]
        if drawing is None:
            return arithmetic.token(near, self._given)
        position = PROMPT + REPLY - 2
        scale, drawn = (drawing.shift, drawing.sharpness), (drawing.seed, position)
        return arithmetic.sampled(near, self._given, *scale, noise(), drawn)

    def _with(self, token: int, drawing: Drawing | None) -> Trace:
        idle = [[[0], [0]]] * LAST
        records = [[*idle, [[0], [0], [0]]] for _ in range(PROMPT + REPLY - 2)]
        return replace(
            _Shared(self.published.program, [*records, [*idle, [[0], self._given, [token]]]], PROMPT - 1),
            drawing=drawing,
        )


def _convolution(random: Random, source: int, window: Window, channels: int, products: int) -> Operator:
    width = -(-products // 32) * 32
    rows = [
        Row([*(random.randint(-127, 127) for _ in range(products)), *[0] * (width - products)], 90_001, 24, 99)
        for _ in range(channels)
    ]
    height = (window.across**2 if window.across > 1 else 1) * channels
    return Operator(
        "convolution", source, width=width, height=height, limit=0, multiplier=channels, rows=rows, window=window
    )


def _blocks(random: Random) -> Row:
    scales = [(random.randint(8_000, 32_767), 0) for _ in range(WIDTH // 32)]
    return Row([random.randint(-127, 127) for _ in range(WIDTH)], 3_000_001, 40, random.randint(-500, 500), scales)
