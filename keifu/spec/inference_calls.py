"""Calls of the verifiers for one lane of one operator, as an honest challenger makes them."""

from __future__ import annotations

from typing import Any, NamedTuple

from keifu.spec.inference import Window, corner, noise_entry, products, seen, segments
from keifu.spec.inference_drawing import Drawing, noise_opening
from keifu.spec.inference_model import Operator, Trace
from keifu.spec.inference_openings import (
    KEYS,
    NO_LANES,
    NO_LINES,
    NO_SUMS,
    VALUES,
    Openings,
    Published,
)
from keifu.spec.inference_trees import PART, SLOTS, depth

__all__ = [
    "ATTENTION",
    "ENCODERS",
    "PICTURES",
    "Call",
    "alone",
    "check",
    "drawn",
    "exponent",
    "maximum",
    "strips",
    "summed",
    "sums_of",
    "total",
    "verifier_of",
]

PICTURES = {"convolved", "largest", "bounded"}  # of PictureVerifier
ENCODERS = {"normalised", "tabled", "added", "placed", "pooled"}  # of EncoderVerifier
ATTENTION = {"rotation", "score", "maximum", "total", "attended", "gated", "exponent"}  # of AttentionVerifier
HEAD = 64
MAX_PLACES, STRIPS_BYTES, STRIPS_PATH = 4, 2_304, 48  # of a call
ONE_CALL = 84_000  # gas; what all calls have in common is 61,000


class Call(NamedTuple):
    """A function, and its arguments behind the claim and the descriptor."""

    function: str
    claim: tuple[Any, ...]
    descriptor: tuple[tuple[bytes, ...], list[bytes]]
    rest: tuple[Any, ...]

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.claim, self.descriptor, *self.rest


def verifier_of(call: Call) -> str:
    """The contract that is asked."""
    if call.function in ATTENTION:
        return "AttentionVerifier"
    if call.function in ENCODERS:
        return "EncoderVerifier"
    return "PictureVerifier" if call.function in PICTURES else "InferenceVerifier"


def alone(operators: list[Operator], tensors: list[list[int]], groups: int = 1) -> Openings:
    """A group with these operators and the tensors of its slots, of which the first one is given. With more groups the
    trees are as high as those of a whole model, in which nearly every slot is taken."""
    if groups > 1:
        idle = Operator("gated", height=1)
        operators = [*operators, *[idle] * (SLOTS - 1 - len(operators))]
        tensors = [*tensors, *([number] for number in range(SLOTS - len(tensors)))]
        program = [operators, *[[idle] * (SLOTS - 1)] * (groups - 1)]
    else:
        program = [operators]
    return Openings(Published.of(program), Trace(program, [[tensors, *[[[0]]] * (len(program) - 1)]]), 0, 0)


def check(o: Openings, slot: int, lane: int, *, place: int = 0) -> Call:
    """Lane `lane` of what operator `slot` made; of scores, head `lane` and position `place`; without sums."""
    operator = o.operator(slot)
    made = _CALLS[operator.type](o, slot, lane, place)
    return Call(made[0], o.claim(), o.descriptor(slot), made[1:])


def _embedding(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    number = o.trace.records[o.position][o.group][0][0]
    return "embedding", o.lanes(0, 0), o.row(slot, number, lane // 1_024), o.lanes(slot, lane // 32), lane


def _norm(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    row, gain = o.lines(o.operator(slot).first), o.table(slot, lane // 32)
    return "norm", row, gain, o.lanes(slot, lane // 64), lane, NO_SUMS


def _linear(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    operator = o.operator(slot)
    x, exponent = o.lines(operator.first), NO_LANES
    if operator.flags:
        exponent = o.lanes(operator.first, operator.width // 64)
    if operator.type == "dense":
        return "linear", o.row(slot, lane), x, o.lanes(slot, lane // 64), NO_LANES, exponent, lane, NO_SUMS
    before = o.lanes(operator.second, lane // 32)
    return "linear", o.row(slot, lane), x, o.lanes(slot, lane // 32), before, exponent, lane, NO_SUMS


def _rotation(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    x, turns = o.lanes(o.operator(slot).first, lane // 64), o.table(slot, o.position)
    return "rotation", x, turns, o.lanes(slot, lane // 64), lane


def _score_chunk(o: Openings, operator: Operator, slot: int, head: int, place: int) -> tuple[bytes, list[bytes]]:
    each = -(-o.reads(operator) // 32)
    return o.lanes(slot, head * each + place // 32)


def _score(o: Openings, slot: int, head: int, place: int) -> tuple[Any, ...]:
    operator = o.operator(slot)
    key = o.kept(place, KEYS, head // operator.shared)
    scores = _score_chunk(o, operator, slot, head, place)
    return "score", o.lanes(operator.first, head), key, scores, head, place


def maximum(o: Openings, slot: int, head: int, place: int) -> Call:
    scores = _score_chunk(o, o.operator(slot), o.operator(slot).first, head, place)
    return Call("maximum", o.claim(), o.descriptor(slot), (scores, o.lanes(slot, head // 8), head, place))


def total(o: Openings, slot: int, head: int, sums: tuple[bytes, int] = NO_SUMS, claim: tuple[Any, ...] = ()) -> Call:
    operator = o.operator(slot)
    place = sums[1] * 32 if sums[1] * 32 < o.reads(operator) else 0
    scores = _score_chunk(o, operator, operator.first, head, place)
    return Call("total", claim or o.claim(), o.descriptor(slot), (scores, o.lanes(slot, head // 8), head, sums))


def _attended(o: Openings, slot: int, lane: int, place: int) -> tuple[Any, ...]:
    operator, head = o.operator(slot), lane // HEAD
    scores = _score_chunk(o, operator, operator.first, head, place)
    value = o.kept(place, VALUES, head // operator.shared)
    return "attended", scores, o.lanes(operator.second, head // 8), value, o.lanes(slot, head), lane, NO_SUMS


def _factors(o: Openings, slot: int, lane: int) -> tuple[Any, ...]:
    operator = o.operator(slot)
    return o.lanes(operator.first, lane // 64), o.lanes(operator.second, lane // 64)


def _gated(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    exponent = o.lanes(slot, o.operator(slot).height // 64)
    return "gated", *_factors(o, slot, lane), o.lanes(slot, lane // 64), exponent, lane


def exponent(o: Openings, slot: int, lane: int) -> Call:
    last = o.lanes(slot, o.operator(slot).height // 64)
    return Call("exponent", o.claim(), o.descriptor(slot), (*_factors(o, slot, lane), last, lane))


def _token(o: Openings, slot: int, better: int, _: int) -> tuple[Any, ...]:
    chosen = o.trace.records[o.position][o.group][slot][0]
    number = chosen if 0 <= chosen < o.operator(slot).height else 0
    x = o.lines(o.operator(slot).first)
    return "token", x, o.row(slot, number), o.row(slot, better), o.lanes(slot, 0)


def drawn(o: Openings, drawing: Drawing, tree: bytes, slot: int, better: int, shown: int) -> tuple[Any, ...]:
    """Arguments of TraceVerifier's `drawn` behind what is bound: another token than the one that was shown is drawn."""
    number = shown if 0 <= shown < o.operator(slot).height else 0
    noises = (noise_opening(noise_entry(drawing.seed, o.position, token)) for token in (number, better))
    rows = o.row(slot, number), o.row(slot, better)
    by = tree, drawing.seed, drawing.scale
    return o.descriptor(slot), by, o.lines(o.operator(slot).first), *rows, *noises, o.lanes(slot, 0)


def sums_of(o: Openings, slot: int, lane: int) -> int:
    """By how many sums a lane of a picture is shown; 1 where a single call does."""
    operator, window = o.operator(slot), o.operator(slot).window or Window()
    if operator.type == "largest":
        count = len(_places(o, slot, lane))
        return 1 if count <= MAX_PLACES else count
    return 1 if operator.width <= PART and _is_one_call(o, slot, lane) else len(segments(window))


def _is_one_call(o: Openings, slot: int, lane: int) -> bool:
    """Whether a call holds all strips of a lane, and stays cheap: gas of weights, chunks, nodes, and of each strip."""
    operator, window = o.operator(slot), o.operator(slot).window or Window()
    data, path = strips(o, slot, lane, 0, products(window))
    gas = 33 * operator.width + 21 * len(data) + 1_456 * len(path) + 1_800 * window.kernel[0]
    gas += 860 * depth(operator.multiplier)
    return len(data) <= STRIPS_BYTES and len(path) <= STRIPS_PATH and gas <= ONE_CALL


def strips(o: Openings, slot: int, lane: int, first: int, end: int) -> tuple[bytes, list[bytes]]:
    """What a convolution's lane reads for some of its products: a strip of each row of the picture, one behind the
    other."""
    operator, window = o.operator(slot), o.operator(slot).window or Window()
    (height, width, depth), line = window.source, window.kernel[1] * window.source[2]
    y, x = corner(window, lane // operator.multiplier)
    found = []
    for number in range(first // line, (end - 1) // line + 1):
        here = max(x * depth + max(first - number * line, 0), 0)
        there = min(x * depth + min(end - number * line, line), width * depth)
        if 0 <= y + number < height and here < there:
            row = (y + number) * width * depth
            found.append(o.strip(operator.first, (row + here) // 64, (row + there - 1) // 64))
    return b"".join(data for data, _ in found), [node for _, path in found for node in path]


def summed(o: Openings, slot: int, lane: int, claim: tuple[Any, ...], sums: tuple[bytes, int]) -> Call:
    """A picture's lane by sums: one of its products, or one of its largest so far; behind the last the total."""
    is_total, out = sums[1] == len(sums[0]) // 8, o.lanes(slot, lane // 64)
    operator = o.operator(slot)
    if operator.type == "largest":
        places = _places(o, slot, lane)
        shown: Any = [] if is_total else [o.lanes(operator.first, places[sums[1]] // 64)]
        rest: tuple[Any, ...] = (shown, out if is_total else NO_LANES, lane, sums)
        return Call("largest", claim, o.descriptor(slot), rest)
    number = lane % operator.multiplier
    if is_total:
        rest = ((*o.row(slot, number)[:2], b""), NO_LINES, out, lane, sums)
    else:
        first, end = segments(operator.window or Window())[sums[1]]
        rest = (o.row(slot, number, first // PART), strips(o, slot, lane, first, end), NO_LANES, lane, sums)
    return Call("convolved", claim, o.descriptor(slot), rest)


def _convolved(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    operator = o.operator(slot)
    shown = strips(o, slot, lane, 0, products(operator.window or Window()))
    return "convolved", o.row(slot, lane % operator.multiplier), shown, o.lanes(slot, lane // 64), lane, NO_SUMS


def _places(o: Openings, slot: int, lane: int) -> list[int]:
    """Lanes of the source that a window has in the lane's channel."""
    operator, window = o.operator(slot), o.operator(slot).window or Window()
    pixel, channel = divmod(lane, operator.multiplier)
    size = window.source[0] * window.source[1] * window.source[2]
    return [at for at in seen(range(size), window, pixel)[channel :: operator.multiplier] if at is not None]


def _largest(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    places = [o.lanes(o.operator(slot).first, at // 64) for at in _places(o, slot, lane)]
    return "largest", places, o.lanes(slot, lane // 64), lane, NO_SUMS


def _bounded(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    return "bounded", o.lanes(o.operator(slot).first, lane // 64), o.lanes(slot, lane // 64), lane


def _normalised(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    row, gain, bias = o.lines(o.operator(slot).first), o.table(slot, lane // 32), o.bias(slot, lane // 32)
    return "normalised", row, gain, bias, o.lanes(slot, lane // 64), lane


def _tabled(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    first = o.operator(slot).first
    x = o.trace.records[o.position][o.group][first][lane]
    return "tabled", o.lanes(first, lane // 64), o.table(slot, (x + 8_192) // 64), o.lanes(slot, lane // 64), lane


def _added(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    return "added", *_factors(o, slot, lane), o.lanes(slot, lane // 32), lane


def _placed(o: Openings, slot: int, lane: int, _: int) -> tuple[Any, ...]:
    operator = o.operator(slot)
    entry = o.table(slot, (o.position * operator.height + lane) // 32)
    return "placed", o.lanes(operator.first, lane // 32), entry, o.lanes(slot, lane // 32), lane


def _pooled(o: Openings, slot: int, lane: int, place: int) -> tuple[Any, ...]:
    return "pooled", o.kept(place, KEYS, lane // 64), o.lanes(slot, lane // 64), lane, NO_SUMS


_CALLS = {
    "embedding": _embedding,
    "rms_norm": _norm,
    "dense": _linear,
    "residual": _linear,
    "rope": _rotation,
    "scores": _score,
    "attended": _attended,
    "gated": _gated,
    "token": _token,
    "convolution": _convolved,
    "largest": _largest,
    "bounded": _bounded,
    "layer_norm": _normalised,
    "table": _tabled,
    "add": _added,
    "place": _placed,
    "mean_pool": _pooled,
}
