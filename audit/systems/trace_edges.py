"""TraceVerifier at its edges: traces of all sizes, first and last positions, and every type of operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from audit.sparse_records import Known, Sparse
from audit.systems._cases import chunk_of
from audit.systems._trace_cases import Asked, Link, LinkCases, Scene, around, hashed, opened, program_of
from audit.systems.layer_edges import GROUPS, one
from keifu.keys import keccak256
from keifu.spec import inference_trees as trees
from keifu.spec.inference import LARGEST
from keifu.spec.inference_model import BITS, OF_ALL, TYPES, Operator

__all__ = ["TraceEdges"]

WIDE = {name for name, bits in BITS.items() if bits == 32}


def sources(random: Random) -> Iterator[Link]:
    for number in range(70):
        scene, node = Scene(number, random), hashed(random)
        group = max(scene.group, 1)
        scene.group, scene.groups = group, max(scene.groups, group + 1)
        for other in (node, hashed(random)):
            record, own = scene.slot(0, node)
            trace, before = scene.out(group - 1, other)
            call = Asked("source", scene.bound(record=record, trace=trace), (own, before))
            yield from around(call, other != node) if number % 5 == 0 else [Link(call, other != node)]
        yield Link(call._replace(bound={**call.bound, "group": 0}), "trace_verifier: group")


def givens(random: Random) -> Iterator[Link]:
    """Tokens of the prompt, and of the reply behind it; and those behind the reply."""
    for number in range(140):
        scene, token = Scene(number, random, 0), random.choice((0, 1, 49_151, 2**31 - 1, random.randrange(2**31)))
        if scene.reply == 0 and scene.position >= scene.prompt:
            continue
        is_prompt = scene.position < scene.prompt
        count, place = (scene.prompt, scene.position) if is_prompt else (scene.reply, scene.position - scene.prompt)
        for more in (0, 1):
            root, ids = scene.id(count, place, token)
            record, own = scene.slot(0, trees.tensor_root([token ^ more], 32))
            bound = scene.bound(record=record, **{"inputs" if is_prompt else "outputs": root})
            call = Asked("given", bound, (own, ids))
            yield from around(call, more != 0) if number % 5 == 0 else [Link(call, more != 0)]
        yield Link(call._replace(bound={**bound, "group": 1}), "trace_verifier: group")
        behind = {**bound, "position": scene.prompt + scene.reply}
        yield Link(call._replace(bound=behind), "trace_verifier: position")


def answers(random: Random) -> Iterator[Link]:
    for number in range(100):
        scene, token = Scene(number, random), random.randrange(2**31)
        place = scene.position + 1 - scene.prompt
        for more in (0, 1):
            trace, last = scene.out(scene.groups - 1, trees.tensor_root([token ^ more], 32))
            root, ids = scene.id(max(scene.reply, 1), max(place, 0), token)
            call = Asked("answered", scene.bound(trace=trace, outputs=root), (last, ids))
            if place < 0 or scene.reply == 0:
                yield Link(call, "trace_verifier: position")
            else:
                yield from around(call, more != 0) if number % 5 == 0 else [Link(call, more != 0)]
        # A position behind the last, which a tree of that height may have.
        if scene.reply and trees.depth(scene.positions) == trees.depth(scene.positions + 1):
            scene.position = scene.positions
            trace, last = scene.out(scene.groups - 1, trees.tensor_root([token], 32))
            root, ids = scene.id(scene.reply + 1, scene.reply, token)
            yield Link(
                Asked("answered", scene.bound(trace=trace, outputs=root), (last, ids)), "trace_verifier: position"
            )


def vectors(random: Random) -> Iterator[Link]:
    for number in range(40):
        scene, node = Scene(number % 2, random), hashed(random)
        scene.group, scene.groups = GROUPS[number % len(GROUPS)]
        scene.position = scene.prompt - 1
        for other in (node, hashed(random)):
            trace, last = scene.out(scene.groups - 1, node)
            call = Asked("returned", scene.bound(trace=trace, outputs=other), (last,))
            yield from around(call, other != node) if number % 5 == 0 else [Link(call, other != node)]
        for changes in ({"reply": 1}, {"prompt": scene.prompt + 1}, {"position": scene.position + 1}):
            yield Link(call._replace(bound={**call.bound, **changes}), "trace_verifier: position")


def keeps(random: Random) -> Iterator[Link]:
    for number, kind in enumerate([*TYPES] * 5):
        scene, node, slot, kept = (
            Scene(number, random),
            hashed(random),
            1 + number % 15,
            (1, 2, 4, 7, 8, 15)[number % 6],
        )
        world = opened(Operator(kind, kept=kept, width=64, height=64), scene, slot)
        for other in (node, hashed(random)):
            record, own = scene.slot(kept, node)
            boundary, beside = scene.beside(2 if kind == "attended" else 1, other)
            bound = scene.bound(program=program_of(world), record=record, boundary=boundary)
            call = Asked("kept", bound, (world.descriptor(), own, beside))
            if kind not in ("scores", "attended", "mean_pool"):
                yield Link(call, "trace_verifier: type")
                break
            yield from around(call, other != node)
            yield Link(call._replace(bound={**bound, "group": scene.group + 1}), "inference_verifier: group")


def ends(random: Random) -> Iterator[Link]:
    """The last operator of a group; one that another follows; and vectors before the last position."""
    for number, kind in enumerate([*TYPES] * 6):
        scene, node, slot = Scene(number, random), hashed(random), (15, 14, 1, 2, 7, 8)[number % 6]
        world = opened(Operator(kind, height=64), scene, slot)
        index = scene.group * trees.SLOTS + slot
        leaf = keccak256(b"".join(world.descriptor()[0]))
        empty = {index + 1: bytes(32)} if slot < 15 else {}
        program = Sparse({index: leaf, **empty}, trees.depth(scene.groups) + 4, random)
        descriptor = (world.descriptor()[0], program.path(index))
        after = (bytes(32), program.path(index + 1) if slot < 15 else [])
        unseen = kind == "mean_pool" and scene.position + 1 < scene.prompt
        for other in (node, hashed(random), bytes(32)):
            record, own = scene.slot(slot, node)
            boundary, beside = scene.beside(0, other)
            bound = scene.bound(program=program.root, record=record, boundary=boundary)
            call = Asked("made", bound, (descriptor, after, own, beside))
            wanted = other != bytes(32) if unseen else other != node
            if number % 4 == 0 and (slot < 15 or other != node):
                spoilt = [link for link in around(call, wanted) if slot < 15 or link.call.rest[1] == after]
                # Another operator behind it is none of the empty places.
                yield from (
                    Link(link.call, "trace_verifier: not the last") if link.call.rest[1][0] != bytes(32) else link
                    for link in spoilt
                )
            else:
                yield Link(call, wanted)
        if slot < 15:
            others = ((hashed(random), after[1]), (bytes([1]) + bytes(31), after[1]))
            yield from (
                Link(call._replace(rest=(descriptor, other, own, beside)), "trace_verifier: not the last")
                for other in others
            )


class Made(NamedTuple):
    """What an operator makes: chunks, lanes of a chunk, and which lanes are computed."""

    chunks: int
    each: int
    computed: Sequence[int]


def made_by(operator: Operator, count: int) -> Made:
    """By the table of operators: `count` positions are read. Of many lanes the last ones."""
    each, height = (32 if operator.type in WIDE else 64), operator.height
    if operator.type == "scores":
        wide = -(-count // 32)
        return Made(
            operator.heads * wide, 32, [head * 32 * wide + at for head in range(operator.heads) for at in range(count)]
        )
    if operator.type == "softmax":
        return Made(-(-operator.heads // 8), 32, [4 * head + at for head in range(operator.heads) for at in range(3)])
    if operator.type == "token":
        return Made(1, 32, [0])
    chunks = -(-height // each)
    if operator.type == "gated":
        return Made(chunks + 1, 64, [*range(max(height - 200, 0), height), chunks * 64, chunks * 64 + 1])
    return Made(chunks, each, range(max(height - 200, 0), height))


def shapes(random: Random) -> Iterator[Link]:
    heights = (1, 31, 32, 33, 63, 64, 65, 1_024, 70_001, 2**22)
    heads = (1, 2, 3, 7, 8, 9, 33, 255)
    for number, kind in enumerate([*TYPES] * 8):
        scene, slot = Scene(number * 3 + number // len(TYPES), random), 1 + number % 15
        flags = (0, OF_ALL, 1, OF_ALL | 1)[number % 4]
        operator = Operator(
            kind, width=64, height=heights[number // 2 % len(heights)], heads=heads[number % len(heads)], flags=flags
        )
        made = made_by(operator, scene.positions if flags & OF_ALL else scene.position + 1)
        world = opened(operator, scene, slot)
        for more in (0, 1, -1):
            bound = scene.bound(program=program_of(world), slot=slot, shown=made.chunks + 1 + more)
            call = Asked("shape", bound, (world.descriptor(),))
            yield from around(call, more != 0) if number % 9 == 0 else [Link(call, more != 0)]
        yield Link(call._replace(bound={**bound, "slot": slot - 1}), "trace_verifier: slot")
        yield Link(call._replace(bound={**bound, "slot": slot + 1}), "trace_verifier: slot")
        yield Link(call._replace(bound={**bound, "shown": 0}), "trace_verifier: no tensor was shown")
        yield Link(call._replace(bound={**bound, "shown": 1}), True)
        yield from _fillings(scene, slot, operator, made)


def _fillings(scene: Scene, slot: int, operator: Operator, made: Made) -> Iterator[Link]:
    """Lanes behind those that are computed, and these."""
    random, size, computed = scene.random, made.chunks * made.each, set(made.computed)
    last = max(computed)
    gaps = [lane for lane in range(max(size - 2_000, 0), size) if lane not in computed and lane >= max(last - 150, 0)]
    edges = [lane for lane in gaps if lane - 1 in computed or lane + 1 in computed or lane == size - 1]
    bits = 1_024 // made.each
    for lane in [*random.sample(gaps, min(2, len(gaps))), *edges[:6]]:
        chunk = lane // made.each
        for value in (0, random.choice((1, -1, 7))):
            tensors: dict[int, Known] = {
                slot: (made.chunks, {chunk: chunk_of({lane % made.each: value}, bits, random)})
            }
            world = opened(operator, scene, slot, tensors)
            bound = scene.bound(program=program_of(world), record=world.claim()[2])
            call = Asked("filling", bound, (world.descriptor(), world.lanes(slot, chunk), lane))
            yield from around(call, value != 0) if scene.number % 17 == 0 else [Link(call, value != 0)]
    tensors = {slot: (made.chunks, {0: bytes(128)})}
    world = opened(operator, scene, slot, tensors)
    bound = scene.bound(program=program_of(world), record=world.claim()[2])
    near = [lane for lane in sorted(computed) if lane + 1 not in computed or lane - 1 not in computed]
    for lane in [size, size + made.each, *near[:4], last]:
        yield Link(Asked("filling", bound, (world.descriptor(), world.lanes(slot, 0), lane)), "trace_verifier: lane")


def pictures(random: Random) -> Iterator[Link]:
    sizes = (1, 31, 32, 33, 63, 64, 65, 300, 784, 70_000)
    for number in range(60):
        size, slot = sizes[number % len(sizes)], 1 + number % 15
        scene = Scene(number, random)
        lane, value = random.choice((0, size - 1, random.randrange(size))), random.randint(-LARGEST, LARGEST)
        operator = Operator("picture", height=size)
        for more in (0, 1, 1 << 16):
            world = opened(operator, scene, slot, {slot: one(size, lane, value, 16, random)})
            root, values = scene.id(size, lane, value + more)
            sizes_of = {"prompt": size, "reply": 1}
            bound = scene.bound(program=program_of(world), record=world.claim()[2], inputs=root, **sizes_of)
            call = Asked("pictured", bound, (world.descriptor(), world.lanes(slot, lane // 64), values, lane))
            yield from around(call, more != 0) if number % 7 == 0 else [Link(call, more != 0)]
        for changes in ({"prompt": size + 1}, {"prompt": size - 1}, {"reply": 0}, {"reply": 2}):
            yield Link(call._replace(bound={**bound, **changes}), True)
        yield Link(call._replace(rest=(*call.rest[:3], size)), "trace_verifier: lane")


class TraceEdges(LinkCases):
    """One link at a time, of traces of all sizes."""

    kinds = (sources, givens, answers, vectors, keeps, ends, shapes, pictures)
