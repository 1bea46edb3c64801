"""What a provider of a token model shows in a dispute, made from the trace that its receipt commits to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

from keifu.inference.disputes.turns import LIST, Turn, first_other
from keifu.keys import keccak256
from keifu.spec import inference as arithmetic
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import Operator, Trace
from keifu.spec.inference_openings import Openings, Published, packed_sums

__all__ = ["PART_LEVELS", "Provider", "ids_root", "receipt_fields", "running", "sums_of"]

PART_LEVELS = 5
HEAD = 64


def ids_root(ids: Sequence[int]) -> bytes:
    """What a receipt commits to of token ids."""
    return trees.tensor_root(ids, 32)


def receipt_fields(trace: Trace, prompt: Sequence[int], reply: Sequence[int]) -> dict[str, Any]:
    """Of a receipt about a reply: the last id of a reply is not fed, so positions are one less than ids. Where a model
    makes a vector of a text, the reply is the vector's lanes."""
    return {
        "input_root": ids_root(prompt),
        "output_root": trees.tensor_root(reply, 16) if trace.makes_vector else ids_root(reply),
        "trace_root": trace.root(),
        "input_units": len(prompt),
        "output_units": 1 if trace.makes_vector else len(reply),
    }


class Provider:
    """Answers about one trace. Traces may hold wrong lanes: they are shown as they are."""

    def __init__(self, published: Published, trace: Trace, shown: Trace | None = None) -> None:
        """`shown` is the trace whose records it shows, another one than its receipt's where it cheats."""
        self.published, self.trace, self.shown = published, trace, shown or trace

    def opened(self, position: int, group: int) -> Openings:
        return Openings(self.published, self.shown, position, group)

    def position_roots(self) -> list[bytes]:
        """What a client gets with its reply, and compares with the receipt's root."""
        return self._roots

    @cached_property
    def _roots(self) -> list[bytes]:
        return [trees.position_root(self.boundaries(place)) for place in range(len(self.trace.records))]

    def boundaries(self, position: int) -> list[bytes]:
        return self.trace.position_leaves(position)

    def leaves(self) -> list[list[list[bytes]]]:
        """Of a text's vector, what each group commits to at each position: its last tensor, and what it keeps."""
        groups = range(len(self.trace.program))
        return [
            [self.trace.boundary_leaves(position, group)[:3] for group in groups]
            for position in range(len(self.trace.records))
        ]

    def record(
        self, position: int, group: int, marks: Sequence[bytes]
    ) -> tuple[list[bytes], list[bytes], Sequence[bytes], int, bytes]:  # fmt: skip
        """The roots of a record's tensors, those of which the boundary is made, the challenger's marks, and the first
        tensor that is not as they say: how many chunks it has, and these, or the nodes over them."""
        roots, count, data = self.shown.record_leaves(position, group), 0, b""
        if slot := first_other(roots, marks):
            count, data, _ = self.chunks(position, group, slot, 0)
            if count > LIST:
                data = b"".join(self.nodes(position, group, slot)[1])
        return roots, self.trace.boundary_leaves(position, group)[:3], marks, count, data

    def nodes(self, position: int, group: int, slot: int) -> tuple[int, list[bytes], list[bytes]]:
        """How many chunks a tensor has, the nodes over each 32 of them, and their way to the record."""
        hashes = self._hashes(position, group, slot)
        if not LIST < len(hashes) <= LIST * LIST:
            return len(hashes), [], []
        nodes = [trees.tree(hashes[at : at + LIST], PART_LEVELS) for at in range(0, len(hashes), LIST)]
        return len(hashes), nodes, self._above(position, group, slot)

    def chunks(self, position: int, group: int, slot: int, part: int) -> tuple[int, bytes, list[bytes]]:
        """How many chunks a tensor has, a part of 32 of them, and its way to the record."""
        count = len(self._hashes(position, group, slot))
        if part * LIST >= count:
            return count, b"", []
        return count, *self.opened(position, group).lines(slot, part, PART_LEVELS)

    def sums(self, position: int, group: int, slot: int, turn: Turn) -> bytes:
        """Running sums of a lane's terms; what is no such lane has none, and its sums are 0. The last one of a block
        was shown before."""
        terms = running(self.opened(position, group), slot, turn.part)
        return packed_sums(sums_of(terms, turn)[: turn.count - turn.within])

    def _hashes(self, position: int, group: int, slot: int) -> list[bytes]:
        record = self.shown.records[position][group]
        if slot >= len(record):
            return []
        lanes, bits = record[slot], self.shown.bits(group, slot)
        return [keccak256(chunk) for chunk in trees.chunks(lanes, bits)]

    def _above(self, position: int, group: int, slot: int) -> list[bytes]:
        return trees.path(self.shown.record_leaves(position, group), slot, 4)


def sums_of(terms: Sequence[int], turn: Turn) -> list[int]:
    """What a turn asks for. Squares that pass 64 bits are shown as the largest number: so their norm has them where it
    takes several calls, and where one call computes it no verifier hears them."""
    sums = [sum(terms[: turn.first + (number + 1) * turn.stride]) for number in range(turn.count)]
    return [min(value, arithmetic.LARGEST_SUM) for value in sums]


def running(o: Openings, slot: int, lane: int) -> list[int]:
    """The terms of a sum that no single call computes: of squares, one each 1,024 lanes, of products, each 128."""
    group = o.published.program[o.group]
    if not 1 <= slot <= len(group):
        return []
    operator, record = group[slot - 1], o.trace.records[o.position][o.group]
    rows = operator.heads if operator.type == "softmax" else operator.height
    if operator.type not in _TERMS or lane >= rows:
        return []
    return _TERMS[operator.type](o, operator, record, lane)


def _squares(_: Openings, operator: Operator, record: Sequence[Any], _lane: int) -> list[int]:
    lanes = record[operator.first]
    return [sum(v * v for v in lanes[at : at + trees.PART]) for at in range(0, operator.width, trees.PART)]


def _products(_: Openings, operator: Operator, record: Sequence[Any], lane: int) -> list[int]:
    lanes, row = record[operator.first][: operator.width], operator.rows[lane]
    each = trees.piece(operator.width)
    return [arithmetic.dot(row, lanes[at : at + each], at) for at in range(0, operator.width, each)]


def _convolved(_: Openings, operator: Operator, record: Sequence[Any], lane: int) -> list[int]:
    pixel, channel = divmod(lane, operator.multiplier)
    window = operator.window or arithmetic.Window()
    lanes = [window.zero if x is None else x for x in arithmetic.seen(record[operator.first], window, pixel)]
    weights = operator.rows[channel].weights
    return [
        sum(w * x for w, x in zip(weights[first:end], lanes[first:end], strict=True))
        for first, end in arithmetic.segments(window)
    ]


def _rises(_: Openings, operator: Operator, record: Sequence[Any], lane: int) -> list[int]:
    """Of the largest so far: the sum of the first ones is the largest of as many places."""
    pixel, channel = divmod(lane, operator.multiplier)
    view = arithmetic.seen(record[operator.first], operator.window or arithmetic.Window(), pixel)
    lanes = [x for x in view[channel :: operator.multiplier] if x is not None]
    so_far = list(accumulate(lanes, max))
    return [after - before for before, after in pairwise([0, *so_far])]


def _weights(o: Openings, operator: Operator, record: Sequence[Any], head: int) -> list[int]:
    statistics = record[operator.second if operator.type == "attended" else _own(o, operator)]
    largest = statistics[4 * head]
    count = o.reads(operator)
    each = -(-count // LIST) * LIST
    line = record[operator.first][head * each : head * each + count]
    scaled = (max(largest - score, 0) * operator.multiplier for score in line)
    return [arithmetic.exp2n(value >> operator.shift) for value in scaled]


def _own(o: Openings, operator: Operator) -> int:
    return next(n for n, item in enumerate(o.published.program[o.group], 1) if item is operator)


def _terms(o: Openings, operator: Operator, record: Sequence[Any], lane: int) -> list[int]:
    head = lane // HEAD
    values = [places[o.group][operator.kept] for places in o.trace.records[: o.reads(operator)]]
    at = head // operator.shared * HEAD + lane % HEAD
    weights = _weights(o, operator, record, head)
    return [weight * line[at] for weight, line in zip(weights, values, strict=True)]


def _pooled(o: Openings, operator: Operator, _: Sequence[Any], lane: int) -> list[int]:
    return [places[o.group][operator.kept][lane] for places in o.trace.records]


_TERMS = {
    "rms_norm": _squares,
    "dense": _products,
    "residual": _products,
    "convolution": _convolved,
    "largest": _rises,
    "softmax": _weights,
    "attended": _terms,
    "mean_pool": _pooled,
}
