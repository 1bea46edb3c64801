"""TraceVerifier's drawn tokens at their edges: rows of all formats, tables of any size, and any noise."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from audit.sparse_records import Known
from audit.systems._cases import chunk_of
from audit.systems._trace_cases import BESIDE, Asked, Link, LinkCases, Scene, hashed, opened, others, program_of
from audit.systems.layer_edges import COUNTS, LAYOUTS, Rows, drawn_row, whole
from keifu.spec import inference as arithmetic
from keifu.spec import inference_trees as trees
from keifu.spec.inference import LARGEST, noise_entry
from keifu.spec.inference_drawing import Drawing, noise, noise_opening
from keifu.spec.inference_model import Operator

__all__ = ["DrawingEdges"]


def drawings(random: Random) -> Iterator[Link]:
    """Of two tokens the one that seed and position prefer; of equals the lower one; and tokens that are none."""
    for number in range(100):
        width, height, slot = (32, 64, 96, 544, 1_024)[number % 5], COUNTS[1:][number % 9], 2 + number % 14
        scene, layout = Scene(number, random), LAYOUTS[number % 3]
        chosen, better = random.choice(((0, 1), (1, 0), (height - 1, 0), (height - 2, height - 1)))
        row, other = (drawn_row(width, layout, number % 5, random) for _ in range(2))
        x = [random.choice((LARGEST, -LARGEST, 1)) for _ in range(width)]
        drawing = Drawing(
            hashed(random), random.choice((0, 20, 44, 62, 255)), random.choice((0, 1, 1_024, 2_047, 65_535))
        )
        rows = Rows({chosen: row, better: row if number % 4 == 0 else other}, height, layout, random)
        operator = Operator("token", 1, width=width, height=height, layout=layout)
        yield from _drawn(scene, slot, drawing, operator, rows, x, (chosen, better))


def _drawn(
    scene: Scene, slot: int, drawing: Drawing, operator: Operator, rows: Rows, x: list[int], tokens: tuple[int, int]
) -> Iterator[Link]:
    random, tree, (chosen, better) = scene.random, hashed(scene.random), tokens
    entries = {token: noise_entry(drawing.seed, scene.position, token) for token in tokens}
    values = {token: drawn_value(drawing, rows, x, token, entries[token]) for token in tokens}
    wrong = (values[better], -better) > (values[chosen], -chosen)
    for said in (chosen, -1, operator.height, -(2**31)):
        if not -(2**31) <= said < 2**31:
            continue
        tensors: dict[int, Known] = {1: whole(x, 16), slot: (1, {0: chunk_of({0: said}, 32, random)})}
        world = opened(operator, scene, slot, tensors, root=rows.root)
        bound = scene.bound(program=program_of(world), record=world.claim()[2], trace=drawing.root(tree))
        lines = world.lines(1, 0, min(4, trees.depth(-(-len(x) // 64))))
        noises = [noise_opening(entries[token]) for token in tokens]
        rest = (world.descriptor(), (tree, drawing.seed, drawing.scale), lines, rows.opening(chosen),
                rows.opening(better), *noises, world.lanes(slot, 0))  # fmt: skip
        call = Asked("drawn", bound, rest)
        yield Link(call, wrong if said == chosen else True)
    tensors[slot] = (1, {0: chunk_of({0: chosen}, 32, random)})
    world = opened(operator, scene, slot, tensors, root=rows.root)
    bound = {**bound, "program": program_of(world), "record": world.claim()[2]}
    rest = (
        world.descriptor(),
        rest[1],
        world.lines(1, 0, min(4, trees.depth(-(-len(x) // 64)))),
        *rest[3:7],
        world.lanes(slot, 0),
    )
    yield from _spoilt_drawings(Asked("drawn", bound, rest), tree, drawing)


def _spoilt_drawings(call: Asked, tree: bytes, drawing: Drawing) -> Iterator[Link]:
    def other(at: int, item: Any, reason: str) -> Link:
        return Link(call._replace(rest=(*call.rest[:at], item, *call.rest[at + 1 :])), reason)

    for by in ((BESIDE, drawing.seed, drawing.scale), (tree, BESIDE, drawing.scale),
               (tree, drawing.seed, drawing.scale ^ 1), (tree, drawing.seed, drawing.scale ^ (1 << 23))):  # fmt: skip
        yield other(1, by, "trace_verifier: drawing")
    chosen, better = call.rest[3], call.rest[4]
    yield other(3, better, "trace_verifier: row")
    yield other(3, (chosen[0], [*chosen[1][:-1], BESIDE], chosen[2]), "inference_verifier: row")
    yield other(4, (better[0], [*better[1], BESIDE], better[2]), "inference_verifier: path")
    yield other(4, (*better[:2], better[2][:-1] + bytes([better[2][-1] ^ 1])), "inference_verifier: part")
    for at in (5, 6):
        for place in range(10):
            shown = [*call.rest[at][:place], BESIDE, *call.rest[at][place + 1 :]]
            yield other(at, shown, "trace_verifier: noise")
    for at in (2, 7):
        for changed, reason in others(call.rest[at]):
            yield other(at, changed, reason)
    for changed, reason in others(call.rest[0]):
        yield other(0, changed, reason)


def drawn_value(drawing: Drawing, rows: Rows, x: list[int], token: int, entry: int) -> int:
    row = rows.rows[token]
    logit = ((arithmetic.dot(row, x) + row.bias) * row.multiplier) >> drawing.shift
    return logit * drawing.sharpness + noise()[entry]


class DrawingEdges(LinkCases):
    """Two tokens at a time."""

    kinds = (drawings,)
