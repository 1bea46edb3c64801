"""A reply as disputes take it, made from what one run left behind: the same as tensor by tensor."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from audit.tiny_model import Sizes, tiny
from keifu.inference.disputes import Provider
from keifu.inference.disputes.turns import NO_MARKS, marks_of
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.replaying import Replayed, published_of
from keifu.spec.inference_model import run
from keifu.spec.inference_openings import Published
from tests.conformance.inference.arrays import program_of

PROMPT, REPLY = [3, 1, 4, 1, 5], [9, 2, 6]
SIX = SimpleNamespace(part=1, first=0, stride=1, count=6, within=0)  # sums of lane 1


@pytest.fixture(scope="module", params=["rows", "blocks"])
def both(request):
    sizes = Sizes(positions=40)
    plain = tiny(request.param, sizes)
    program = program_of(plain, sizes)
    loaded = published_of(program)
    replayed = Replayed(Executor(program), loaded, PROMPT, REPLY)
    return Published.of(plain), run(plain, PROMPT + REPLY[:-1], len(PROMPT) - 1), loaded, replayed


def test_a_loaded_program_opens_as_the_plain_one(both):
    plain, _, loaded, _ = both
    assert loaded.root == plain.root
    for group, operators in enumerate(plain.program):
        for slot in range(1, len(operators) + 1):
            assert loaded.descriptor(group, slot) == plain.descriptor(group, slot)
    rows = loaded.program[-1][-1].rows
    assert [row.weights for row in rows] == [row.weights for row in plain.program[-1][-1].rows]


def test_every_record_is_the_plain_one_s(both):
    _, trace, _, replayed = both
    assert replayed.root() == trace.root()
    for position in range(len(PROMPT) + len(REPLY) - 1):
        assert replayed.position_leaves(position) == trace.position_leaves(position)
        for group in range(len(trace.program) - (position < len(PROMPT) - 1)):
            own, plain = replayed.records[position][group], trace.records[position][group]
            assert [list(lanes) for lanes in own] == plain, (position, group)
            assert replayed.boundary_leaves(position, group) == trace.boundary_leaves(position, group)


def test_it_answers_as_the_plain_one(both):
    plain, trace, loaded, replayed = both
    own, theirs = Provider(loaded, replayed), Provider(plain, trace)
    assert own.position_roots() == theirs.position_roots() == replayed.position_roots
    for group in range(len(trace.program)):
        for marks in (NO_MARKS, marks_of([bytes([7]) * 32] * 16)):
            assert own.record(5, group, marks) == theirs.record(5, group, marks)
        for slot in range(1, len(trace.program[group]) + 1):
            assert own.nodes(5, group, slot) == theirs.nodes(5, group, slot)
            assert own.chunks(5, group, slot, 0) == theirs.chunks(5, group, slot, 0)
            assert own.sums(5, group, slot, SIX) == theirs.sums(5, group, slot, SIX)
