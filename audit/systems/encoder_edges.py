"""EncoderVerifier at its edges: tensors of all sizes, the first and last lane of a chunk, bounds, and every term."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from random import Random

from audit.sparse_records import NONE, Kept, World
from audit.systems._cases import Case, Cases, around, chunk_of, refused
from keifu.spec import inference as arithmetic
from keifu.spec.inference import LARGEST, LARGEST_RESIDUAL
from keifu.spec.inference_calls import Call
from keifu.spec.inference_model import Operator
from keifu.spec.inference_openings import NO_LANES, NO_SUMS, packed_sums

__all__ = ["EncoderEdges"]

# Lanes of a tensor; the chunks of the larger ones have trees of 16 to 26 levels.
HEIGHTS = (1, 31, 33, 64, 65, 129, 1_025, 20_000, 66_000, 5 * 10**6, 2**26 + 1, 2**32 - 1)
GROUPS = ((0, 1), (0, 2), (2, 3), (4, 9), (100, 128))
KEPT_HEIGHTS = HEIGHTS[:8]  # a way through positions and groups has 32 nodes at most
ENTRIES = 16_384  # of a table
MOST = 2**256 - 1  # of what a claim may say


def lane_of(height: int, random: Random) -> int:
    return random.choice((0, height - 1, random.randrange(height), height // 2))


def known(height: int, lane: int, value: int, bits: int, random: Random) -> tuple[int, dict[int, bytes]]:
    """A tensor of so many lanes, of which the chunk of one is known."""
    each = 1_024 // bits
    return -(-height // each), {lane // each: chunk_of({lane % each: value}, bits, random)}


def additions(random: Random) -> Iterator[Case]:
    for number, height in enumerate(HEIGHTS * 4):
        limit = (LARGEST_RESIDUAL, 5, 16_384, 65_535)[number % 4]
        x, y = ((-32_768, -32_768), (32_767, 32_767), (3, -9), (30_000, -14), (-20_000, 4))[number % 5]
        lane, groups, slot = lane_of(height, random), GROUPS[number % 5], 2 + number % 14
        made = arithmetic.add([x], [y], limit)[0]
        for more in (0, 1, -1):
            operator = Operator("add", slot - 1, slot - 2, width=height, height=height, limit=limit)
            tensors = {
                slot - 1: known(height, lane, x, 16, random),
                slot - 2: known(height, lane, y, 16, random),
                slot: known(height, lane, made + more, 32, random),
            }
            world = World(random, operator, tensors, slot=slot, of_groups=groups)
            rest = (world.lanes(slot - 1, lane // 64), world.lanes(slot - 2, lane // 64), world.lanes(slot, lane // 32))
            call = Call("added", world.claim(), world.descriptor(), (*rest, lane))
            yield from around(call, more != 0, height) if number % 7 == 0 else [Case(call, more != 0)]


def places(random: Random) -> Iterator[Case]:
    """Tables of up to 2**26 chunks; the last position that one has, and those that it has not."""
    sizes = ((1, 1), (64, 1), (31, 3), (384, 512), (33, 2_000), (1_024, 70_000), (384, 2**22 + 1), (3, 2**30))
    for number, (height, positions) in enumerate(sizes * 6):
        position = (positions - 1, random.randrange(positions), 0)[number // len(sizes) % 3]
        lane, slot = lane_of(height, random), 1 + number % 15
        x, entry = ((1, 1), (LARGEST_RESIDUAL, 5), (-LARGEST_RESIDUAL, -3), (-77, 2**31 - 1), (9, -(2**31)))[number % 5]
        made = arithmetic.place([x], [entry])[0]
        at = position * height + lane
        for more in (0, 1, -1):
            operator = Operator("place", 0, width=height, height=height, multiplier=positions)
            tensors = {0: known(height, lane, x, 32, random), slot: known(height, lane, made + more, 32, random)}
            world = World(
                random, operator, tensors, slot=slot, at=(position, 1), of_groups=GROUPS[number % 5],
                table=known(height * positions, at, entry, 32, random),
            )  # fmt: skip
            rest = (world.lanes(0, lane // 32), world.table(at // 32), world.lanes(slot, lane // 32), lane)
            call = Call("placed", world.claim(), world.descriptor(), rest)
            yield from around(call, more != 0, height) if number % 5 == 0 else [Case(call, more != 0)]
            for behind in (positions, 2 * positions, MOST):
                claim = (*call.claim[:4], behind, *call.claim[5:])
                yield Case(call._replace(claim=claim), True)
                yield refused(call._replace(claim=claim, rest=(*call.rest[:-1], height)), "lane")


def tables(random: Random) -> Iterator[Case]:
    entries = (-8_192, -8_191, -64, -1, 0, 63, 8_191, -8_193, 8_192, 32_767, -32_768)
    for number, (height, x) in enumerate(zip(HEIGHTS * 11, entries * len(HEIGHTS), strict=True)):
        lane, slot, entry = lane_of(height, random), 2 + number % 14, random.randint(-LARGEST, LARGEST)
        place = x + 8_192
        is_there = 0 <= place < ENTRIES
        for more in (0, 1):
            operator = Operator("table", 1, width=height, height=height)
            tensors = {
                1: known(height, lane, x, 16, random),
                slot: known(height, lane, entry + more, 16, random),
            }
            table = known(ENTRIES, place if is_there else 0, entry, 16, random)
            world = World(random, operator, tensors, slot=slot, of_groups=GROUPS[number % 5], table=table)
            rest = (
                world.lanes(1, lane // 64),
                world.table(place // 64 if is_there else 0),
                world.lanes(slot, lane // 64),
            )
            call = Call("tabled", world.claim(), world.descriptor(), (*rest, lane))
            if not is_there:
                yield refused(call, "entry")
            else:
                yield from around(call, more != 0, height) if number % 9 == 0 else [Case(call, more != 0)]


def norms(random: Random) -> Iterator[Case]:
    """Of all lanes of a chunk; limits on both sides; and one that is too wide for one call."""
    widths = (1, 2, 5, 32, 33, 63, 64, 65, 96, 97, 161, 511, 513, 1_000, 1_024)
    for number, width in enumerate(widths * 4):
        size = (2**27 - 1, 900, 3, 0)[number % 4]
        h = [random.randint(-size, size) for _ in range(width)]
        gain, bias = random.choice((2**30, -(2**30), 2**20, 1)), random.choice((0, LARGEST, -LARGEST, 37))
        epsilon, shift, limit = (
            random.choice((1, 3, 2**31 - 1)),
            random.choice((1, 2, 20, 27, 62)),
            (LARGEST, 100, 1)[number % 3],
        )
        for lane in {0, width - 1, random.randrange(width)}:
            gains, biases = [gain] * width, [bias] * width
            made = arithmetic.layer_norm(h, gains, biases, shift, epsilon)[lane]
            made = arithmetic.clip(made, limit)
            call = _norm(
                random, h, lane, (gain, bias, made + (number % 5 == 0)), (epsilon, shift, limit), 1 + number % 15
            )
            yield from around(call, number % 5 == 0, width) if number % 9 == 0 else [Case(call, number % 5 == 0)]
    for width in (1_025, 1_056, 2_048):
        call = _norm(random, [1] * width, 3, (2**20, 0, 1), (1, 20, LARGEST), 2)
        yield refused(call, "part")


def _norm(
    random: Random, h: list[int], lane: int, lanes: tuple[int, int, int], sizes: tuple[int, int, int], slot: int
) -> Call:
    (gain, bias, made), (epsilon, shift, limit), width = lanes, sizes, len(h)
    operator = Operator("layer_norm", 0, width=width, height=width, multiplier=epsilon, shift=shift, limit=limit)
    chunks = {
        at // 32: chunk_of(dict(enumerate([*h[at : at + 32], *[0] * 32][:32])), 32, random)
        for at in range(0, width, 32)
    }
    tensors = {0: (len(chunks), {**chunks}), slot: known(width, lane, made, 16, random)}
    world = World(random, operator, tensors, slot=slot, of_groups=GROUPS[slot % 5],
                  table=known(width, lane, gain, 32, random), more=known(width, lane, bias, 32, random))  # fmt: skip
    below = min(5, (len(chunks) - 1).bit_length())
    row = filled_lines(world, len(chunks), below)
    rest = (row, world.table(lane // 32), world.more(lane // 32), world.lanes(slot, lane // 64), lane)
    return Call("normalised", world.claim(), world.descriptor(), rest)


def filled_lines(world: World, chunks: int, below: int) -> tuple[bytes, list[bytes]]:
    """The first part of a tensor whose chunks are all known."""
    data, path = world.lines(0, 0, below)
    return data[: min(chunks, 1 << below) * 128], path


def pools(random: Random) -> Iterator[Case]:
    """One position without sums; with sums every term, sums of all strides, totals of up to 32 of them."""
    for number, height in enumerate(KEPT_HEIGHTS * 3):
        lane, slot, groups = lane_of(height, random), 2 + number % 14, GROUPS[number % 5]
        x = random.choice((-LARGEST, LARGEST, -7, 8, 0))
        for more in (0, 1):
            world = _pool(random, (height, lane, slot), groups, [x], 0, x + more)
            rest = (world.kept(lane // 64), world.lanes(slot, lane // 64), lane, NO_SUMS)
            call = Call("pooled", world.claim(), world.descriptor(), rest)
            yield from around(call, more != 0, height) if number % 5 == 0 else [Case(call, more != 0)]
    for number, (positions, stride) in enumerate(
        [(2, 1), (3, 1), (31, 1), (32, 1), (33, 2), (35, 32), (64, 2), (512, 16), (1_000, 32), (1_024, 32)] * 3
    ):
        height, slot, groups = KEPT_HEIGHTS[number % len(KEPT_HEIGHTS)], 2 + number % 14, GROUPS[number % 5]
        lane, values = lane_of(height, random), [random.randint(-LARGEST, LARGEST) for _ in range(positions)]
        if number % 3 == 0:
            values = [random.choice((-1, 0, 1)) for _ in values]
        sums = [total for at, total in enumerate(accumulate(values), 1) if at % stride == 0 or at == positions]
        made = arithmetic.mean_pool([[value] for value in values])[0]
        yield from _total(random, (height, lane, slot), groups, sums, stride, positions, made)
        if stride == 1:
            yield from _terms(random, (height, lane, slot), groups, values)


def _pool(
    random: Random, size: tuple[int, int, int], groups: tuple[int, int], values: list[int], place: int, made: int
) -> World:
    height, lane, slot = size
    operator = Operator("mean_pool", kept=1, width=height, height=height)
    kept = Kept(1, place, known(height, lane, values[place], 16, random))
    tensors = {1: NONE, slot: known(height, lane, made, 16, random)}
    at = (len(values) - 1, len(values))
    return World(random, operator, tensors, slot=slot, at=at, of_groups=groups, kept=kept)


def _total(
    random: Random, size: tuple[int, int, int], groups: tuple[int, int], sums: list[int], stride: int, positions: int,
    made: int,
) -> Iterator[Case]:  # fmt: skip
    height, lane, slot = size
    data, count = packed_sums(sums), len(sums)
    for more in (0, 1, -1):
        world = _pool(random, size, groups, [0] * positions, 0, made + more)
        out = world.lanes(slot, lane // 64)
        call = Call(
            "pooled", world.claim(data, stride=stride), world.descriptor(), (NO_LANES, out, lane, (data, count))
        )
        yield from around(call, more != 0, height)
        for wrong in (
            world.claim(data, stride=stride, first=stride), world.claim(data, stride=stride, base=1),
            world.claim(data, stride=stride, base=-1), world.claim(data, stride=stride * 33),
        ):  # fmt: skip
            yield refused(call._replace(claim=wrong), "sums")
        fewer = packed_sums(sums[:-1])
        if fewer:
            other = call._replace(claim=world.claim(fewer, stride=stride), rest=(*call.rest[:3], (fewer, count - 1)))
            yield refused(other, "sums")


def _terms(random: Random, size: tuple[int, int, int], groups: tuple[int, int], values: list[int]) -> Iterator[Case]:
    """One of the sums is wrong, or the one before it; those of a list that begins in the middle; and one behind all."""
    height, lane, _ = size
    for place in {0, 1, len(values) - 1}:
        world = _pool(random, size, groups, values, place, 0)
        begins = random.choice((0, place))
        for more, base in ((0, 0), (1, 0), (-1, 0), (0, 1), (3, 3)):
            before = list(accumulate(values[begins:place], initial=base))
            sums = [*before[1:], before[-1] + values[place] + more]
            data = packed_sums(sums)
            claim = world.claim(data, base=base, first=begins, stride=1)
            rest = (world.kept(lane // 64), NO_LANES, lane, (data, place - begins))
            call = Call("pooled", claim, world.descriptor(), rest)
            yield from around(call, more != 0, height) if more == 1 else [Case(call, more != 0)]
            yield refused(call._replace(claim=(*claim[:9], 2)), "sums")
            yield refused(call._replace(rest=(*rest[:3], (data, place - begins + 2))), "sums")
    behind = packed_sums([1, 2])
    claim = world.claim(behind, base=0, first=len(values), stride=1)
    yield refused(
        Call("pooled", claim, world.descriptor(), (world.kept(lane // 64), NO_LANES, lane, (behind, 0))), "part"
    )
    first = _pool(random, size, groups, values, 0, 0)
    without = Call("pooled", first.claim(), first.descriptor(), (first.kept(lane // 64), NO_LANES, lane, NO_SUMS))
    yield refused(without, "part")


class EncoderEdges(Cases):
    """One lane at a time, of operators of all sizes."""

    contracts = ("EncoderVerifier",)

    kinds = (additions, places, tables, norms, pools)
