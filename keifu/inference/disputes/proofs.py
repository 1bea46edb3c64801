"""Calls of the verifiers that show what is wrong, made from one side's own trace and what the other has shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from keifu.abi import load
from keifu.inference.disputes.provider import PART_LEVELS, running, sums_of
from keifu.inference.disputes.seen import Seen
from keifu.inference.disputes.turns import LIST, Case, Narrowing, Proof, Question, Stage, Turn
from keifu.keys import keccak256
from keifu.spec import inference_calls as calls
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import Operator
from keifu.spec.inference_openings import NO_LANES, NO_LINES, Openings, packed_sums

__all__ = [
    "VERIFIERS",
    "View",
    "answered",
    "begins",
    "bound",
    "kept",
    "lane",
    "made",
    "proved",
    "shape",
    "summed",
    "with_drawing",
]

_TRACE = "TraceVerifier"
# As the game numbers them.
VERIFIERS = ("InferenceVerifier", "AttentionVerifier", _TRACE, "PictureVerifier", "EncoderVerifier")
_SELECTOR_BYTES, _CLAIM_BYTES, _BOUND_BYTES = 4, 320, 416
_STATISTICS, _TOTAL = 4, 2  # of a head: largest score, its position, total, and 0


@dataclass(frozen=True)
class View(Openings):
    """Openings of a trace of which one side has seen roots, and has computed the rest itself."""

    seen: Seen
    case: Case
    turn: Turn
    slot: int = 0  # whose chunks were shown

    def showing(self, slot: int) -> View:
        return replace(self, slot=slot)

    def claim(self, sums: bytes = b"", base: int = 0, first: int = 0, stride: int = 0) -> tuple[Any, ...]:
        named = keccak256(sums) if sums else bytes(32)
        roots = (self.case.program, self.tree, self.turn.record)
        return (*roots, self.group, self.position, self.case.positions, named, base, first, stride)

    @property
    def tree(self) -> bytes:
        """The root of the trace, which a receipt of drawn tokens has within its own."""
        return trees.tree(list(self.seen.positions)) if self.trace.drawing else self.case.trace

    def bound(self) -> tuple[Any, ...]:
        """What TraceVerifier is given first."""
        turn = self.turn
        return (*self.case.args, turn.group, turn.boundary, turn.record, turn.slot, turn.shown)

    def own_chunks(self, slot: int) -> list[bytes]:
        return trees.chunks(self.trace.records[self.position][self.group][slot], self.trace.bits(self.group, slot))

    def shown_chunks(self) -> list[bytes]:
        data = self.seen.chunks
        return [data[at : at + trees.CHUNK_BYTES] for at in range(0, len(data), trees.CHUNK_BYTES)]

    def lanes(self, slot: int, chunk: int) -> tuple[bytes, list[bytes]]:
        if slot != self.slot or not self.slot:
            return super().lanes(slot, chunk)
        shown, at = self.shown_chunks(), chunk - self.seen.part * LIST
        hashes = [keccak256(item) for item in shown]
        if self.seen.count <= LIST:
            return shown[at], [*trees.path(hashes, at), *self._above(slot)]
        path = [*trees.path(hashes, at, PART_LEVELS), *trees.path(list(self.seen.nodes), self.seen.part)]
        return shown[at], [*path, *self._above(slot)]

    def kept(self, position: int, place: int, chunk: int) -> tuple[bytes, list[bytes]]:
        data, path = super().kept(position, place, chunk)
        inner = len(path) - trees.depth(len(self.seen.positions))
        path = [*path[:inner], *trees.path(list(self.seen.positions), position)]
        if self.seen.leaves or position == self.position:
            levels = trees.depth(len(self.published.program))
            below = path[: inner - levels - 2]
            path = [*below, *self._committed(position, place), *path[inner:]]
        return data, path

    def _committed(self, position: int, place: int) -> list[bytes]:
        """From a place in the group's boundary to the position's root."""
        leaves, boundaries = self.seen.committed, list(self.seen.boundaries)
        if self.seen.leaves:
            leaves = self.seen.leaves[position][self.group]
            boundaries = [trees.boundary(*item) for item in self.seen.leaves[position]]
        return [*trees.path([*leaves, bytes(32)], place, 2), *trees.path(boundaries, self.group)]

    def root(self, slot: int) -> bytes:
        """Of a tensor as the provider showed it; zero for one that it left out."""
        return self.seen.roots[slot] if slot < len(self.seen.roots) else bytes(32)

    def own_slot(self, slot: int) -> tuple[bytes, list[bytes]]:
        return self.root(slot), self._above(slot)

    def out(self, group: int) -> tuple[bytes, list[bytes]]:
        """What a group made at the position, of those that are right."""
        leaves = self.trace.boundary_leaves(self.position, group)
        path = [*trees.path(leaves, 0, 2), *trees.path(list(self.seen.boundaries), group)]
        return leaves[0], [*path, *trees.path(list(self.seen.positions), self.position)]

    def beside(self, place: int) -> tuple[bytes, list[bytes]]:
        """A tensor that the receipt commits to."""
        return self.seen.committed[place], trees.path([*self.seen.committed, bytes(32)], place, 2)

    def _above(self, slot: int) -> list[bytes]:
        return trees.path(list(self.seen.roots), slot, 4)


def proved(call: calls.Call) -> Proof:
    """A call about one lane: what the game fixes stands first in it, and is left out."""
    name = calls.verifier_of(call)
    function = load(name).interface.function(call.function, len(call.arguments))
    return _proof(VERIFIERS.index(name), function.encode(call.arguments), _CLAIM_BYTES)


def _proof(verifier: int, call: bytes, fixed: int) -> Proof:
    return Proof(verifier, call[:_SELECTOR_BYTES], call[_SELECTOR_BYTES + fixed :])


def with_drawing(view: View, proof: Proof) -> Proof:
    """As the game takes it: where tokens are drawn, a proof ends with what the receipt's root is made of. One about a
    drawn token has it as an argument."""
    drawing = view.trace.drawing
    if drawing is None or proof.function == load(_TRACE).interface.function("drawn").selector:
        return proof
    return proof._replace(rest=proof.rest + b"".join((view.tree, *drawing.words)))


def answered(view: View, prompt: Sequence[int], ids: Sequence[int]) -> Proof:
    """The reply has another token than the model made, or is another vector."""
    if view.trace.makes_vector:
        return bound(view, "returned", view.out(len(view.published.program) - 1))
    at = view.position + 1 - len(prompt)
    return bound(view, "answered", view.out(len(view.published.program) - 1), _ids(ids, at))


def begins(view: View, prompt: Sequence[int], ids: Sequence[int]) -> Proof:
    """The record does not begin with what it was given."""
    own = view.own_slot(0)
    if view.group:
        return bound(view, "source", own, view.out(view.group - 1))
    at = view.position - len(prompt)
    return bound(view, "given", own, _ids(prompt, view.position) if at < 0 else _ids(ids, at))


def kept(view: View) -> Proof | None:
    """The record keeps something else than the receipt commits to. What it has not at all is wrong by its size."""
    for slot, operator in enumerate(view.published.program[view.group], 1):
        place = {"scores": 1, "mean_pool": 1, "attended": 2}.get(operator.type, 0)
        is_there = place and operator.kept < len(view.seen.roots)
        if is_there and view.seen.committed[place] != view.root(operator.kept):
            return bound(view, "kept", view.descriptor(slot), view.own_slot(operator.kept), view.beside(place))
    return None


def made(view: View) -> Proof:
    """The record, in which nothing else is wrong, ends with something else than the receipt commits to. Raises
    ValueError where it does not."""
    last = len(view.published.program[view.group])
    if view.root(last) == view.seen.committed[0]:
        raise ValueError("nothing is wrong in this group")
    behind = view.group * trees.SLOTS + last + 1
    leaf = (bytes(32), trees.path(view.published.leaves, behind) if last + 1 < trees.SLOTS else [])
    return bound(view, "made", view.descriptor(last), leaf, view.own_slot(last), view.beside(0))


def shape(view: View, slot: int) -> Proof:
    """The tensor that was shown has another number of chunks."""
    return bound(view, "shape", view.descriptor(slot))


def lane(view: View, slot: int) -> Question | Proof:
    """A lane of the part that was shown, or the sums that are needed for it."""
    view = view.showing(slot)
    size = view.trace.bits(view.group, slot) // 8
    part = view.seen.part * LIST
    mine, theirs = (
        _split(b"".join(chunks), size) for chunks in (view.own_chunks(slot)[part : part + LIST], view.shown_chunks())
    )
    first = part * trees.CHUNK_BYTES // size
    values = {first + at: pair for at, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1]}
    return _of_type(view, view.operator(slot), slot, values)


def _of_type(view: View, operator: Operator, slot: int, values: dict[int, tuple[int, int]]) -> Question | Proof:
    exponent = -(-operator.height // 64) * 64
    if operator.type == "gated" and {exponent, exponent + 1} & set(values):
        return proved(calls.exponent(view, slot, _witness(view, slot, exponent, values)))
    at = min(values)
    if _is_filling(view, operator, at):
        return bound(view, "filling", view.descriptor(slot), view.lanes(slot, at // _each(view, slot)), at)
    match operator.type:
        case "scores":
            each = -(-view.reads(operator) // LIST) * LIST
            return proved(calls.check(view, slot, at // each, place=at % each))
        case "softmax" if at % _STATISTICS == _TOTAL:
            return _in_parts(view, slot, at // 4, LIST, view.reads(operator))
        case "softmax":
            return proved(calls.maximum(view, slot, at // 4, _larger(view, slot, at // 4)))
        case "attended" | "mean_pool":
            count = view.reads(operator)
            stride = 1 if count <= LIST else LIST  # of a sum that is wrong, those of its terms are asked for
            return _in_parts(view, slot, at, stride, count)
        case "token":
            return _token(view, slot, *values[at])
        case "picture":
            return _pictured(view, slot, at)
        case "convolution" | "largest":
            return _in_parts(view, slot, at, 1, calls.sums_of(view, slot, at))
        case "dense" | "residual" | "rms_norm":
            return _in_parts(view, slot, at, 1, _parts(operator))
        case _:
            return proved(calls.check(view, slot, at))


def _token(view: View, slot: int, better: int, shown: int) -> Proof:
    if view.trace.drawing is not None:
        return bound(view, "drawn", *calls.drawn(view, view.trace.drawing, view.tree, slot, better, shown))
    call = calls.check(view, slot, better)
    x, _, row, out = call.rest
    chosen = view.row(slot, shown if 0 <= shown < view.operator(slot).height else 0)
    return proved(call._replace(rest=(x, chosen, row, out)))


def _pictured(view: View, slot: int, at: int) -> Proof:
    """A lane that is not what the receipt was given: each position has one of its values."""
    values = [records[0][0][0] for records in view.trace.records]
    return bound(view, "pictured", view.descriptor(slot), view.lanes(slot, at // 64), _ids(values, at), at)


def _in_parts(view: View, slot: int, at: int, stride: int, terms: int) -> Question | Proof:
    """A lane that is a sum: at once where it has one part, else by the provider's sums."""
    count = -(-terms // stride)
    if count > 1:
        return Question(Stage.SUMS, slot, at, stride, count)
    if view.operator(slot).type == "softmax":
        return proved(calls.total(view, slot, at))
    return proved(calls.check(view, slot, at))


def summed(view: View) -> Narrowing | Proof:
    """The first part of the sums that is wrong, or the total; or the terms that it adds, where they are too many. The
    lane's own chunk was shown before."""
    turn, sums, slot = view.turn, view.seen.sums, view.turn.slot
    view = view.showing(slot)
    own = packed_sums(sums_of(running(view, slot, turn.part), turn))
    wrong = next((n for n in range(turn.count) if own[8 * n : 8 * n + 8] != sums[8 * n : 8 * n + 8]), turn.count)
    if wrong < turn.count and turn.stride > 1 and view.operator(slot).type in ("attended", "mean_pool"):
        return Narrowing(sums, wrong)
    base = int.from_bytes(turn.base, "big", signed=True)
    return proved(_part(view, view.claim(sums, base, turn.first, turn.stride), wrong))


def _part(view: View, claim: Any, part: int) -> calls.Call:
    """The call for one part of sums that a claim names; a part behind the last asks about the total. What is not looked
    at is left out: each byte of it would be paid for."""
    turn, sums, operator = view.turn, view.seen.sums, view.operator(view.turn.slot)
    slot, lane, is_total, shown = turn.slot, turn.part, part == turn.count, (sums, part)
    if operator.type == "softmax":
        return calls.total(view, slot, lane, shown, claim)
    if operator.type == "attended":
        place = 0 if is_total else turn.first + part
        call = calls.check(view, slot, lane, place=place)
        scores, statistic, value, out, *_ = call.rest
        opened = (NO_LANES, statistic, NO_LANES, out) if is_total else (scores, statistic, value, NO_LANES)
        return call._replace(claim=claim, rest=(*opened, lane, shown))
    if operator.type == "mean_pool":
        call = calls.check(view, slot, lane, place=0 if is_total else turn.first + part)
        summand, out = (NO_LANES, call.rest[1]) if is_total else (call.rest[0], NO_LANES)
        return call._replace(claim=claim, rest=(summand, out, lane, shown))
    if operator.type in ("convolution", "largest"):
        return calls.summed(view, slot, lane, claim, shown)
    call = calls.check(view, slot, lane)
    if operator.type == "rms_norm":
        if is_total:
            return call._replace(claim=claim, rest=(view.lines(operator.first, lane // 32, 0), *call.rest[1:4], shown))
        return call._replace(claim=claim, rest=(view.lines(operator.first, part), NO_LANES, NO_LANES, lane, shown))
    if is_total:
        leaf, path, _ = view.row(slot, lane)
        return call._replace(claim=claim, rest=((leaf, path, b""), NO_LINES, *call.rest[2:6], shown))
    return call._replace(claim=claim, rest=(*view.products(slot, lane, part), *[NO_LANES] * 3, lane, shown))


def _parts(operator: Operator) -> int:
    """Into how many sums a lane is divided: one where it is computed at once."""
    is_products = operator.type != "rms_norm" and operator.width > trees.PART
    return -(-operator.width // (trees.piece(operator.width) if is_products else trees.PART))


def bound(view: View, name: str, *rest: Any) -> Proof:
    function = load(_TRACE).interface.function(name, 1 + len(rest))
    return _proof(VERIFIERS.index(_TRACE), function.encode([view.bound(), *rest]), _BOUND_BYTES)


def _ids(ids: Sequence[int], at: int) -> tuple[bytes, list[bytes]]:
    chunks = trees.chunks(ids, 32)
    return chunks[at // LIST], trees.path([keccak256(chunk) for chunk in chunks], at // LIST)


def _split(data: bytes, size: int) -> list[int]:
    half = 1 << (8 * size - 1)
    return [int.from_bytes(data[at : at + size], "big") - half for at in range(0, len(data), size)]


def _each(view: View, slot: int) -> int:
    return trees.CHUNK_BYTES * 8 // view.trace.bits(view.group, slot)


def _is_filling(view: View, operator: Operator, at: int) -> bool:
    match operator.type:
        case "scores":
            count = view.reads(operator)
            return at % (-(-count // LIST) * LIST) >= count
        case "softmax":
            return at % _STATISTICS > _TOTAL or at >= _STATISTICS * operator.heads
        case "token":
            return at > 0
        case _:
            return at >= operator.height


def _larger(view: View, slot: int, head: int) -> int:
    """A position whose score shows that a head's statistics are wrong."""
    own = view.trace.records[view.position][view.group][slot][4 * head : 4 * head + 2]
    chunk = _split(view.lanes(slot, head // 8)[0], 4)
    largest, where = chunk[4 * (head % 8) : 4 * (head % 8) + 2]
    if not 0 <= where < view.reads(view.operator(slot)) or largest < own[0]:
        return own[1]
    if largest == own[0]:
        return min(own[1], where)
    return where


def _witness(view: View, slot: int, exponent: int, values: dict[int, tuple[int, int]]) -> int:
    """A lane that shows that an exponent or its witness is wrong."""
    record = view.trace.records[view.position][view.group][slot]
    height = view.operator(slot).height
    own_exponent, own_witness = record[height], record[height + 1]
    shown_exponent = values.get(exponent, (0, own_exponent))[1]
    shown_witness = values.get(exponent + 1, (0, own_witness))[1]
    if not 0 <= shown_witness < height or shown_exponent < own_exponent:
        return own_witness
    if shown_exponent > own_exponent:
        return shown_witness
    return min(own_witness, shown_witness)
