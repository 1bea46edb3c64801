"""Traces whose lanes the verifiers are asked about, and what each lane has to be by the specification in Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

from audit.tiny_model import Sizes, tiny
from evmstorm.fuzz.system import System
from keifu.keys import keccak256
from keifu.spec import inference as arithmetic
from keifu.spec import inference_calls as calls
from keifu.spec.inference import LARGEST_RESIDUAL, Row
from keifu.spec.inference_calls import Call, alone, verifier_of
from keifu.spec.inference_model import WITH_EXPONENT, Operator, Trace, run
from keifu.spec.inference_openings import Openings, Published
from keifu.spec.inference_trees import PART, piece

__all__ = [
    "EACH",
    "HEAD",
    "IDS",
    "LAYER",
    "LONG",
    "TRACES",
    "Place",
    "Verdicts",
    "changed",
    "climbed",
    "lanes_of",
    "opened",
    "right",
    "terms",
]

HEAD, EACH = 64, 32  # lanes of a head, scores of a chunk
LAYER = 1
WIDE = 1_088  # lanes of a row in two parts
IDS = [(number * 7 + 3) % 40 for number in range(34)]
LONG = ("long row", "long norm")
BOUND = {
    "InferenceVerifier": "layers",
    "AttentionVerifier": "attention",
    "PictureVerifier": "pictures",
    "EncoderVerifier": "encoders",
}
TRACES = ("blocks", "rows", *LONG)
Place = tuple[str, int, int]  # trace, position, group


class Verdicts(System):
    """Asks a verifier about single lanes."""

    def call_about(self, o: Openings, slot: int, lane: int) -> tuple[Call, int, int]:
        """A call without sums, which lane of the tensor it is about, and what that has to be."""
        operator = o.operator(slot)
        if operator.type == "scores":
            count = o.reads(operator)
            head, place = lane % operator.heads, lane % count
            at = head * (-(-count // EACH) * EACH) + place
            return calls.check(o, slot, head, place=place), at, right(o, slot, head, place)
        lane %= lanes_of(o, slot)
        return calls.check(o, slot, lane), lane, right(o, slot, lane)

    def says(self, call: Call, wanted: bool, rule: str) -> Any:
        """The verifier's answer is what the specification says."""
        answer = yield self.called(call)
        assert answer is not None, f"{rule}: must answer, was refused: {self.refusal}"
        found = bool(int.from_bytes(answer, "big"))
        assert found is wanted, (
            f"{rule}: {call.function} says {found} of a lane that is {'wrong' if wanted else 'right'}"
        )

    def called(self, call: Call, fails: str | None = None) -> Any:
        name = f"{BOUND[verifier_of(call)]}.{call.function}"
        return self.tx(name, *call.arguments, sender=self["challenger"], fails=fails, raw_outcome=fails is None)


@cache
def _traced(name: str) -> tuple[Published, Trace]:
    published = Published.of(tiny(name, Sizes(layers=1, tokens=40, inner=128, positions=40)))
    return published, run(published.program, IDS if name == "blocks" else IDS[:6])


@cache
def _long(name: str) -> Openings:
    """A residual from more lanes than one call computes, with an exponent; and such a norm."""
    random = Random(5)  # noqa: S311 - must repeat
    given = [random.randint(-(2**20), 2**20) for _ in range(WIDE)]
    if name == "long norm":
        gains = [random.randint(2**20, 2**24) for _ in range(WIDE)]
        norm = Operator("rms_norm", width=WIDE, height=WIDE, multiplier=168, shift=27, lanes=gains)
        return alone([norm], [given, arithmetic.rms_norm(given, gains, 27, 168, 8_191)])
    x, h = [lane >> 8 for lane in given], given[:32]
    rows = [Row([random.randint(-127, 127) for _ in range(WIDE)], 90_001, 30, 11) for _ in h]
    sizes = {"width": WIDE, "height": len(h), "limit": LARGEST_RESIDUAL, "flags": WITH_EXPONENT}
    residual = Operator("residual", 1, 2, rows=rows, **sizes)  # type: ignore[arg-type]
    idle = [Operator("gated", height=1), Operator("embedding", height=1)]
    return alone([*idle, residual], [[0], [*x, 3, 0], h, arithmetic.residual(rows, x, h, 3)])


def opened(place: Place) -> Openings:
    """Of an honest trace."""
    name, position, group = place
    if name in LONG:
        return _long(name)
    published, trace = _traced(name)
    return Openings(published, trace, min(position, len(trace.records) - 1), group)


def changed(o: Openings, changes: Sequence[tuple[int, int, int]], kept: bool = False) -> Openings:
    """The same with other lanes: (slot, lane, by how much) each, at the position or, `kept`, at the first one."""
    at = 0 if kept else o.position
    record = [list(tensor) for tensor in o.trace.records[at][o.group]]
    for slot, lane, more in changes:
        record[slot][lane] += more
    groups = [record if place == o.group else other for place, other in enumerate(o.trace.records[at])]
    records = [*o.trace.records[:at], groups, *o.trace.records[at + 1 :]]
    return replace(o, trace=replace(o.trace, records=records))


def climbed(node: bytes, index: int, way: Sequence[bytes]) -> bytes:
    """The root above a node."""
    for beside in way:
        node = keccak256(beside + node if index & 1 else node + beside)
        index >>= 1
    return node


def lanes_of(o: Openings, slot: int) -> int:
    operator = o.operator(slot)
    return (
        operator.heads if operator.type in ("scores", "softmax") else 1 if operator.type == "token" else operator.height
    )


@dataclass(frozen=True)
class _Given:
    """What an operator reads of a record."""

    o: Openings
    slot: int

    @property
    def operator(self) -> Operator:
        return self.o.operator(self.slot)

    def lanes(self, slot: int) -> list[int]:
        return self.o.trace.records[self.o.position][self.o.group][slot]

    @property
    def first(self) -> list[int]:
        return self.lanes(self.operator.first)

    @property
    def second(self) -> list[int]:
        return self.lanes(self.operator.second)

    def line(self, head: int) -> list[int]:
        count = self.o.reads(self.operator)
        each = -(-count // EACH) * EACH
        return self.first[head * each : head * each + count]

    def kept(self) -> list[list[int]]:
        records = self.o.trace.records[: self.o.reads(self.operator)]
        return [groups[self.o.group][self.operator.kept] for groups in records]


def right(o: Openings, slot: int, lane: int, place: int = 0) -> int:
    """What a lane has to be, by the sources as they were committed; of scores, a head's at `place`."""
    given = _Given(o, slot)
    operator, first = given.operator, given.first
    match operator.type:
        case "embedding":
            return arithmetic.embedding(operator.rows[first[0]], operator.shift)[lane]
        case "rms_norm":
            sizes = (operator.shift, operator.multiplier, operator.limit)
            return arithmetic.rms_norm(first, operator.lanes, *sizes)[lane]
        case "dense":
            return arithmetic.dense([operator.rows[lane]], first[: operator.width], operator.limit)[0]
        case "residual":
            exponent = first[operator.width] if operator.flags else 0
            x = first[: operator.width]
            return arithmetic.residual([operator.rows[lane]], x, [given.second[lane]], exponent)[0]
        case "rope":
            return arithmetic.rope(first, operator.lanes[o.position * HEAD : (o.position + 1) * HEAD])[lane]
        case "scores":
            return arithmetic.scores(first, given.kept(), operator.heads, operator.shared)[lane][place]
        case "layer_norm" | "table" | "add" | "place" | "mean_pool":
            return _of_encoder(given, lane)
        case "softmax":
            return sum(terms(o, slot, lane))
        case "gated":
            return _under(given.lanes(slot)[operator.height], arithmetic.gated(
                first[lane], given.second[lane], operator.multiplier, operator.shift
            ))  # fmt: skip
        case _:
            return arithmetic.rounded_quotient(sum(terms(o, slot, lane)), given.second[4 * (lane // HEAD) + 2])


def _of_encoder(given: _Given, lane: int) -> int:
    operator, first = given.operator, given.first
    match operator.type:
        case "layer_norm":
            tables = operator.lanes, operator.more
            return arithmetic.layer_norm(first, *tables, operator.shift, operator.multiplier)[lane]
        case "table":
            return arithmetic.table(operator.lanes, [first[lane]])[0]
        case "add":
            return arithmetic.add([first[lane]], [given.second[lane]], operator.limit)[0]
        case "place":
            of_position = operator.lanes[given.o.position * operator.height :]
            return arithmetic.place([first[lane]], [of_position[lane]])[0]
        case _:
            return arithmetic.mean_pool(given.kept())[lane]


def _under(exponent: int, product: int) -> int:
    """A product under the exponent that was committed."""
    return arithmetic.clip(arithmetic.rq(product, 1, exponent), arithmetic.LARGEST) if exponent else product


def terms(o: Openings, slot: int, lane: int) -> list[int]:
    """What is added up for a lane: weights of a softmax, terms of a weighted sum, products or squares of a part."""
    given = _Given(o, slot)
    operator, first = given.operator, given.first
    if operator.type == "rms_norm":
        return [sum(x * x for x in first[at : at + PART]) for at in range(0, operator.width, PART)]
    if operator.type in ("dense", "residual"):
        x = first[: operator.width]
        each = piece(operator.width)
        return [arithmetic.dot(operator.rows[lane], x[at : at + each], at) for at in range(0, operator.width, each)]
    if operator.type == "mean_pool":
        return [tensor[lane] for tensor in given.kept()]
    head = lane if operator.type == "softmax" else lane // HEAD
    statistics = given.lanes(slot) if operator.type == "softmax" else given.second
    largest = statistics[4 * head]
    weights = [
        arithmetic.exp2n((max(largest - score, 0) * operator.multiplier) >> operator.shift)
        for score in given.line(head)
    ]
    if operator.type == "softmax":
        return weights
    at = head // operator.shared * HEAD + lane % HEAD
    return [weight * value[at] for weight, value in zip(weights, given.kept(), strict=True)]
