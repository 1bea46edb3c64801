"""A model of pictures as disputes take it: the same arithmetic in the descriptors and the trace of token models.

A program of `keifu.provenance.program` that ends with one `argmax` becomes two groups. The first takes the picture and
has every convolution; a dense layer is a convolution of one place. The second is a token of unit rows, whose largest
product is that of the largest channel. Each position of the trace has one value of the picture, and computes all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from keifu.errors import InputError, UsageError
from keifu.provenance.program import Program, Step
from keifu.spec import inference_trees as trees
from keifu.spec.inference import BLOCK, Row, Window, segments
from keifu.spec.inference_model import Group, Operator, Trace, record_of
from keifu.spec.inference_openings import Published

__all__ = ["Committed", "committed", "lowered", "out_of_reach", "promised_root", "published_of", "traced"]

_NOTHING = bytes(32)
MAX_VALUES = 1_024  # of a picture: positions of a dispute
MAX_OPERATORS = 14  # of the first group, besides the picture
MAX_CHANNELS = 1_024  # that a label is chosen from: one part of a row
MAX_LANES = 65_535  # of a tensor: 1,024 chunks can be shown
MAX_SUMS = 32  # of a lane: one for each row of a kernel, and for each 512 products


class Committed(NamedTuple):
    """Of a picture and its label: the roots of a receipt, those of positions, and what each group committed to,
    position by position."""

    input: bytes
    output: bytes
    trace: bytes
    positions: list[bytes]
    groups: list[bytes]


def promised_root(program: Program) -> bytes:
    """Of the program that disputes open; zeros for a model whose labels nobody could promise. Values stand where ids of
    tokens do, so none is below 0."""
    if out_of_reach(program) or program.input.low < 0:
        return _NOTHING
    return published_of(program).root


def committed(values: Sequence[int], scores: Sequence[int], label: int) -> Committed:
    """By the last tensor before the label: a trace commits to nothing else, and to the same at every position."""
    first = trees.boundary(trees.tensor_root(scores, 16), _NOTHING, _NOTHING)
    last = trees.boundary(trees.tensor_root([label], 32), _NOTHING, _NOTHING)
    groups = [*[first, _NOTHING] * (len(values) - 1), first, last]
    positions = [trees.position_root([first, _NOTHING])] * (len(values) - 1) + [trees.position_root([first, last])]
    roots = trees.tensor_root(values, 32), trees.tensor_root([label], 32), trees.tree(positions)
    return Committed(*roots, positions, groups)


def published_of(program: Program) -> Published:
    """With the leaves of its trees. Raises InputError for a model that a dispute could not reach."""
    if reason := out_of_reach(program):
        raise InputError(f"no dispute reaches this model: {reason}")
    return Published.of(lowered(program))


def lowered(program: Program) -> list[Group]:
    """The two groups of a program that is within reach."""
    steps, labels = program.steps[:-1], program.steps[-1].source.size
    size = program.input.size
    first = [Operator("picture", height=size, limit=0), *(_convolution(step) for step in steps)]
    width = _filled(labels)
    rows = [Row(tuple(int(at == number) for at in range(width)), 1, 1) for number in range(labels)]
    return [first, [Operator("token", width=width, height=labels, limit=0, rows=rows)]]


def traced(published: Published, values: Sequence[int]) -> Trace:
    """What a model makes of a picture, in Python's integers. Raises UsageError for another number of values."""
    first, last = published.program
    if len(values) != first[0].height:
        raise UsageError(f"a picture has {first[0].height} values, not {len(values)}")
    given = Trace(published.program, [[[[int(value)]]] for value in values])
    record = record_of(first, [[int(values[-1])]], given, 0)
    label = record_of(last, [record[-1]], given, 1)
    records = [[[[int(value)], *record[1:]], label] for value in values]
    return Trace(published.program, records, len(values) - 1)


def out_of_reach(program: Program) -> str:
    """Why some wrong lane of a model could not be shown; "" when every one can."""
    steps, last = program.steps[:-1], program.steps[-1]
    if last.operator.type != "argmax" or last.target.size != 1 or last.operator.source != len(steps):
        return "it does not end with one label"
    for name, value, most in (
        ("values in a picture", program.input.size, MAX_VALUES),
        ("operators", len(steps), MAX_OPERATORS),
        ("labels", last.source.size, MAX_CHANNELS),
    ):
        if value > most:
            return f"it has {value:,} {name}, and a dispute reaches {most:,}"
    found = (_beyond(number, step) for number, step in enumerate(steps))
    return next((reason for reason in found if reason), "")


def _beyond(number: int, step: Step) -> str:
    name = f"operator {number}"
    if step.operator.type == "argmax":
        return f"{name} is an argmax before the last one"
    if max(step.source.size, step.target.size) > MAX_LANES:
        return f"{name} has a tensor of more than {MAX_LANES:,} values"
    sums = len(segments(_window(step)))
    if sums > MAX_SUMS:
        return f"{name} takes {sums} sums, and a dispute reaches {MAX_SUMS}"
    return ""


def _convolution(step: Step) -> Operator:
    window = _window(step)
    width, channels = _filled(step.weights.shape[1]), len(step.weights)
    filling = (0,) * (width - step.weights.shape[1])
    rows = [
        Row((*weights, *filling), multiplier, shift, bias)
        for weights, (bias, multiplier, shift) in zip(step.weights.tolist(), step.scales.tolist(), strict=True)
    ]
    return Operator(
        "convolution",
        step.operator.source + 1,
        width=width,
        height=step.target.size,
        limit=0,
        multiplier=channels,
        rows=rows,
        window=window,
    )


def _window(step: Step) -> Window:
    operator, bounds = step.operator, (step.target.low, step.target.high)
    if operator.type == "dense":  # the whole source is one place
        return Window((1, 1, step.source.size), 1, (1, 1), (1, 1), (0, 0), 0, *bounds)
    top, left, _, _ = operator.padding
    across = step.target.shape[1]
    return Window(step.source.shape, across, operator.kernel, operator.stride, (top, left), operator.zero, *bounds)


def _filled(lanes: int) -> int:
    return -(-lanes // BLOCK) * BLOCK
