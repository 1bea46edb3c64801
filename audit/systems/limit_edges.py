"""Verifiers where one unit decides: exact halves, roots at their last bit, ties of drawn tokens, sources that are one
block too wide."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

from audit.sparse_records import NONE, Kept, Known, World
from audit.systems import _trace_cases as links
from audit.systems._cases import Case, Cases, around, chunk_of, refused
from audit.systems._verified import BOUND
from audit.systems.layer_edges import LAYOUTS, Rows, drawn_row, one, whole
from audit.systems.picture_edges import Convolution
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Call
from keifu.spec import inference as arithmetic
from keifu.spec import inference_calls as calls
from keifu.spec import inference_trees as trees
from keifu.spec.inference import LARGEST, ROTATED, Row, noise_entry
from keifu.spec.inference_drawing import Drawing, noise_opening
from keifu.spec.inference_model import OF_ALL, Operator
from keifu.spec.inference_openings import NO_LANES, NO_LINES, NO_SUMS, packed_sums

__all__ = ["LimitEdges"]

SHIFT, ONE = 20, 1 << 14  # of norms whose gain is one, and one behind them
# Two lanes each, the others 0, of four and of 64: one in a hundred thousand is such a one.
OF_FOUR = ((25_687_363, 10_557_519), (44_725_932, 29_538_612), (38_423_592, 29_213_067), (2_079_747, 510_871),
           (18_892_512, 1_363_438), (33_731_789, 30_705_399))  # fmt: skip
OF_MANY = ((51_506_135, 4_532_882), (26_443_224, 8_887_012), (21_269_736, 16_316_920), (58_220_662, 41_746_279),
           (22_993_642, 6_298_760), (9_694_435, 6_433_351))  # fmt: skip


def rotations(random: Random) -> Iterator[Case]:
    """A turn's products at each half, and one beside it, of either sign."""
    halves = [8_192 * odd + beside for odd in (1, -1, 3, -3) for beside in (0, -1, 1)]
    for number, half in enumerate(halves):
        for lane in (0, 1):
            # One times the cosine for an even lane, one times the sine for an odd one.
            angle = {0: half if lane == 0 else 0, 1: half if lane == 1 else 0}
            x = {0: 1, 1: 0}
            made = arithmetic.rope([x[0], x[1]], [angle[0], angle[1]])[lane]
            for more in (0, 1, -1):
                operator = Operator("rope", 1, width=64, height=64, limit=ROTATED, multiplier=1)
                tensors = {1: (1, {0: chunk_of(x, 16, random)}), 2: one(64, lane, made + more, 16, random)}
                world = World(random, operator, tensors, slot=2, table=(1, {0: chunk_of(angle, 16, random)}))
                rest = (world.lanes(1, 0), world.table(0), world.lanes(2, 0), lane)
                call = calls.Call("rotation", world.claim(), world.descriptor(), rest)
                yield from around(call, more != 0, 64) if number == 0 else [Case(call, more != 0)]


def quotients(random: Random) -> Iterator[Case]:
    """Means and weighted means of few units over few positions: exact ones, and halves of either sign."""
    for positions, total in product((1, 2, 3, 4, 6), range(-13, 14)):
        made = arithmetic.rounded_quotient(total, positions)
        stride = max(1, positions)
        data = packed_sums([total])
        for more in (0, 1, -1):
            pool = Operator("mean_pool", kept=1, width=1, height=1)
            tensors = {1: NONE, 2: one(1, 0, made + more, 16, random)}
            world = World(random, pool, tensors, slot=2, at=(positions - 1, positions))
            rest: tuple[Any, ...] = (NO_LANES, world.lanes(2, 0), 0, (data, 1))
            call = calls.Call("pooled", world.claim(data, stride=stride), world.descriptor(), rest)
            yield Case(call, more != 0)
            yield refused(call._replace(claim=world.claim(data, stride=0)), "sums")
            world = _attended(random, positions, (total, made + more))
            rest = (NO_LANES, world.lanes(2, 0), NO_LANES, world.lanes(3, 0), 0, (data, 1))
            call = calls.Call("attended", world.claim(data, stride=stride), world.descriptor(), rest)
            yield Case(call, more != 0)
            yield refused(call._replace(claim=world.claim(data, stride=0)), "sums")


def _attended(random: Random, weights: int, lane: tuple[int, int]) -> World:
    """A head whose weights add up to so many."""
    operator = Operator("attended", 1, 2, kept=4, height=64, heads=1, shared=1, flags=OF_ALL, multiplier=1, shift=1)
    tensors: dict[int, Known] = {
        1: NONE, 2: one(32, 2, weights, 32, random), 3: one(64, 0, lane[1], 16, random),
    }  # fmt: skip
    return World(random, operator, tensors, slot=3, at=(weights - 1, weights), kept=Kept(2, 0, NONE))


def small_norms(random: Random) -> Iterator[Case]:
    """Of a few lanes of a few units, where one unit of the squares is seen."""
    for width in (1, 2, 3, 4, 5):
        for _ in range(14):
            h = [random.randint(-3, 3) for _ in range(width)]
            yield from _norms(random, h, random.randrange(width), 1)


def _norms(
    random: Random, h: list[int], lane: int, epsilon: int, more_of: tuple[int, ...] = (0, 1, -1)
) -> Iterator[Case]:
    """Both norms with a gain of 1 before the point; a bias that brings the lane near 0."""
    width, gain = len(h), 1 << SHIFT
    below = trees.depth(-(-width // 32))
    mean = arithmetic.rounded_quotient(sum(h), width)
    deviation = (sum((x - mean) ** 2 for x in h) // width + epsilon) ** 0.5
    bias = -round((h[lane] - mean) / deviation * ONE)
    made = arithmetic.layer_norm(h, [gain] * width, [bias] * width, SHIFT, epsilon)[lane]
    root = arithmetic.rms_norm(h, [gain] * width, SHIFT, epsilon, 32_766)[lane]
    for more in more_of:
        sizes: dict[str, Any] = {"width": width, "height": width, "multiplier": epsilon, "shift": SHIFT}
        tensors = {0: whole(h, 32), 1: one(width, lane, made + more, 16, random)}
        table, biases = one(width, lane, gain, 32, random), one(width, lane, bias, 32, random)
        world = World(random, Operator("layer_norm", 0, **sizes), tensors, slot=1, table=table, more=biases)
        shown = (world.lines(0, 0, below), world.table(lane // 32), world.more(lane // 32), world.lanes(1, lane // 64))
        yield Case(calls.Call("normalised", world.claim(), world.descriptor(), (*shown, lane)), more != 0)
        tensors = {0: whole(h, 32), 1: one(width, lane, root + more, 16, random)}
        world = World(random, Operator("rms_norm", 0, limit=32_766, **sizes), tensors, slot=1, table=table)
        rest = (world.lines(0, 0, below), world.table(lane // 32), world.lanes(1, lane // 64), lane, NO_SUMS)
        yield Case(calls.Call("norm", world.claim(), world.descriptor(), rest), more != 0)


def last_bits(random: Random) -> Iterator[Case]:
    """Lanes that come out otherwise where the root is taken of a number of one bit more, or less, than 60."""
    for pair in OF_FOUR:
        yield from _norms(random, [*pair, 0, 0], 0, 1, (0,))
    for pair in OF_MANY:
        yield from _norms(random, [*pair, *[0] * 62], 0, 1, (0,))


def rows_of_all_lengths(random: Random) -> Iterator[Any]:
    """A source of every number of chunks that one call takes, odd and even at each level of its tree."""
    for count in range(1, 33):
        yield from _norms(random, [random.randint(-9, 9) for _ in range(32 * count)], 32 * count - 1, 1, (0,))
    drawing = Drawing(bytes([5]) * 32, 20, 1_024)
    for count in range(1, 17):
        width = 64 * count
        rows = Rows(
            {3: Row([random.randint(-127, 127) for _ in range(width)], 90_001, 20)}, 1 << 20, trees.ROWS_8, random
        )
        x = [random.randint(-LARGEST, LARGEST) for _ in range(width)]
        yield links.Link(_drawn(random, drawing, rows, (3, 3), x), False)
        yield Case(_token(random, rows, (3, 3), x), False)


def rows_of_other_lengths(random: Random) -> Iterator[Any]:
    """Rows that were committed with more parts than the operator's have."""
    drawing, x = Drawing(bytes([5]) * 32, 20, 1_024), [1] * 64
    rows = Rows({3: Row([1] * (1_024 + 64), 90_001, 20)}, 1 << 20, trees.ROWS_8, random)
    yield refused(_token(random, rows, (3, 3), x), "row")
    yield links.Link(_drawn(random, drawing, rows, (3, 3), x), "inference_verifier: row")
    view = Convolution(0, random)
    longer = view.row._replace(weights=[*view.row.weights, *[0] * 1_024])
    view.rows = Rows({view.channel: longer}, view.channels, trees.ROWS_8, random)
    world = view.world(0, view.lines(0, view.products))
    rest = (view.rows.opening(view.channel), NO_LINES, NO_LANES, view.lane, NO_SUMS)
    yield refused(calls.Call("convolved", world.claim(), world.descriptor(), rest), "row")


def equal_noises(drawing: Drawing) -> list[tuple[int, int]]:
    """Pairs of tokens with one entry of the table at the first position, the lower one first."""
    met: dict[int, int] = {}
    pairs = []
    for token in range(4_000):
        entry = noise_entry(drawing.seed, 0, token)
        if entry in met:
            pairs.append((met[entry], token))
        met[entry] = token
    return pairs


def drawn(random: Random) -> Iterator[Any]:
    """Two tokens with one noise and one logit, of other weights: the lower one is drawn, and without noise, too. And a
    source of more lanes than a call takes."""
    drawing = Drawing(bytes([5]) * 32, 0, 1)
    pairs = equal_noises(drawing)
    for number, (layout, width) in enumerate(product(LAYOUTS, (32, 64, 96, 128, 544, 1_024) * 2)):
        x = [random.choice((LARGEST, -LARGEST, random.randint(-LARGEST, LARGEST))) for _ in range(width)]
        made = [drawn_row(width, layout, 3 * number, random)._replace(bias=0, multiplier=1) for _ in range(2)]
        sums = [arithmetic.dot(row, x) for row in made]
        # Equal logits: a product that is added wrongly, in either row, decides otherwise in one of the two orders.
        even = (made[0], made[1]._replace(bias=sums[0] - sums[1]))
        pair = pairs[number % len(pairs)]
        for rows, (chosen, better) in product((even, even[::-1]), (pair, pair[::-1])):
            table = Rows(dict(zip(pair, rows, strict=True)), 1 << 20, layout, random)
            yield links.Link(_drawn(random, drawing, table, (chosen, better), x), better < chosen)
            yield Case(_token(random, table, (chosen, better), x), better < chosen)
    for wide in (1_056, 2_048):
        rows_of_one = Rows(dict.fromkeys(pairs[0], Row([1] * wide, 1, 20)), 1 << 20, trees.ROWS_8, random)
        yield links.Link(_drawn(random, drawing, rows_of_one, pairs[0], [1] * wide), "trace_verifier: part")


def _asked(
    random: Random, rows: Rows, tokens: tuple[int, int], x: list[int], **at: Any
) -> tuple[World, tuple[Any, ...]]:
    """A token's operator, and the openings of its source, of both rows, and of the token."""
    tensors: dict[int, Known] = {1: whole(x, 16), 2: (1, {0: chunk_of({0: tokens[0]}, 32, random)})}
    operator = Operator("token", 1, width=len(x), height=1 << 20, layout=rows.layout)
    world = World(random, operator, tensors, slot=2, root=rows.root, **at)
    lines = world.lines(1, 0, min(4, trees.depth(-(-len(x) // 64))))
    return world, (lines, rows.opening(tokens[0]), rows.opening(tokens[1]), world.lanes(2, 0))


def _token(random: Random, rows: Rows, tokens: tuple[int, int], x: list[int]) -> calls.Call:
    world, shown = _asked(random, rows, tokens, x)
    return calls.Call("token", world.claim(), world.descriptor(), shown)


def _drawn(random: Random, drawing: Drawing, rows: Rows, tokens: tuple[int, int], x: list[int]) -> links.Asked:
    scene, tree = links.Scene(0, random, 0), links.hashed(random)
    world, shown = _asked(random, rows, tokens, x, of_groups=(scene.group, scene.groups))
    bound = scene.bound(program=links.program_of(world), record=world.claim()[2], trace=drawing.root(tree))
    noises = [noise_opening(noise_entry(drawing.seed, scene.position, token)) for token in tokens]
    by = (tree, drawing.seed, drawing.scale)
    return links.Asked("drawn", bound, (world.descriptor(), by, *shown[:3], *noises, shown[3]))


class LimitEdges(links.LinkCases):
    """Lanes and links at a time, of all five contracts."""

    contracts = ("InferenceVerifier", "AttentionVerifier", "EncoderVerifier", "PictureVerifier", "TraceVerifier")

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        deployer = evm.account("deployer")
        self.bind(**{BOUND[name]: evm.deploy(name, sender=deployer) for name in self.contracts[:4]})

    kinds = (rotations, quotients, small_norms, last_bits, drawn, rows_of_all_lengths, rows_of_other_lengths)

    def _call(self, call: Any, wanted: bool | str) -> Call:
        return super()._call(call, wanted) if isinstance(call, links.Asked) else Cases._call(self, call, wanted)
