"""Whole programs of language models in plain Python: every tensor of every group at every position, and their roots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ethwire.keys import keccak256
from keifu.spec import inference as arithmetic
from keifu.spec import inference_trees as trees
from keifu.spec.inference import LARGEST, Row, Window
from keifu.spec.inference_drawing import Drawing, committed, noise

__all__ = [
    "BITS",
    "OF_ALL",
    "TYPES",
    "Operator",
    "Trace",
    "descriptor_bytes",
    "descriptor_of",
    "program_leaves",
    "program_root",
    "record_of",
    "run",
    "run_from",
    "table_bits",
    "tensor_of",
    "window_bytes",
]

TYPES = {
    "embedding": 1,
    "rms_norm": 2,
    "dense": 3,
    "residual": 4,
    "rope": 5,
    "scores": 6,
    "softmax": 7,
    "attended": 8,
    "gated": 9,
    "token": 10,
    "layer_norm": 12,
    "table": 13,
    "mean_pool": 14,
    "add": 15,
    "bounded": 16,
    "largest": 17,
    "place": 18,
    "convolution": 19,
    "picture": 20,
}
_WIDE = {"embedding", "residual", "scores", "softmax", "token", "add", "place"}
BITS = {name: 32 if name in _WIDE else 16 for name in TYPES}
HEAD = 64
_SCORES_PER_CHUNK = 32
WITH_EXPONENT = 1  # flag of a residual whose source ends with an exponent
OF_ALL = 2  # flag of attention that sees all positions

Tensor: TypeAlias = list[int]
Record: TypeAlias = list[Tensor]


@dataclass(frozen=True)
class Operator:
    """What it reads: slots of its own record, and of all positions the slot `kept`. It writes the slot after the one
    before it; slot 0 is what the group is given."""

    type: str
    first: int = 0
    second: int = 0
    kept: int = 0
    width: int = 0  # lanes of the first source, or products of a row
    height: int = 0  # lanes that it makes
    limit: int = LARGEST
    multiplier: int = 0
    shift: int = 0
    heads: int = 0
    shared: int = 0  # heads that have one key
    layout: int = trees.ROWS_8
    flags: int = 0
    rows: Sequence[Row] = ()
    lanes: Sequence[int] = ()  # gains of a norm; turns of every position; entries of a table
    more: Sequence[int] = ()  # biases of a LayerNorm
    window: Window | None = None  # of what goes over a picture


Group: TypeAlias = Sequence[Operator]


@dataclass
class Trace:
    """`records[position][group][slot]` are the lanes of a tensor as they are committed."""

    program: Sequence[Group]
    records: Sequence[Sequence[Sequence[Tensor]]] = field(default_factory=list)
    asked_from: int = 0  # first position at which a token is asked for: before it the last group commits to nothing
    drawing: Drawing | None = None  # by what its tokens are drawn; None: the likeliest ones

    @property
    def makes_vector(self) -> bool:
        """Whether the last group makes one vector of all positions, and no tokens."""
        return self.program[-1][-1].type == "mean_pool"

    def bits(self, group: int, slot: int) -> int:
        if slot:
            return BITS[self.program[group][slot - 1].type]
        return BITS[self.program[group - 1][-1].type] if group else 32

    def record_leaves(self, position: int, group: int) -> list[bytes]:
        record = self.records[position][group]
        return [trees.tensor_root(lanes, self.bits(group, slot)) for slot, lanes in enumerate(record)]

    def record_root(self, position: int, group: int) -> bytes:
        return trees.tree(self.record_leaves(position, group), 4)

    def boundary_leaves(self, position: int, group: int) -> list[bytes]:
        """Out, keys, values and nothing: two levels. Before the last position nobody asks for a text's vector."""
        leaves = self.record_leaves(position, group)
        is_asked = not self.makes_vector or group + 1 < len(self.program) or position >= self.asked_from
        keys, values = (
            next((leaves[operator.kept] for operator in self.program[group] if operator.type in names), bytes(32))
            for names in (("scores", "mean_pool"), ("attended",))
        )
        return [leaves[-1] if is_asked else bytes(32), keys, values, bytes(32)]

    def position_leaves(self, position: int) -> list[bytes]:
        found = [trees.boundary(*self.boundary_leaves(position, group)[:3]) for group in range(len(self.program))]
        if position < self.asked_from and not self.makes_vector:
            found[-1] = bytes(32)
        return found

    def tree_root(self) -> bytes:
        return trees.tree([trees.position_root(self.position_leaves(place)) for place in range(len(self.records))])

    def root(self) -> bytes:
        """What a receipt of these positions binds."""
        return committed(self.tree_root(), self.drawing)


def run(program: Sequence[Group], ids: Sequence[int], asked_from: int = 0, drawing: Drawing | None = None) -> Trace:
    """All positions, one after the other. Tokens are asked for from the prompt's last position on: `asked_from`."""
    return replace(run_from(program, [[number] for number in ids], drawing), asked_from=asked_from)


def run_from(program: Sequence[Group], first: Sequence[Tensor], drawing: Drawing | None = None) -> Trace:
    """The same, when the first group is given something else than the id of a token. Operators go one after the other
    over all positions, for some see those behind their own."""
    made: list[list[Record]] = [[[tensor]] for tensor in first]
    trace = Trace(program, made, drawing=drawing)
    for group, operators in enumerate(program):
        for operator in operators:
            for position, records in enumerate(made):
                records[group].append(tensor_of(operator, records[group], trace, (position, group)))
        for records in made:
            records.append([records[group][-1]])
    for records in made:
        del records[-1]
    return trace


def record_of(group: Group, record: Record, trace: Trace, place: int) -> Record:
    """A group's tensors at the newest position of a trace, in which `record` stands and has what the group is given.
    For programs whose positions see none behind them."""
    for operator in group:
        record.append(tensor_of(operator, record, trace, (len(trace.records) - 1, place)))
    return record


def tensor_of(operator: Operator, record: Record, trace: Trace, where: tuple[int, int]) -> Tensor:
    """What one operator makes of a record, at a position and in a group; it reads others from the trace."""
    first = record[operator.first]
    match operator.type:
        case "embedding":
            return arithmetic.embedding(operator.rows[first[0]], operator.shift)
        case "rms_norm":
            return arithmetic.rms_norm(first, operator.lanes, operator.shift, operator.multiplier, operator.limit)
        case "layer_norm":
            return arithmetic.layer_norm(first, operator.lanes, operator.more, operator.shift, operator.multiplier)
        case "dense":
            return arithmetic.dense(operator.rows, first, operator.limit)
        case "residual":
            exponent = first[operator.width] if operator.flags & WITH_EXPONENT else 0
            return arithmetic.residual(operator.rows, first[: operator.width], record[operator.second], exponent)
        case "table":
            return arithmetic.table(operator.lanes, first)
        case "add":
            return arithmetic.add(first, record[operator.second], operator.limit)
        case "gated":
            return _gated(operator, first, record[operator.second])
        case "token":
            return [_token(operator, first + [0] * (operator.width - len(first)), trace.drawing, where[0])]
        case "rope" | "place":
            return _placed(operator, first, where[0])
        case "picture" | "convolution" | "largest" | "bounded":
            return _of_picture(operator, first, trace)
        case _:
            return _attention(operator, record, trace, where)


def _token(operator: Operator, given: Tensor, drawing: Drawing | None, position: int) -> int:
    if drawing is None:
        return arithmetic.token(operator.rows, given)
    scale, drawn = (drawing.shift, drawing.sharpness), (drawing.seed, position)
    return arithmetic.sampled(operator.rows, given, *scale, noise(), drawn)


def _placed(operator: Operator, first: Tensor, position: int) -> Tensor:
    if operator.type == "rope":
        return arithmetic.rope(first, operator.lanes[position * HEAD : (position + 1) * HEAD])
    return arithmetic.place(first, operator.lanes[position * operator.height : (position + 1) * operator.height])


def _of_picture(operator: Operator, first: Tensor, trace: Trace) -> Tensor:
    if operator.type == "picture":  # each position has one of its values
        return [records[0][0][0] for records in trace.records]
    window = operator.window or Window()
    if operator.type == "convolution":
        return arithmetic.convolution(operator.rows, first, window, operator.height)
    if operator.type == "largest":
        return arithmetic.largest(first, window, operator.height)
    return arithmetic.bounded(first, window)


def _gated(operator: Operator, first: Tensor, second: Tensor) -> Tensor:
    scale = operator.multiplier, operator.shift
    values, exponent, witness = arithmetic.exponent_of(
        [arithmetic.gated(g, u, *scale) for g, u in zip(first, second, strict=True)]
    )
    return [*values, exponent, witness]


def _attention(operator: Operator, record: Record, trace: Trace, where: tuple[int, int]) -> Tensor:
    """What reads other positions too."""
    first, scale, (position, group) = record[operator.first], (operator.multiplier, operator.shift), where
    sees_all = operator.type == "mean_pool" or operator.flags & OF_ALL
    positions = len(trace.records) if sees_all else position + 1
    kept = [records[group][operator.kept] for records in trace.records[:positions]]
    if operator.type == "mean_pool":
        return arithmetic.mean_pool(kept)
    if operator.type == "scores":
        found = arithmetic.scores(first, kept, operator.heads, operator.shared)
        filling = [0] * (-positions % _SCORES_PER_CHUNK)
        return [score for line in found for score in [*line, *filling]]
    lines = [line[:positions] for line in _split(first, len(first) // operator.heads)]
    if operator.type == "softmax":
        return [value for line in lines for value in (*arithmetic.softmax(line, *scale), 0)]
    statistics = [(m, t, s) for m, t, s, _ in _split(record[operator.second], 4)]
    return arithmetic.attended(lines, statistics, kept, operator.shared, scale)


def _split(lanes: Tensor, size: int) -> list[Tensor]:
    return [lanes[at : at + size] for at in range(0, len(lanes), size)]


def descriptor_of(program: Sequence[Group], group: int, slot: int) -> bytes:
    operator = program[group][slot - 1]
    if operator.rows:
        leaves = [keccak256(trees.row_leaf(n, row, operator.layout)) for n, row in enumerate(operator.rows)]
        weights = trees.tree(leaves)
    else:
        weights = trees.tensor_root(operator.lanes, table_bits(operator)) if operator.lanes else bytes(32)
    more = trees.tensor_root(operator.more, 32) if operator.more else bytes(32)
    if operator.window:
        more = window_bytes(operator.window)
    return descriptor_bytes(operator, group, slot, len(program), weights, more)


def descriptor_bytes(
    operator: Operator, group: int, slot: int, groups: int, weights: bytes, more: bytes = bytes(32)
) -> bytes:
    """The descriptor over the roots of an operator's rows or lanes, and of its second table."""
    numbers = (group, slot, TYPES[operator.type], operator.layout, operator.first, operator.second, operator.kept)
    sizes = (operator.width, operator.height, operator.limit, operator.multiplier, operator.shift)
    rest = (operator.heads, operator.shared, trees.depth(groups), operator.flags)
    return trees.descriptor((*numbers, *sizes, *rest), weights, more)


def window_bytes(window: Window) -> bytes:
    """32 bytes: bounds, what stands beside the picture, and sizes."""
    lanes = b"".join((value + 2**15).to_bytes(2, "big") for value in (window.low, window.high, window.zero))
    sizes = b"".join(size.to_bytes(2, "big") for size in (window.across, *window.source))
    steps = bytes([*window.kernel, *window.stride, *window.padding])
    return (lanes + sizes + steps).ljust(32, b"\0")


def table_bits(operator: Operator) -> int:
    return 16 if operator.type in {"rope", "table"} else 32


def program_leaves(program: Sequence[Group]) -> list[bytes]:
    """Sixteen a group; the place of slot 0, which no operator writes, is empty."""
    found = []
    for group, operators in enumerate(program):
        leaves = [keccak256(descriptor_of(program, group, slot + 1)) for slot in range(len(operators))]
        found += [bytes(32), *leaves, *[bytes(32)] * (trees.SLOTS - 1 - len(leaves))]
    return found


def program_root(program: Sequence[Group]) -> bytes:
    return trees.tree(program_leaves(program))
