"""PictureVerifier at its edges: pictures of millions of lanes, windows over every edge, strips of all lengths, and all
parts of a sum."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Any

from audit.sparse_records import Known, World
from audit.systems._cases import BESIDE, Case, Cases, around, refused
from audit.systems.layer_edges import COUNTS, GROUPS, Rows, drawn_row, one
from keifu.spec import inference as arithmetic
from keifu.spec import inference_trees as trees
from keifu.spec.inference import LARGEST, Row, Window
from keifu.spec.inference_calls import Call
from keifu.spec.inference_model import Operator, window_bytes
from keifu.spec.inference_openings import NO_LANES, NO_LINES, NO_SUMS, packed_sums

__all__ = ["PictureEdges"]

PART, SUMS, PLACES = trees.PART, 32, 4  # lanes of a part, sums of a list, places of a call
STRIPS_BYTES, STRIPS_PATH = 2_304, 48
SOURCES = ((1, 1, 1), (1, 1, 33), (1, 1, 1_024), (1, 1, 2_500), (2, 3, 5), (4, 4, 64), (9, 7, 40), (28, 28, 1),
           (7, 7, 512), (224, 224, 3), (1_000, 2, 129), (300, 300, 64), (2, 60_000, 16), (65_535, 3, 7))  # fmt: skip
KERNELS = ((1, 1), (1, 2), (2, 2), (3, 3), (2, 5), (5, 1), (7, 7), (1, 255), (255, 1))
STRIDES = ((1, 1), (2, 1), (1, 3), (2, 2), (200, 3))
PADDINGS = ((0, 0), (1, 1), (0, 3), (2, 0), (6, 250))
BOUNDS = ((-LARGEST, LARGEST), (0, LARGEST), (-5_000, 4_000), (-3, 3), (-32_768, 32_767))


class Picture:
    """Lanes of any number: each follows from its place."""

    def __init__(self, size: int, kind: int) -> None:
        self.size, self.kind = size, kind

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, at: int) -> int:
        if self.kind == 0:
            return LARGEST if at * 2_654_435_761 >> 7 & 1 else -LARGEST
        return (at * 2_654_435_761 + self.kind * 977) % (2 * LARGEST + 1) - LARGEST

    def chunk(self, number: int) -> bytes:
        lanes = [self[at] if at < self.size else 0 for at in range(64 * number, 64 * number + 64)]
        return trees.chunks(lanes, 16)[0]


class View:
    """A window over a picture, at one lane of the target."""

    def __init__(self, number: int, random: Random, most: int) -> None:
        self.random, self.number = random, number
        source = SOURCES[number % len(SOURCES)]
        while True:
            kernel, padding = random.choice(KERNELS), random.choice(PADDINGS)
            stride, across = random.choice(STRIDES), random.choice((1, 2, 3, 7, 224, 60_000))
            low, high = random.choice(BOUNDS)
            self.window = Window(source, across, kernel, stride, padding, random.choice((0, -77, LARGEST)), low, high)
            if kernel[0] * kernel[1] * source[2] <= most:
                break
        # Somewhere near the picture: at its corners, at its edges, and inside.
        down = (source[0] + padding[0]) // stride[0]
        right = min((source[1] + padding[1]) // stride[1], across - 1)
        self.pixel = random.choice((0, random.randint(0, down))) * across + random.choice(
            (0, right, random.randint(0, right))
        )
        self.x = Picture(source[0] * source[1] * source[2], number % 3)
        self.chunks = -(-self.x.size // 64)
        self.slot, self.groups = 2 + number % 14, GROUPS[number % len(GROUPS)]

    def seen(self) -> list[int | None]:
        return arithmetic.seen(self.x, self.window, self.pixel)  # type: ignore[arg-type]

    def lines(self, first: int, end: int) -> list[tuple[int, int]]:
        """First and last lane that the picture has of each row of the window, between two products."""
        (height, width, depth), line = self.window.source, self.window.kernel[1] * self.window.source[2]
        y, x = arithmetic.corner(self.window, self.pixel)
        there = [
            (y + at // line, (x * depth + at % line))
            for at in range(first, end)
            if 0 <= y + at // line < height and 0 <= x * depth + at % line < width * depth
        ]
        found: dict[int, list[int]] = {}
        for row, column in there:
            found.setdefault(row, []).append(row * width * depth + column)
        return [(min(lanes), max(lanes)) for lanes in found.values()]

    def known(self, lines: list[tuple[int, int]]) -> Known:
        chunks = {at for first, last in lines for at in range(first // 64, last // 64 + 1)} or {0}
        return self.chunks, {at: self.x.chunk(at) for at in chunks}

    def strips(self, world: World, lines: list[tuple[int, int]]) -> tuple[bytes, list[bytes]]:
        shown = [world.strip(1, first // 64, last // 64) for first, last in lines]
        return b"".join(data for data, _ in shown), [node for _, path in shown for node in path]


class Convolution(View):
    """One of many channels."""

    def __init__(self, number: int, random: Random) -> None:
        super().__init__(number, random, 4_000)
        self.channels = COUNTS[number % 8]
        self.channel = random.choice((0, self.channels - 1, random.randrange(self.channels)))
        self.lane = self.pixel * self.channels + self.channel
        self.products = arithmetic.products(self.window)
        self.width = -(-self.products // 32) * 32
        row = drawn_row(self.products, trees.ROWS_8, number % 4, random)
        self.row: Row = row._replace(weights=[*row.weights, *[0] * (self.width - self.products)])
        self.rows = Rows({self.channel: self.row}, self.channels, trees.ROWS_8, random)
        taken = [self.window.zero if x is None else x for x in self.seen()]
        self.terms = [weight * x for weight, x in zip(self.row.weights, taken, strict=False)]

    @property
    def made(self) -> int:
        found = arithmetic.rq(sum(self.terms) + self.row.bias, self.row.multiplier, self.row.shift)
        return arithmetic.bounded([found], self.window)[0]

    def world(self, made: int, lines: list[tuple[int, int]]) -> World:
        height = self.lane + self.random.choice((1, 1, 70))
        operator = Operator(
            "convolution", 1, width=self.width, height=height, multiplier=self.channels, window=self.window
        )
        tensors = {1: self.known(lines), self.slot: one(height, self.lane, made, 16, self.random)}
        return World(self.random, operator, tensors, slot=self.slot, of_groups=self.groups, root=self.rows.root,
                     extra=window_bytes(self.window))  # fmt: skip


def strips_spoilt(call: Call) -> Iterator[Case]:
    """Strips with something else in them."""
    (data, path), rest = call.rest[1], call.rest
    others: list[tuple[Any, str]] = []
    if len(data) < STRIPS_BYTES:
        others.append(((data + bytes(128), path), "strips"))
    if len(path) < STRIPS_PATH:
        others.append(((data, [*path, BESIDE]), "path"))
    if data:
        others += [((data[:-1], path), "strips"), ((data[:-128], path), "strips"), ((data, path[:-1]), "path")]
        others += [
            ((data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], path), "lanes") for at in {0, 127, len(data) - 1}
        ]
        others += [
            ((data, [*path[:at], BESIDE, *path[at + 1 :]]), "lanes") for at in {0, len(path) // 2, len(path) - 1}
        ]
    for changed, reason in others:
        yield refused(call._replace(rest=(rest[0], changed, *rest[2:])), reason)


def beside_strips(call: Call, wanted: bool, height: int) -> Iterator[Case]:
    """Around a call, strips apart."""
    for case in around(call._replace(rest=(call.rest[0], NO_LINES, *call.rest[2:])), wanted, height):
        other = case.call
        yield case._replace(call=other._replace(rest=(other.rest[0], call.rest[1], *other.rest[2:])))
    yield from strips_spoilt(call)


def convolutions(random: Random) -> Iterator[Case]:
    for number in range(150):
        view = Convolution(number, random)
        made, lines = view.made, view.lines(0, view.products)
        for more in (0, 1, -1):
            world = view.world(min(max(made + more, -32_768), 32_767), lines)
            height, wrong = world.operator.height, -32_768 <= made + more <= 32_767 and more != 0
            strips = view.strips(world, lines)
            behind = (world.lanes(view.slot, view.lane // 64), view.lane)
            call = Call(
                "convolved",
                world.claim(),
                world.descriptor(),
                (view.rows.opening(view.channel), strips, *behind, NO_SUMS),
            )
            if view.width > PART:
                yield refused(call._replace(rest=(call.rest[0], NO_LINES, *behind, NO_SUMS)), "part")
            elif len(strips[0]) <= STRIPS_BYTES and len(strips[1]) <= STRIPS_PATH:
                yield from beside_strips(call, wrong, height) if number % 5 == 0 and more < 1 else [Case(call, wrong)]
            yield from _totals(view, world, behind, wrong, more)
        yield from _sums(view, number)


def _totals(view: Convolution, world: World, behind: tuple[Any, ...], wrong: bool, more: int) -> Iterator[Case]:
    segments = arithmetic.segments(view.window)
    sums = list(accumulate(sum(view.terms[first:end]) for first, end in segments))
    if len(sums) > SUMS:
        return
    data = packed_sums(sums)
    row = (*view.rows.opening(view.channel)[:2], b"")
    rest = (row, NO_LINES, *behind, (data, len(sums)))
    call = Call("convolved", world.claim(data, stride=1), world.descriptor(), rest)
    yield from around(call, wrong, world.operator.height) if view.number % 7 == 0 and not more else [Case(call, wrong)]
    if more or view.number % 3:
        return
    for changes in ({"first": 1}, {"base": 1}, {"base": -1}, {"stride": 2}, {"stride": 0}):
        yield refused(call._replace(claim=world.claim(data, **{"stride": 1, **changes})), "sums")
    for other in (packed_sums([*sums, sums[-1]]), packed_sums(sums[:-1])):
        if 0 < len(other) <= 256:
            shown = (*call.rest[:-1], (other, len(other) // 8))
            yield refused(call._replace(claim=world.claim(other, stride=1), rest=shown), "sums")


def _sums(view: Convolution, number: int) -> Iterator[Case]:
    segments = arithmetic.segments(view.window)
    for part in {0, min(len(segments) - 1, SUMS - 1), len(segments) // 2}:
        if part >= SUMS:
            continue
        first, end = segments[part]
        lines = view.lines(first, end)
        world = view.world(0, lines)
        strips, term = view.strips(world, lines), sum(view.terms[first:end])
        row = view.rows.opening(view.channel, first // PART)
        for more, base in ((0, 0), (1, 0), (-1, 0), (0, 9)):
            data = packed_sums([base + term + more])
            claim = world.claim(data, base=base, first=part, stride=1)
            call = Call("convolved", claim, world.descriptor(), (row, strips, NO_LANES, view.lane, (data, 0)))
            spoils = number % 6 == 1 and more == 1
            yield from beside_strips(call, more != 0, world.operator.height) if spoils else [Case(call, more != 0)]
        yield refused(call._replace(claim=(*claim[:9], 2)), "sums")
    for behind in {len(segments), SUMS}:
        two = packed_sums([1, 2])
        claim = world.claim(two, first=behind, stride=1)
        yield refused(call._replace(claim=claim, rest=(*call.rest[:-1], (two, 0))), "part")


def poolings(random: Random) -> Iterator[Case]:
    for number in range(150):
        view = View(number, random, 4_000)
        depth = view.window.source[2]
        channel = random.choice((0, depth - 1, random.randrange(depth)))
        lane = view.pixel * depth + channel
        at = of_channel(view, channel)
        if not at or len(at) > SUMS:
            continue
        values = [view.x[place] for place in at]
        height = lane + random.choice((1, 1, 70))
        operator = Operator("largest", 1, height=height, multiplier=depth, window=view.window)
        made = arithmetic.bounded([max(values)], view.window)[0]
        for more in (0, 1, -1):
            said = min(max(made + more, -32_768), 32_767)
            tensors = {1: view.known([(place, place) for place in at]), view.slot: one(height, lane, said, 16, random)}
            world = World(
                random, operator, tensors, slot=view.slot, of_groups=view.groups, extra=window_bytes(view.window)
            )
            places = [world.lanes(1, place // 64) for place in at]
            out = world.lanes(view.slot, lane // 64)
            yield from _pooled_at_once(world, places, (out, lane), said != made, number)
            yield from _pooled_total(world, list(accumulate(values, max)), (out, lane), said != made, number)
        yield from _pooled_parts(world, places, values, lane, number)


def of_channel(view: View, channel: int) -> list[int]:
    """Lanes of the picture that the window covers, of one channel."""
    lanes = arithmetic.seen(range(view.x.size), view.window, view.pixel)[channel :: view.window.source[2]]
    return [at for at in lanes if at is not None]


def _pooled_at_once(
    world: World, places: list[Any], behind: tuple[Any, int], wrong: bool, number: int
) -> Iterator[Case]:
    call = Call("largest", world.claim(), world.descriptor(), (places[:PLACES], *behind, NO_SUMS))
    if len(places) > PLACES:
        yield refused(call, "part")
        return
    yield from around(call, wrong, world.operator.height) if number % 5 == 0 else [Case(call, wrong)]
    if len(places) < PLACES:
        yield refused(call._replace(rest=([*places, places[0]], *call.rest[1:])), "places")
    yield refused(call._replace(rest=(places[:-1], *call.rest[1:])), "places")
    for at, (data, path) in enumerate(places):
        other = (data[:-1] + bytes([data[-1] ^ 1]), path)
        yield refused(call._replace(rest=([*places[:at], other, *places[at + 1 :]], *call.rest[1:])), "lanes")


def _pooled_total(world: World, sums: list[int], behind: tuple[Any, int], wrong: bool, number: int) -> Iterator[Case]:
    data = packed_sums(sums)
    call = Call("largest", world.claim(data, stride=1), world.descriptor(), ([], *behind, (data, len(sums))))
    yield from around(call, wrong, world.operator.height) if number % 7 == 0 else [Case(call, wrong)]
    for changes in ({"first": 1}, {"base": 1}, {"stride": 2}):
        yield refused(call._replace(claim=world.claim(data, **{"stride": 1, **changes})), "sums")
    for other in (packed_sums([*sums, sums[-1]]), packed_sums(sums[:-1])):
        if 0 < len(other) <= 256:
            shown = (*call.rest[:-1], (other, len(other) // 8))
            yield refused(call._replace(claim=world.claim(other, stride=1), rest=shown), "sums")


def _pooled_parts(world: World, places: list[Any], values: list[int], lane: int, number: int) -> Iterator[Case]:
    sums = list(accumulate(values, max))
    for part in {0, 1 % len(values), len(values) - 1, len(values) // 2}:
        for more, before in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
            shown = list(sums[: part + 1])
            if part:
                shown[part - 1] += before
            shown[part] += more
            joined = max(shown[part - 1], values[part]) if part else values[part]
            data = packed_sums(shown)
            rest = ([places[part]], NO_LANES, lane, (data, part))
            call = Call("largest", world.claim(data, stride=1), world.descriptor(), rest)
            wrong = shown[part] != joined
            yield from around(call, wrong, world.operator.height) if number % 9 == 0 and more else [Case(call, wrong)]
        yield refused(call._replace(rest=([], *rest[1:])), "places")
        yield refused(call._replace(rest=([places[part]] * 2, *rest[1:])), "places")
    if len(values) < SUMS:
        data = packed_sums([*sums, sums[-1]])
        rest = ([places[0]], NO_LANES, lane, (data, len(sums)))
        yield refused(Call("largest", world.claim(data, stride=1), world.descriptor(), rest), "part")
    yield from _begun(world, places, values, lane)


def _begun(world: World, places: list[Any], values: list[int], lane: int) -> Iterator[Case]:
    """A list that begins in the middle, with what was the largest before."""
    begins = len(values) // 2
    for base in {min(values) - 1, max(values) + 1, 0}:
        for more in (0, 1):
            # The first place of all has nothing before it.
            largest = max(base, values[begins]) if begins else values[begins]
            data = packed_sums([largest + more])
            claim = world.claim(data, base=base, first=begins, stride=1)
            yield Case(
                Call("largest", claim, world.descriptor(), ([places[begins]], NO_LANES, lane, (data, 0))), more != 0
            )


def bounds(random: Random) -> Iterator[Case]:
    heights = (1, 63, 64, 65, 300, 70_000, 2**22 + 1, 2**32 - 1)
    for number in range(120):
        height, slot, (low, high) = heights[number % len(heights)], 2 + number % 14, BOUNDS[number % len(BOUNDS)]
        lane = random.choice((0, height - 1, random.randrange(height)))
        x = random.choice((low, high, low - 1, high + 1, 0, random.randint(-32_768, 32_767)))
        x = min(max(x, -32_768), 32_767)
        window = Window(low=low, high=high)
        made = arithmetic.bounded([x], window)[0]
        for more in (0, 1, -1):
            said = min(max(made + more, -32_768), 32_767)
            tensors = {1: one(height, lane, x, 16, random), slot: one(height, lane, said, 16, random)}
            operator = Operator("bounded", 1, height=height, window=window)
            world = World(
                random, operator, tensors, slot=slot, of_groups=GROUPS[number % 5], extra=window_bytes(window)
            )
            rest = (world.lanes(1, lane // 64), world.lanes(slot, lane // 64), lane)
            call = Call("bounded", world.claim(), world.descriptor(), rest)
            yield from around(call, said != made, height) if number % 7 == 0 else [Case(call, said != made)]


class PictureEdges(Cases):
    """One lane at a time, of pictures of all sizes."""

    contracts = ("PictureVerifier",)

    kinds = (convolutions, poolings, bounds)
