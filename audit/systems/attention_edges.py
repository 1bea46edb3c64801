"""AttentionVerifier at its edges: heads and keys of all numbers, every lane of a head, limits, ties, and every term."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Any

from audit.sparse_records import NONE, Kept, Known, World
from audit.systems._cases import Case, Cases, around, chunk_of, refused
from keifu.spec import inference as arithmetic
from keifu.spec.inference import LARGEST, ROTATED
from keifu.spec.inference_calls import Call
from keifu.spec.inference_model import OF_ALL, Operator
from keifu.spec.inference_openings import NO_LANES, NO_SUMS, packed_sums
from keifu.spec.inference_trees import depth

__all__ = ["AttentionEdges"]

GROUPS = ((0, 1), (1, 2), (2, 3), (4, 9), (100, 128))
HEADS = (
    (1, 1),
    (2, 2),
    (3, 3),
    (4, 1),
    (9, 3),
    (15, 5),
    (32, 8),
    (64, 4),
    (255, 5),
    (255, 255),
)  # and those of one key
# Position, and how many positions there are.
PLACES = ((0, 1), (0, 2), (1, 3), (30, 40), (31, 32), (32, 33), (63, 70), (500, 512), (999, 1_024))
SCALES = ((900_001, 26), (1, 1), (65_537, 4), (2**32 - 1, 33))
LEAST, MOST = -(2**31), 2**31 - 1
HEIGHTS = (2, 62, 64, 66, 128, 1_024, 70_000, 2**22, 2**32 - 2)


def seen(position: int, positions: int, flags: int) -> int:
    return positions if flags & OF_ALL else position + 1


def rotations(random: Random) -> Iterator[Case]:
    """Pairs of every lane; tables of angles of up to 2**31 positions."""
    turns = (1, 2, 3, 40, 255, 257, 70_000, 2**24 + 1, 2**31)
    for number in range(130):
        height, count = HEIGHTS[number % len(HEIGHTS)], turns[number % 8 if number % 9 else 8]
        lane = (number % 64) if height > 64 else number % height
        lane += 64 * random.randrange(max(1, height // 64)) if height > 64 else 0
        lane = min(lane, height - 1)
        position, slot = random.choice((0, count - 1, random.randrange(count))), 2 + number % 14
        x = {at: random.choice((-4_095, 4_095, random.randint(-4_095, 4_095))) for at in range(64)}
        angle = {at: random.choice((16_384, -16_384, 0, random.randint(-16_384, 16_384))) for at in range(64)}
        made = arithmetic.rope([x[at] for at in range(64)], [angle[at] for at in range(64)])[lane % 64]
        for more in (0, 1, -1):
            operator = Operator("rope", 1, width=height, height=height, limit=ROTATED, multiplier=count)
            tensors: dict[int, Known] = {
                1: (-(-height // 64), {lane // 64: chunk_of(x, 16, random)}),
                slot: (-(-height // 64), {lane // 64: chunk_of({lane % 64: made + more}, 16, random)}),
            }
            world = World(random, operator, tensors, slot=slot, at=(position, 1), of_groups=GROUPS[number % 5],
                          table=(count, {position: chunk_of(angle, 16, random)}))  # fmt: skip
            chunk = lane // 64
            rest = (world.lanes(1, chunk), world.table(position), world.lanes(slot, chunk), lane)
            call = Call("rotation", world.claim(), world.descriptor(), rest)
            yield from around(call, more != 0, height) if number % 11 == 0 else [Case(call, more != 0)]
            # Behind the last leaf of the tree a path would lead to the angles of `position` again.
            for behind in (count, (1 << depth(count)) + position, 2**256 - 1):
                claim = (*call.claim[:4], behind, *call.claim[5:])
                yield Case(call._replace(claim=claim), True)


def sized(number: int) -> tuple[tuple[int, int], tuple[int, int], int, dict[str, Any]]:
    """Position, groups and slot of a number; and heads, those of one key, flags and scale."""
    heads, shared = HEADS[number % len(HEADS)]
    flags = (0, OF_ALL, 0, OF_ALL | 1, 1, OF_ALL | 4)[number % 6]
    multiplier, shift = SCALES[number % len(SCALES)]
    sizes = {"heads": heads, "shared": shared, "flags": flags, "multiplier": multiplier, "shift": shift}
    return PLACES[number % len(PLACES)], GROUPS[number % len(GROUPS)], 3 + number % 13, sizes


def score_chunk(heads: int, head: int, count: int, place: int) -> tuple[int, int]:
    """How many chunks scores have, and which of them has one."""
    each = -(-count // 32)
    return heads * each, head * each + place // 32


def behind_the_last(call: Call, heads: int, count: int) -> Iterator[Case]:
    """Another head, and another position, than there are."""
    for head, place in ((heads, call.rest[-1]), (call.rest[-2], count), (heads, count)):
        yield refused(call._replace(rest=(*call.rest[:-2], head, place)), "lane")


def scores(random: Random) -> Iterator[Case]:
    for number in range(90):
        at, groups, slot, sizes = sized(number)
        heads, shared, count = sizes["heads"], sizes["shared"], seen(*at, sizes["flags"])
        head = random.choice((0, heads - 1, random.randrange(heads)))
        place = random.choice((0, count - 1, random.randrange(count)))
        size = (ROTATED, 3, 5_000)[number % 3]
        query, key = ({lane: random.choice((-size, size, 1)) for lane in range(64)} for _ in range(2))
        made = arithmetic.scores([query[lane] for lane in range(64)], [[key[lane] for lane in range(64)]], 1, 1)[0][0]
        chunks, chunk = score_chunk(heads, head, count, place)
        kept = Kept(1, place, (heads // shared, {head // shared: chunk_of(key, 16, random)}))
        for more in (0, 1, -1):
            operator = Operator("scores", 1, kept=2, width=64 * heads, limit=MOST, **sizes)
            tensors: dict[int, Known] = {
                1: (heads, {head: chunk_of(query, 16, random)}),
                slot: (chunks, {chunk: chunk_of({place % 32: made + more}, 32, random)}),
            }
            world = World(random, operator, tensors, slot=slot, at=at, of_groups=groups, kept=kept)
            rest = (world.lanes(1, head), world.kept(head // shared), world.lanes(slot, chunk), head, place)
            call = Call("score", world.claim(), world.descriptor(), rest)
            yield from around(call, more != 0) if number % 11 == 0 and more else [Case(call, more != 0)]
        yield from behind_the_last(call, heads, count)


class Softmax:
    """A head's scores and statistics, of which some are known."""

    def __init__(self, number: int, random: Random, kind: str = "softmax") -> None:
        self.at, self.groups, self.slot, sizes = sized(number)
        self.random, self.sizes, self.kind = random, sizes, kind
        self.heads, self.count = sizes["heads"], seen(*self.at, sizes["flags"])
        self.head = random.choice((0, self.heads - 1, random.randrange(self.heads)))

    def world(
        self, place: int, line: dict[int, int], statistics: tuple[int, ...], **changes: Any
    ) -> tuple[World, tuple[Any, ...]]:
        """And the openings of the scores around `place`, and of the statistics."""
        random, head = self.random, self.head
        chunks, chunk = score_chunk(self.heads, head, self.count, place)
        stand = dict(enumerate(statistics, head % 8 * 4))
        tensors: dict[int, Known] = {
            1: (chunks, {chunk: chunk_of(line, 32, random)}),
            self.slot: (-(-self.heads // 8), {head // 8: chunk_of(stand, 32, random)}),
        }
        sizes = self.sizes | changes
        world = World(
            random, Operator(self.kind, 1, **sizes), tensors, slot=self.slot, at=self.at, of_groups=self.groups
        )
        return world, (world.lanes(1, chunk), world.lanes(self.slot, head // 8))

    def weight(self, score: int, largest: int) -> int:
        """Of a score; what is above the largest counts as it."""
        return arithmetic.exp2n((max(largest - score, 0) * self.sizes["multiplier"]) >> self.sizes["shift"])


def maxima(random: Random) -> Iterator[Case]:
    """A score beside the largest: larger, equal and smaller, before it, at it and behind it."""
    for number in range(60):
        softmax = Softmax(number, random)
        count = softmax.count
        where = random.choice((0, count - 1, random.randrange(count)))
        largest = random.choice((0, -5, MOST - 1, LEAST + 1, 12_345))
        for place in {where, max(where - 1, 0), min(where + 1, count - 1), 0, count - 1}:
            for less in (0, 1, -1):
                score = largest - less
                wrong = score > largest or (score == largest and place < where) or (place == where and score != largest)
                world, shown = softmax.world(place, {place % 32: score}, (largest, where))
                rest = (*shown, softmax.head, place)
                call = Call("maximum", world.claim(), world.descriptor(), rest)
                yield from around(call, wrong) if number % 30 == less else [Case(call, wrong)]
        for beyond in (-1, count, count - 1, MOST, LEAST):
            world, shown = softmax.world(0, {0: largest - 1}, (largest, beyond))
            wrong = not 0 <= beyond < count or beyond == 0
            call = Call("maximum", world.claim(), world.descriptor(), (*shown, softmax.head, 0))
            yield Case(call, wrong)
        yield from behind_the_last(call, softmax.heads, count)


def totals(random: Random) -> Iterator[Case]:
    for number in range(48):
        softmax = Softmax(number, random)
        count, largest = softmax.count, random.choice((MOST, 70_000, 0, -3))
        apart = random.choice((3, 4_000, 10**6))
        line = [max(largest - random.randrange(apart), LEAST) for _ in range(count)]
        if number % 5 == 0:
            line[random.randrange(count)] = min(largest + 7, MOST)
        weights = [softmax.weight(score, largest) for score in line]
        parts = [sum(weights[at : at + 32]) for at in range(0, count, 32)]
        total = sum(weights)
        if count <= 32:
            for more in (0, 1):
                world, shown = softmax.world(0, dict(enumerate(line)), (largest, 0, total + more))
                call = Call("total", world.claim(), world.descriptor(), (*shown, softmax.head, NO_SUMS))
                yield from around(call, more != 0) if number % 4 == 0 else [Case(call, more != 0)]
                yield refused(call._replace(rest=(*shown, softmax.heads, NO_SUMS)), "lane")
        else:
            world, shown = softmax.world(0, dict(enumerate(line[:32])), (largest, 0, parts[0]))
            yield refused(Call("total", world.claim(), world.descriptor(), (*shown, softmax.head, NO_SUMS)), "part")
        yield from _summed(softmax, line, largest, parts)


def _summed(softmax: Softmax, line: list[int], largest: int, parts: list[int]) -> Iterator[Case]:
    for number in {0, len(parts) - 1, len(parts) // 2}:
        chunk = dict(enumerate(line[32 * number : 32 * number + 32]))
        world, shown = softmax.world(32 * number, chunk, (largest, 0, sum(parts)))
        begins = softmax.random.choice((0, number))
        for more, base in ((0, 0), (1, 0), (-1, 0), (0, -9)):
            before = list(accumulate(parts[begins:number], initial=base))
            data = packed_sums([*before[1:], before[-1] + parts[number] + more])
            claim = world.claim(data, base=base, first=32 * begins, stride=32)
            call = Call("total", claim, world.descriptor(), (*shown, softmax.head, (data, number - begins)))
            yield from around(call, more != 0) if more == 1 and number % 9 == 1 else [Case(call, more != 0)]
        for other in ((*claim[:9], 31), (*claim[:9], 33), (*claim[:8], 32 * begins + 1, 32)):
            yield refused(call._replace(claim=other), "sums")
        yield refused(call._replace(rest=(*call.rest[:3], (data, number - begins + 2))), "sums")
    world, shown = softmax.world(0, {}, (largest, 0, 5))
    two = packed_sums([1, 2])
    claim = world.claim(two, first=32 * len(parts), stride=32)
    yield refused(Call("total", claim, world.descriptor(), (*shown, softmax.head, (two, 0))), "part")
    yield from _whole(softmax, largest, list(accumulate(parts)))


def _whole(softmax: Softmax, largest: int, sums: list[int]) -> Iterator[Case]:
    data, count = packed_sums(sums), len(sums)
    for more in (0, 1, -1):
        world, shown = softmax.world(0, {}, (largest, 0, sums[-1] + more))
        rest = (NO_LANES, shown[1], softmax.head, (data, count))
        call = Call("total", world.claim(data, stride=32), world.descriptor(), rest)
        yield from around(call, more != 0) if more == 1 and len(sums) < 3 else [Case(call, more != 0)]
    yield from not_whole(call, world, sums, 32)


def not_whole(call: Call, world: World, sums: list[int], stride: int) -> Iterator[Case]:
    """Sums that begin elsewhere, are of other sizes, or of other numbers, have no total."""
    data, more, fewer = packed_sums(sums), packed_sums([*sums, sums[-1]]), packed_sums(sums[:-1])
    for wrong in (
        world.claim(data, stride=stride, first=stride), world.claim(data, stride=stride, first=1),
        world.claim(data, stride=stride, base=1), world.claim(data, stride=stride, base=-1),
        *([world.claim(data, stride=stride * 33)] if len(sums) > 1 else []),
    ):  # fmt: skip
        yield refused(call._replace(claim=wrong), "sums")
    for other in (more, fewer):
        if 0 < len(other) <= 256:
            shown = (*call.rest[:-1], (other, len(other) // 8))
            yield refused(call._replace(claim=world.claim(other, stride=stride), rest=shown), "sums")


class Attended(Softmax):
    """A lane of a head's weighted sum."""

    def __init__(self, number: int, random: Random) -> None:
        super().__init__(number, random, "attended")
        self.lane = 64 * self.head + random.randrange(64)
        self.height = random.choice((64 * self.heads, self.lane + 1))

    def call(self, place: int, score: int, value: int, largest: int, total: int, out: int) -> tuple[World, list[Any]]:
        random, head, shared = self.random, self.head, self.sizes["shared"]
        chunks, chunk = score_chunk(self.heads, head, self.count, place)
        stand = {head % 8 * 4: largest, head % 8 * 4 + 2: total}
        kept = Kept(2, place, (self.heads // shared, {head // shared: chunk_of({self.lane % 64: value}, 16, random)}))
        tensors: dict[int, Known] = {
            0: NONE,
            1: (chunks, {chunk: chunk_of({place % 32: score}, 32, random)}),
            2: (-(-self.heads // 8), {head // 8: chunk_of(stand, 32, random)}),
            self.slot: (-(-self.height // 64), {head: chunk_of({self.lane % 64: out}, 16, random)}),
        }
        operator = Operator("attended", 1, 2, kept=4, height=self.height, **self.sizes)
        world = World(random, operator, tensors, slot=self.slot, at=self.at, of_groups=self.groups, kept=kept)
        shown = [
            world.lanes(1, chunk),
            world.lanes(2, head // 8),
            world.kept(head // shared),
            world.lanes(self.slot, head),
        ]
        return world, shown


def attended(random: Random) -> Iterator[Case]:
    for number in range(54):
        lane = Attended(number, random)
        count, largest = lane.count, random.choice((MOST, 90_000, 0, -3))
        line = [max(largest - random.choice((0, 3, 70_000, 10**7)), LEAST) for _ in range(count)]
        values = [random.choice((-LARGEST, LARGEST, -1, 0, 1, 77)) for _ in range(count)]
        terms = [lane.weight(score, largest) * value for score, value in zip(line, values, strict=True)]
        total = max(1, sum(lane.weight(score, largest) for score in line))
        made = arithmetic.rounded_quotient(sum(terms), total)
        for more in (0, 1, -1):
            world, shown = lane.call(0, line[0], values[0], largest, total, made + more)
            call = Call("attended", world.claim(), world.descriptor(), (*shown, lane.lane, NO_SUMS))
            if count > 1:
                yield refused(call, "part")
            else:
                yield from around(call, more != 0, lane.height) if number % 3 == 0 else [Case(call, more != 0)]
            for stride in {-(-count // 32), 1, 32}:
                ends = [*range(stride, count, stride), count]
                if len(ends) <= 32:
                    sums = [sum(terms[:end]) for end in ends]
                    data = packed_sums(sums)
                    rest = (NO_LANES, shown[1], NO_LANES, shown[3], lane.lane, (data, len(sums)))
                    call = Call("attended", world.claim(data, stride=stride), world.descriptor(), rest)
                    yield from around(call, more != 0, lane.height) if number % 9 == more else [Case(call, more != 0)]
                    yield from not_whole(call, world, sums, stride) if not more else ()
        yield from _terms(lane, line, values, terms, (largest, total))


def _terms(
    lane: Attended, line: list[int], values: list[int], terms: list[int], statistics: tuple[int, int]
) -> Iterator[Case]:
    for place in {0, lane.count - 1, lane.count // 2}:
        world, shown = lane.call(place, line[place], values[place], *statistics, 0)
        begins = max(place - lane.random.choice((0, 1, 31)), 0)
        for more, base in ((0, 0), (1, 0), (-1, 0), (0, 5)):
            before = list(accumulate(terms[begins:place], initial=base))
            data = packed_sums([*before[1:], before[-1] + terms[place] + more])
            claim = world.claim(data, base=base, first=begins, stride=1)
            rest = (*shown[:3], NO_LANES, lane.lane, (data, place - begins))
            call = Call("attended", claim, world.descriptor(), rest)
            yield from around(call, more != 0, lane.height) if more == 1 and place % 9 == 1 else [Case(call, more != 0)]
        yield refused(call._replace(claim=(*claim[:9], 2)), "sums")
        yield refused(call._replace(rest=(*rest[:-1], (data, place - begins + 2))), "sums")
    two = packed_sums([1, 2])
    claim = world.claim(two, first=lane.count, stride=1)
    yield refused(Call("attended", claim, world.descriptor(), (*shown[:3], NO_LANES, lane.lane, (two, 0))), "part")


class AttentionEdges(Cases):
    """One lane or term at a time, of heads of all numbers."""

    contracts = ("AttentionVerifier",)

    kinds = (rotations, scores, maxima, totals, attended)
