"""Single operators with MiniLM's sizes, in trees as high as its own, between tensors that are drawn by lot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from keifu.spec import inference as arithmetic
from keifu.spec.inference import LARGEST, LARGEST_RESIDUAL
from keifu.spec.inference_calls import Call, alone, check, maximum, total
from keifu.spec.inference_model import OF_ALL, Group, Operator, Trace
from keifu.spec.inference_openings import NO_LANES, Openings, Published, packed_sums
from keifu.spec.inference_trees import SLOTS

__all__ = ["calls"]

WIDTH, INNER, HEADS, HEAD, GROUPS, POSITIONS = 384, 1_536, 12, 64, 8, 512
LANE, SHIFT, EPSILON = 5, 27, 3
SIXTEEN, THIRTY_TWO = Operator("gated", height=1), Operator("add", height=1)  # tensors of so many bits
SCALE = (900_001, 26)


def _lanes(random: Random, count: int, limit: int = LARGEST) -> list[int]:
    return [random.randint(-limit, limit) for _ in range(count)]


def calls() -> Iterator[tuple[str, Call]]:
    """The dearest steps, with their names."""
    random = Random(18)
    h, x, y = _lanes(random, WIDTH, LARGEST_RESIDUAL), _lanes(random, WIDTH), _lanes(random, WIDTH)
    yield from _norm(random, h)
    sizes = {"width": WIDTH, "height": WIDTH, "limit": LARGEST_RESIDUAL}
    add = Operator("add", 1, 2, **sizes)  # type: ignore[arg-type]
    yield "sum", check(alone([SIXTEEN, SIXTEEN, add], [[0], x, y, arithmetic.add(x, y, 2**27)], GROUPS), 3, LANE)
    wide, entries = _lanes(random, INNER), _lanes(random, 16_384)
    table = Operator("table", 1, width=INNER, height=INNER, lanes=entries)
    yield "table", check(alone([SIXTEEN, table], [[0], wide, arithmetic.table(entries, wide)], GROUPS), 2, LANE)
    places = _lanes(random, POSITIONS * WIDTH, 9_000)
    place = Operator("place", 1, multiplier=POSITIONS, lanes=places, **sizes)  # type: ignore[arg-type]
    placed = arithmetic.place(h, places[:WIDTH])
    yield "place", check(alone([THIRTY_TWO, place], [[0], h, placed], GROUPS), 2, LANE)
    yield from _means(random)
    yield from _attention(random)


def _norm(random: Random, h: list[int]) -> Iterator[tuple[str, Call]]:
    gains, biases = [random.randint(1, 2**24) for _ in h], _lanes(random, WIDTH)
    norm = Operator(
        "layer_norm", width=WIDTH, height=WIDTH, multiplier=EPSILON, shift=SHIFT, lanes=gains, more=biases
    )  # fmt: skip
    made = arithmetic.layer_norm(h, gains, biases, SHIFT, EPSILON)
    yield "LayerNorm", check(alone([norm], [h, made], GROUPS), 1, LANE)


def _of_text(operators: list[Operator], records: list[list[list[int]]]) -> Openings:
    """A group at the last of 512 positions, in trees as high as a model's."""
    idle: Group = [SIXTEEN] * (SLOTS - 1)
    program = [[*operators, *idle[len(operators) :]], *[idle] * (GROUPS - 1)]
    filled = [[*record, *([number] for number in range(SLOTS - len(record)))] for record in records]
    rest = [[[0]] * SLOTS] * (GROUPS - 1)
    return Openings(Published.of(program), Trace(program, [[record, *rest] for record in filled]), POSITIONS - 1, 0)


def _sums(terms: list[int]) -> bytes:
    return packed_sums([sum(terms[:end]) for end in range(32, POSITIONS + 1, 32)])


def _means(random: Random) -> Iterator[tuple[str, Call]]:
    kept = [_lanes(random, WIDTH) for _ in range(POSITIONS)]
    mean = arithmetic.mean_pool(kept)
    o = _of_text(
        [SIXTEEN, Operator("mean_pool", kept=1, width=WIDTH, height=WIDTH)], [[[0], lanes, mean] for lanes in kept]
    )
    terms = [lanes[LANE] for lanes in kept]
    call = check(o, 2, LANE, place=POSITIONS - 1)
    fine = packed_sums([sum(terms[: 481 + at]) for at in range(32)])
    claim = o.claim(fine, sum(terms[:480]), 480, 1)
    yield "term of a mean", call._replace(claim=claim, rest=(call.rest[0], NO_LANES, LANE, (fine, 31)))
    coarse = _sums(terms)
    whole = (NO_LANES, call.rest[1], LANE, (coarse, 16))
    yield "total of a mean", call._replace(claim=o.claim(coarse, stride=32), rest=whole)


def _attention(random: Random) -> Iterator[tuple[str, Call]]:
    """Scores, statistics and a weighted sum of 512 positions; queries, keys and values stand in slots 1 to 3."""
    wide = HEADS * HEAD
    kept = [[_lanes(random, wide, 5_791), _lanes(random, wide)] for _ in range(POSITIONS)]
    query = _lanes(random, wide, 5_791)
    lines = arithmetic.scores(query, [keys for keys, _ in kept], HEADS, 1)
    statistics = [arithmetic.softmax(line, *SCALE) for line in lines]
    made = arithmetic.attended(lines, statistics, [values for _, values in kept], 1, SCALE)
    flat = [score for line in lines for score in line]
    heads = Operator("scores", 1, kept=2, width=wide, heads=HEADS, shared=1, flags=OF_ALL)
    scaled = replace(heads, multiplier=SCALE[0], shift=SCALE[1])
    o = _of_text(
        [
            SIXTEEN, SIXTEEN, SIXTEEN, heads, replace(scaled, type="softmax", first=4),
            replace(scaled, type="attended", first=4, second=5, kept=3, height=wide),
        ],
        [[[0], query, *pair, flat, [v for one in statistics for v in (*one, 0)], made] for pair in kept],
    )  # fmt: skip
    yield "score", check(o, 4, 0, place=POSITIONS - 1)
    yield "largest score", maximum(o, 5, 0, statistics[0][1])
    weights = [arithmetic.exp2n(((statistics[0][0] - score) * SCALE[0]) >> SCALE[1]) for score in lines[0]]
    sums = _sums(weights)
    yield "sum of weights", total(o, 5, 0, (sums, 15), o.claim(sums, stride=32))
    terms = [weight * values[LANE] for weight, (_, values) in zip(weights, kept, strict=True)]
    fine = packed_sums([sum(terms[: 481 + at]) for at in range(32)])
    call = check(o, 6, LANE, place=POSITIONS - 1)
    opened = (*call.rest[:3], NO_LANES, LANE, (fine, 31))
    yield "term of attention", call._replace(claim=o.claim(fine, sum(terms[:480]), 480, 1), rest=opened)
