"""InferenceVerifier at its edges: every format of weights, rows of up to sixteen parts, tables of any number of rows,
largest sums, ties, and every part of a sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import Any

from audit.sparse_records import NONE, Known, Sparse, World
from audit.systems._cases import Case, Cases, around, chunk_of, refused
from keifu.keys import keccak256
from keifu.spec import inference as arithmetic
from keifu.spec import inference_trees as trees
from keifu.spec.inference import LARGEST, LARGEST_RESIDUAL, LARGEST_SUM, Row
from keifu.spec.inference_calls import Call
from keifu.spec.inference_model import WITH_EXPONENT, Operator
from keifu.spec.inference_openings import NO_LANES, NO_LINES, NO_ROW, NO_SUMS, packed_sums

__all__ = ["LayerEdges"]

GROUPS = ((0, 1), (1, 2), (2, 3), (4, 9), (100, 128))
LAYOUTS = (trees.ROWS_8, trees.BLOCKS_4, trees.BLOCKS_8)
# Lanes of a row: of odd and even numbers of blocks, of a piece, of a part, and of several of each.
WIDTHS = (32, 64, 96, 128, 160, 512, 544, 992, 1_024, 1_056, 1_088, 2_048, 4_096, 4_128, 8_192, 8_224, 16_384)
COUNTS = (1, 2, 3, 17, 255, 257, 4_097, 65_537, 2**24, 2**31)  # rows of a table
PART = trees.PART
Opening = tuple[bytes, list[bytes], bytes]


def whole(lanes: Sequence[int], bits: int) -> Known:
    """A tensor of which everything is known."""
    chunks = trees.chunks(lanes, bits)
    return len(chunks), dict(enumerate(chunks))


def one(height: int, lane: int, value: int, bits: int, random: Random) -> Known:
    """A tensor of so many lanes, of which the chunk of one is known."""
    each = 1_024 // bits
    return -(-height // each), {lane // each: chunk_of({lane % each: value}, bits, random)}


def drawn_row(width: int, layout: int, size: int, random: Random) -> Row:
    """A row with weights of all sizes, or all at one end of their range, and scales alike."""
    low, high = (0, 15) if layout == trees.BLOCKS_4 else (-128, 127)
    ends = size % 3
    weights = [random.randint(low, high) if not ends else (low, high)[ends - 1] for _ in range(width)]
    scales = [] if layout == trees.ROWS_8 else [_scale(layout, size, random) for _ in range(width // 32)]
    bias = random.choice((0, 9, -9, 2**63 - 1 >> 20, -(2**63) >> 20, 2**40))
    return Row(weights, random.choice((1, 90_001, 2**32 - 1)), random.choice((2, 20, 34, 46, 63)), bias, scales)


def _scale(layout: int, size: int, random: Random) -> tuple[int, int]:
    scale = random.choice((-32_768, 32_767)) if size % 2 else random.randint(-32_768, 32_767)
    least = random.choice((-32_768, 32_767, random.randint(-32_768, 32_767))) if layout == trees.BLOCKS_4 else 0
    return scale, least


class Rows:
    """A table of any number of rows, of which some are known."""

    def __init__(self, rows: dict[int, Row], count: int, layout: int, random: Random) -> None:
        self.rows, self.layout = rows, layout
        self._leaves = {number: trees.row_leaf(number, row, layout) for number, row in rows.items()}
        leaves = {number: keccak256(leaf) for number, leaf in self._leaves.items()}
        self._tree = Sparse(leaves, trees.depth(count), random)
        self.root = self._tree.root

    def opening(self, number: int, part: int = 0) -> Opening:
        body = trees.part_bytes(self.rows[number], self.layout, part * PART)
        return self._leaves[number], self._tree.path(number), body


def embeddings(random: Random) -> Iterator[Case]:
    for number in range(100):
        layout, width = LAYOUTS[number % 3], WIDTHS[number % len(WIDTHS)]
        count, slot, shift = COUNTS[number % len(COUNTS)], 1 + number % 15, random.choice((1, 2, 16, 40))
        row, token = (
            drawn_row(width, layout, number % 5, random),
            random.choice((0, count - 1, random.randrange(count))),
        )
        made = arithmetic.embedding(row, shift)
        lanes = {
            0,
            width - 1,
            random.randrange(width),
            min(width - 1, 1_023),
            min(width - 1, 1_024),
            random.randrange(32),
        }
        rows = Rows({token: row}, count, layout, random)
        for lane in lanes:
            for more in (0, 1):
                operator = Operator(
                    "embedding", 0, width=width, height=width, multiplier=count, shift=shift, layout=layout
                )
                first = 0 if slot == 1 or number % 2 else slot - 1
                tensors = {first: whole([token], 32), slot: one(width, lane, made[lane] + more, 32, random)}
                world = World(random, operator_at(operator, first), tensors, slot=slot, of_groups=GROUPS[number % 5],
                              root=rows.root)  # fmt: skip
                rest = (world.lanes(first, 0), rows.opening(token, lane // PART), world.lanes(slot, lane // 32), lane)
                call = Call("embedding", world.claim(), world.descriptor(), rest)
                yield from around(call, more != 0, width) if number % 9 == 0 and more else [Case(call, more != 0)]
        other = Rows({token: row, token ^ 1: row}, count + 1, layout, random)
        world = World(
            random, operator_at(operator, first), {**tensors, first: whole([token ^ 1], 32)}, slot=slot, root=other.root
        )
        if trees.depth(count) == trees.depth(count + 1):
            rest = (world.lanes(first, 0), other.opening(token, lane // PART), world.lanes(slot, lane // 32), lane)
            call = Call("embedding", world.claim(), world.descriptor(), rest)
            yield refused(call, "row") if token ^ 1 < count else Case(call, True)
        yield from _foreign(random, operator_at(operator, first), tensors, slot, lane)


def _foreign(random: Random, operator: Operator, tensors: dict[int, Known], slot: int, lane: int) -> Iterator[Case]:
    """Ids that are no tokens are wrong, whatever is shown beside them."""
    for number in {operator.multiplier, operator.multiplier + 1, 2**31 - 1, -1, -(2**31)}:
        if number >= 2**31 or 0 <= number < operator.multiplier:
            continue
        world = World(random, operator, {**tensors, operator.first: whole([number], 32)}, slot=slot)
        rest = (world.lanes(operator.first, 0), NO_ROW, NO_LANES, lane)
        call = Call("embedding", world.claim(), world.descriptor(), rest)
        yield Case(call, True)
        yield refused(call._replace(rest=(*call.rest[:-1], operator.height)), "lane")


def operator_at(operator: Operator, first: int) -> Operator:
    return Operator(**{**operator.__dict__, "first": first})


def norms(random: Random) -> Iterator[Case]:
    widths = (1, 2, 31, 32, 33, 65, 500, 992, 993, 1_000, 1_024, 1_025, 2_048, 2_049, 3_000, 8_192)
    for number, width in enumerate(widths * 4):
        size = (LARGEST_RESIDUAL, 900, 3, 0)[number // len(widths)]
        h = [random.choice((size, -size)) if number % 3 == 0 else random.randint(-size, size) for _ in range(width)]
        gain = random.choice((2**31 - 1, -(2**31), 2**24, 1))
        epsilon, shift, limit = (
            random.choice((1, 168, 2**32 - 1)),
            random.choice((1, 20, 27, 62)),
            (LARGEST, 100)[number % 2],
        )
        for lane in {0, width - 1, random.randrange(width)}:
            gains = [gain] * width
            made = arithmetic.rms_norm(h, gains, shift, epsilon, limit)[lane]
            operator = Operator("rms_norm", 0, width=width, height=width, multiplier=epsilon, shift=shift, limit=limit)
            yield from _norm(random, number, operator, h, (lane, gain, made))


def _norm(random: Random, number: int, operator: Operator, h: list[int], about: tuple[int, int, int]) -> Iterator[Case]:
    (lane, gain, made), width, slot = about, operator.width, 1 + number % 15
    squares = [sum(x * x for x in h[at : at + PART]) for at in range(0, width, PART)]
    below = min(5, trees.depth(-(-width // 32)))
    for more in (0, 1):
        tensors = {0: whole(h, 32), slot: one(width, lane, made + more, 16, random)}
        world = World(random, operator, tensors, slot=slot, of_groups=GROUPS[number % 5],
                      table=one(width, lane, gain, 32, random))  # fmt: skip
        behind = (world.table(lane // 32), world.lanes(slot, lane // 64), lane)
        call = Call("norm", world.claim(), world.descriptor(), (world.lines(0, 0, below), *behind, NO_SUMS))
        if width <= PART:
            yield from around(call, more != 0, width) if number % 9 == 0 else [Case(call, more != 0)]
            yield from _of_one_call(call, world, squares[0], width)
            continue
        yield refused(call, "part")
        sums = [min(reached, LARGEST_SUM) for reached in accumulate(squares)]
        data = packed_sums(sums)
        rest = (world.lines(0, lane // 32, 0), *behind, (data, len(sums)))
        call = Call("norm", world.claim(data, stride=1), world.descriptor(), rest)
        yield from around(call, more != 0, width) if number % 9 == 1 else [Case(call, more != 0)]
        yield from not_whole(call, world, sums) if more and lane == 0 else ()
    if width <= PART:
        return
    for part in {0, len(squares) - 1}:
        for more, base in ((0, 0), (1, 0), (-1, 0), (0, 7), (0, LARGEST_SUM - 9), (-1, LARGEST_SUM - 9), (0, -9)):
            right = min(squares[part] + base, LARGEST_SUM)
            data = packed_sums([min(right + more, LARGEST_SUM)])
            is_wrong = more != 0 and right + more <= LARGEST_SUM
            claim = world.claim(data, base=base, first=part, stride=1)
            rest = (world.lines(0, 32 * part, below), NO_LANES, NO_LANES, lane, (data, 0))
            call = Call("norm", claim, world.descriptor(), rest)
            yield from around(call, is_wrong, width) if number % 9 == 2 and more == 1 else [Case(call, is_wrong)]
    two = packed_sums([1, 2])
    claim = world.claim(two, first=len(squares), stride=1)
    yield refused(Call("norm", claim, world.descriptor(), (world.lines(0, 0, below), *behind, (two, 0))), "part")


def _of_one_call(call: Call, world: World, squares: int, width: int) -> Iterator[Case]:
    """Sums of a norm that one call computes are not heard, whatever they say and whatever is asked about."""
    for shown in (min(squares, 2**63 - 1), 0, -1):
        data = packed_sums([shown])
        for part in (0, 1):
            summed = call._replace(claim=world.claim(data, stride=1), rest=(*call.rest[:-1], (data, part)))
            yield refused(summed, "sums")
    yield refused(summed._replace(rest=(*summed.rest[:-2], width, summed.rest[-1])), "lane")


def not_whole(call: Call, world: World, sums: list[int]) -> Iterator[Case]:
    """Sums that begin elsewhere, are of other sizes, or of other numbers, have no total."""
    data, more, fewer = packed_sums(sums), packed_sums([*sums, sums[-1]]), packed_sums(sums[:-1])
    for changes in ({"first": 1}, {"base": 1}, {"base": -1}, {"stride": 2}, {"stride": 0}):
        yield refused(call._replace(claim=world.claim(data, **{"stride": 1, **changes})), "sums")
    for other in (more, fewer):
        if 0 < len(other) <= 256:
            shown = (*call.rest[:-1], (other, len(other) // 8))
            yield refused(call._replace(claim=world.claim(other, stride=1), rest=shown), "sums")


class Linear:
    """A lane of a dense operator or of a residual, with or without an exponent."""

    def __init__(self, number: int, random: Random) -> None:
        self.number, self.random, self.layout = number, random, LAYOUTS[number % 3]
        self.width, self.height = WIDTHS[number % len(WIDTHS)], COUNTS[number * 7 % len(COUNTS)]
        self.lane = random.choice((0, self.height - 1, random.randrange(self.height)))
        self.kind, self.flags = (("dense", 0), ("residual", 0), ("residual", WITH_EXPONENT | 2), ("dense", 1))[
            number % 4
        ]
        self.slot, self.limit = 3 + number % 13, (LARGEST, 100, 32_766)[number % 3]
        self.with_exponent = self.kind == "residual" and self.flags & WITH_EXPONENT != 0
        self.exponent = random.choice((0, 1, 12)) if self.with_exponent else 0
        row = drawn_row(self.width, self.layout, number % 7, random)
        self.row = row._replace(shift=max(row.shift, self.exponent + 1))
        ends = number % 5
        self.x = [random.choice((LARGEST, -LARGEST)) if ends == 1 else (LARGEST, -LARGEST)[ends - 2] if 1 < ends < 4
                  else random.randint(-LARGEST, LARGEST) for _ in range(self.width)]  # fmt: skip
        self.before = random.choice((0, LARGEST_RESIDUAL, -LARGEST_RESIDUAL, 12_345))
        self.rows = Rows({self.lane: self.row}, self.height, self.layout, random)
        filled = [*self.x, *[0] * (-self.width % 64)]
        self.given = whole([*filled, self.exponent, 0] if self.with_exponent else filled, 16)

    @property
    def made(self) -> int:
        if self.kind == "dense":
            return arithmetic.dense([self.row], self.x, self.limit)[0]
        return arithmetic.residual([self.row], self.x, [self.before], self.exponent)[0]

    def world(self, more: int = 0) -> World:
        random, height, lane = self.random, self.height, self.lane
        bits = 16 if self.kind == "dense" else 32
        made = self.made + more
        operator = Operator(self.kind, 1, 2, width=self.width, height=height, limit=self.limit, flags=self.flags,
                            layout=self.layout)  # fmt: skip
        tensors = {1: self.given, 2: one(height, lane, self.before, 32, random),
                   self.slot: one(height, lane, made, bits, random), 0: NONE}  # fmt: skip
        return World(random, operator, tensors, slot=self.slot, of_groups=GROUPS[self.number % 5], root=self.rows.root)

    def behind(self, world: World) -> tuple[Any, ...]:
        """Out, before, exponent and lane."""
        each = 64 if self.kind == "dense" else 32
        before = world.lanes(2, self.lane // 32) if self.kind == "residual" else NO_LANES
        exponent = world.lanes(1, self.given[0] - 1) if self.with_exponent else NO_LANES
        return world.lanes(self.slot, self.lane // each), before, exponent, self.lane

    def call(self, world: World, row: Any, x: Any, claim: tuple[Any, ...], sums: tuple[bytes, int]) -> Call:
        return Call("linear", claim, world.descriptor(), (row, x, *self.behind(world), sums))

    def lines(self, world: World, first: int, levels: int) -> tuple[bytes, list[bytes]]:
        below = min(levels, trees.depth(self.given[0]))
        return world.lines(1, first, below)


def linears(random: Random) -> Iterator[Case]:
    for number in range(6 * len(WIDTHS)):
        lane = Linear(number, random)
        rows, each = lane.rows, trees.piece(lane.width)
        parts = [arithmetic.dot(lane.row, lane.x[at : at + each], at) for at in range(0, lane.width, each)]
        sums = list(accumulate(parts))
        data = packed_sums(sums)
        for more in (0, 1, -1):
            world = lane.world(more)
            at_once = lane.call(world, rows.opening(lane.lane), lane.lines(world, 0, 4), world.claim(), NO_SUMS)
            spoils = number % 11 == 0 and more == 1
            if lane.width > PART:
                yield refused(at_once, "part")
            else:
                yield from around(at_once, more != 0, lane.height) if spoils else [Case(at_once, more != 0)]
            row = (*rows.opening(lane.lane)[:2], b"")
            total = lane.call(world, row, NO_LINES, world.claim(data, stride=1), (data, len(sums)))
            yield from around(total, more != 0, lane.height) if spoils else [Case(total, more != 0)]
        yield from not_whole(total, world, sums) if number % 3 == 0 else ()
        yield from _products(lane, world, parts, number)


def _products(lane: Linear, world: World, parts: list[int], number: int) -> Iterator[Case]:
    each = trees.piece(lane.width)
    levels = trees.depth(each // 64)
    for part in {0, len(parts) - 1, len(parts) // 2, min(7, len(parts) - 1), min(8, len(parts) - 1)}:
        for more, base in ((0, 0), (1, 0), (-1, 0), (0, -5)):
            data = packed_sums([base + parts[part] + more])
            claim = world.claim(data, base=base, first=part, stride=1)
            x = lane.lines(world, part * each // 64, levels)
            row = lane.rows.opening(lane.lane, part * each // PART)
            unseen = (NO_LANES, NO_LANES, NO_LANES, lane.lane)
            call = Call("linear", claim, world.descriptor(), (row, x, *unseen, (data, 0)))
            spoils = number % 11 == 1 and more == 1
            yield from around(call, more != 0, lane.height) if spoils else [Case(call, more != 0)]
        yield refused(call._replace(claim=(*claim[:9], 2)), "sums")
    two = packed_sums([1, 2])
    claim = world.claim(two, first=len(parts), stride=1)
    yield refused(call._replace(claim=claim, rest=(*call.rest[:-1], (two, 0))), "part")


def tokens(random: Random) -> Iterator[Case]:
    """Of two rows the one with the larger logit, or with the lower number; and tokens that are none."""
    for number in range(150):
        width, height, layout = WIDTHS[number % 9], COUNTS[1:][number % (len(COUNTS) - 1)], LAYOUTS[number % 3]
        slot, size = 2 + number % 14, number % 5
        chosen, better = (random.choice((0, height - 1, random.randrange(height))) for _ in range(2))
        if chosen == better:
            better = chosen ^ 1 if chosen ^ 1 < height else max(chosen - 1, 0)
        row, other = (drawn_row(width, layout, size, random) for _ in range(2))
        other = (row, other, row._replace(bias=row.bias + 1), row._replace(bias=row.bias - 1))[number % 4]
        x = [random.choice((LARGEST, -LARGEST, random.randint(-LARGEST, LARGEST))) for _ in range(width)]
        rows = Rows({chosen: row, better: other}, height, layout, random)
        values = [(arithmetic.dot(one_row, x) + one_row.bias) * one_row.multiplier for one_row in (row, other)]
        wrong = (values[1], -better) > (values[0], -chosen)
        operator = Operator("token", 1, width=width, height=height, layout=layout)
        for said in (chosen, better, -1, height, height - 1, -(2**31)):
            if not -(2**31) <= said < 2**31:
                continue
            tensors = {1: whole(x, 16), slot: (1, {0: chunk_of({0: said}, 32, random)})}
            world = World(random, operator, tensors, slot=slot, of_groups=GROUPS[number % 5], root=rows.root)
            shown = (
                world.lines(1, 0, min(4, trees.depth(-(-width // 64)))),
                rows.opening(chosen),
                rows.opening(better),
            )
            call = Call("token", world.claim(), world.descriptor(), (*shown, world.lanes(slot, 0)))
            if not 0 <= said < height:
                yield Case(call, True)
            elif said != chosen:
                yield refused(call, "row")
            else:
                yield from around(call, wrong) if number % 11 == 0 else [Case(call, wrong)]
                yield Case(call._replace(rest=(shown[0], shown[1], shown[1], call.rest[3])), False)
    for width in (1_056, 2_048):
        operator = Operator("token", 1, width=width, height=2)
        rows = Rows({at: drawn_row(width, 0, 0, random) for at in range(2)}, 2, 0, random)
        world = World(random, operator, {1: whole([1] * width, 16), 2: whole([0], 32)}, slot=2, root=rows.root)
        every = (world.lines(1, 0, 4), rows.opening(0), rows.opening(1), world.lanes(2, 0))
        yield refused(Call("token", world.claim(), world.descriptor(), every), "part")


class LayerEdges(Cases):
    """One lane or part at a time, of weights of all formats and sizes."""

    contracts = ("InferenceVerifier",)

    kinds = (embeddings, norms, linears, tokens)
